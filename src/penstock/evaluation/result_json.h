#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include <tensorflow_model_analysis/proto/validation_result.pb.h>
#include <nlohmann/json_fwd.hpp>

#include "penstock/evaluation/slice_results.h"
#include "penstock/evaluation/validation.h"

namespace penstock::evaluation {

/// {"slices": [{slice, slice_key | cross_slice_key, metrics, plots, legacy_metrics?}]}; metrics: model ->
/// output -> sub key -> metric -> {value, example_weighted, confidence_interval?}. "|diff" after a name:
/// candidate less baseline;
/// "|weighted" and "|unweighted" where a name is there twice. NaN and infinities are texts.
nlohmann::json ResultsToJson(const std::vector<SliceResult>& slices);
/// Prints JsonText of ResultsToJson slice by slice: with a million of them it would not fit into memory as
/// one value.
void PrintResults(const std::vector<SliceResult>& slices, std::FILE* out);
/// The proto as JSON, numbers of wrappers as plain numbers.
nlohmann::json ValidationToJson(const tfma::ValidationResult& validation);
/// [{metric, model, output, sub_key, is_diff, slice, value, lower?, upper?, threshold, ok, within_noise}]
nlohmann::json ChecksToJson(const std::vector<ThresholdCheck>& checks);
/// The JSON on one line; bytes of the data that are no UTF-8 become U+FFFD.
std::string JsonText(const nlohmann::json& shown);

}  // namespace penstock::evaluation
