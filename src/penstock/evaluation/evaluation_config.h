#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "penstock/base/status.h"
#include "penstock/evaluation/metric_catalog.h"

namespace penstock::evaluation {

/// TFMA's GenericValueThreshold: lower <= value <= upper; a NaN keeps neither.
struct ValueThreshold {
  std::optional<double> lower;
  std::optional<double> upper;
};

/// TFMA's GenericChangeThreshold. With change = value - baseline: where higher is better, change must be >
/// absolute and change / baseline > relative; where lower is better, both must be <. An `absolute` of -0.01
/// thus lets AUC fall by less than 0.01, and 0 asks for an improvement. Skipped without a baseline.
struct ChangeThreshold {
  bool higher_is_better = true;
  std::optional<double> absolute;
  std::optional<double> relative;
};

struct MetricThresholds {
  MetricSpec metric;
  std::optional<ValueThreshold> value;
  std::optional<ChangeThreshold> change;
};

/// Thresholds on some slices: those that have all the features named, and no others; a
/// feature without value stands for each of its values. No features: all examples.
struct SliceThresholds {
  std::vector<std::pair<std::string, std::optional<std::string>>> features;
  std::vector<MetricThresholds> thresholds;
};

struct EvaluationConfig {
  /// Name of the split to evaluate; which examples those are is the caller's part.
  std::string split = "eval";
  /// Empty: DefaultMetrics of the model's task. Metrics of thresholds are added.
  std::vector<MetricSpec> metrics;
  /// Columns of each way to slice; all examples are always a slice. Slices of slice thresholds are added.
  std::vector<std::vector<std::string>> slices;
  /// Raw column with a weight for each example; empty: each weighs 1.
  std::string example_weight;
  /// Slices (but not that of all examples) with fewer examples are left out.
  int64_t min_slice_size = 1;
  /// More slices are an error, not a surprise.
  int64_t max_slices = 100'000;
  std::vector<SliceThresholds> thresholds;
};

/// Reads
///   {split: eval, metrics: [auc, precision@0.8], slices: [[], [hour], [payment_type, month]],
///   example_weight: column,
///    min_slice_size: 1, max_slices: 100000,
///    thresholds: {auc: {lower: 0.9, upper: 1}},
///    change_thresholds: {auc: {direction: higher_is_better, absolute: -0.01, relative: -0.01}},
///    per_slice_thresholds: [{slice: {payment_type: Cash} | [payment_type], thresholds: {..},
///    change_thresholds: {..}}]}
/// Every key may be absent (null is absent). kInvalidArgument names the place ("thresholds.auc.lower"), what
/// is wrong there, and the nearest key or metric where one is unknown.
Result<EvaluationConfig> ParseEvaluationConfig(const nlohmann::json& json);

}  // namespace penstock::evaluation
