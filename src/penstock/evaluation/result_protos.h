#pragma once

#include <string>

#include <tensorflow_model_analysis/proto/config.pb.h>
#include <tensorflow_model_analysis/proto/metrics_for_slice.pb.h>

#include "penstock/evaluation/slice_results.h"

namespace penstock::evaluation {

/// Results in TFMA's messages, field for field as TFMA fills them.
tfma::MetricKey KeyProto(const MetricKey& key);
tfma::SliceKey SliceKeyProto(const SliceFeatures& slice);
tfma::CrossSliceKey CrossSliceKeyProto(const SliceResult& slice);
tfma::MetricsForSlice MetricsProto(const SliceResult& slice);
tfma::PlotsForSlice PlotsProto(const SliceResult& slice);
/// Without keys where there are no attributions.
tfma::AttributionsForSlice AttributionsProto(const SliceResult& slice);
tfma::MetricValue ValueProto(const MetricValue& value);

/// What TFMA's writers made, read back: values that this release has no kind for are messages.
Result<SliceResult> FromProtos(const tfma::MetricsForSlice& metrics);
/// Adds what AttributionsProto made of a slice's metrics.
void AddFromProto(const tfma::AttributionsForSlice& attributions, SliceResult& slice);
SliceFeatures FeaturesOf(const tfma::SliceKey& key);

/// "country:de", "Overall".
std::string TextOf(const tfma::SliceKey& key);
std::string TextOf(const tfma::SlicingSpec& spec);

}  // namespace penstock::evaluation
