#pragma once

#include <map>
#include <optional>
#include <string>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>
#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/validation/feature_path.h"

namespace penstock::validation {

/// How far the distributions of two datasets may lie apart: TFX's DistributionValidatorConfig.
struct DistributionLimits {
  std::map<FeaturePath, tensorflow::metadata::v0::FeatureComparator> features;
  std::optional<tensorflow::metadata::v0::NumericValueComparator> num_examples;
};

/// From TFX's JSON form of the config,
///   {"default_slice_config": {
///     "feature": [{"path": {"step": ["fare"]}, "distribution_comparator": {"infinity_norm": {"threshold":
///     0.1}}}], "num_examples_comparator": {"min_fraction_threshold": 0.5}}}
/// or what is inside of default_slice_config. A path may also be a name, "fare", or a list of steps.
/// Comparators: infinity_norm, jensen_shannon_divergence, normalized_abs_difference. kInvalidArgument,
/// starting with `name`, for anything else, a threshold outside 0 to 1, a feature twice or without a
/// threshold.
Result<DistributionLimits> ParseDistributionLimits(const nlohmann::json& json, const std::string& name);

/// The drift of `statistics` against `baseline` in the features that `limits` name, and in the number of
/// examples: anomalies of comparisons only (TFX's DistributionValidator; also of normalized_abs_difference,
/// which TFX forgets), drift_skew_info for every one made. A feature that could not be compared is
/// STATS_NOT_AVAILABLE. The baseline schema is that inferred from `baseline`. Errors as of
/// ValidateStatistics.
Result<tensorflow::metadata::v0::Anomalies> ValidateDistribution(
    const tensorflow::metadata::v0::DatasetFeatureStatistics& statistics,
    const tensorflow::metadata::v0::DatasetFeatureStatistics& baseline, const DistributionLimits& limits);

}  // namespace penstock::validation
