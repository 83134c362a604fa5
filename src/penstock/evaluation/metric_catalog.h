#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/evaluation/score_distribution.h"
#include "penstock/model/model.h"

namespace penstock::evaluation {

using model::Task;

/// Which way a metric is better.
enum class MetricDirection { kHigherIsBetter, kLowerIsBetter, kNearerToOneIsBetter, kNone };

struct MetricSums;

/// One metric, by TFMA's name: how it follows from what was summed up over a slice.
struct MetricDefinition {
  std::string_view name;
  MetricDirection direction;
  /// True: asks at which score an example counts as positive: "precision" is at 0.5, "precision@0.8" at 0.8.
  bool at_threshold;
  /// True: only for binary classification.
  bool binary_only;
  /// True: part of the default set of its task.
  bool is_default;
  /// What it is, in a few words, with its formula.
  std::string_view description;
  /// NaN where undefined.
  BoundedValue (*compute)(const MetricSums& sums);
};

/// Every metric there is, counts first.
std::span<const MetricDefinition> AllMetrics();

/// A metric as configured: "auc", "precision@0.8".
struct MetricSpec {
  std::string name;  ///< As written.
  const MetricDefinition* definition = nullptr;
  double threshold = 0.5;

  bool operator==(const MetricSpec& other) const { return name == other.name; }
};

/// kInvalidArgument with the nearest name for one that is unknown, and for a threshold that is not a number
/// from 0 to 1.
Result<MetricSpec> ParseMetric(std::string_view name);
/// What is measured where nothing is configured.
std::vector<MetricSpec> DefaultMetrics(Task task);

}  // namespace penstock::evaluation
