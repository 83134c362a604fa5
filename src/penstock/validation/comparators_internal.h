#pragma once

#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/validation/finding_internal.h"
#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {

/// The datasets that the current one is compared with; null where there is none. Not owned.
struct ControlDatasets {
  const DatasetView* previous_span = nullptr;
  const DatasetView* serving = nullptr;
  const DatasetView* previous_version = nullptr;
};

struct Comparison {
  Findings findings;
  std::vector<tfmd::DriftSkewInfo::Measurement> drift;
  std::vector<tfmd::DriftSkewInfo::Measurement> skew;
};

/// Measures the distances that the feature's drift and skew comparators ask for; a threshold that is passed
/// moves to what was measured.
Comparison CompareFeature(const FeatureView& view, const ControlDatasets& controls, tfmd::Feature& feature);

/// Checks the number of examples, alone and against the other datasets; bounds move to what was seen.
Findings ConformDataset(const DatasetView& view, const ControlDatasets& controls,
                        tfmd::DatasetConstraints& constraints);

}  // namespace penstock::validation
