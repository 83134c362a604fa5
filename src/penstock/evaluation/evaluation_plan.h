#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "penstock/evaluation/eval_config.h"
#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {

/// The values of one slice, by key; plots apart.
struct MetricSet {
  std::map<MetricKey, MetricValue> metrics;
  std::map<MetricKey, MetricValue> plots;
};

/// Metrics of one query key, which see the rows in the same units.
struct PlanGroup {
  std::string query_key;  ///< "": each row is a unit.
  std::vector<Computation> computations;
  std::vector<PlannedMetric> metrics;
  /// What follows from other metrics (macro averages), in order. Children whose name starts with '_' are
  /// removed at the end.
  std::vector<std::function<Status(const std::vector<std::vector<double>>& cells, MetricSet&)>> derived;
};

/// A threshold and the slices it is for; no spec: every slice.
struct PlannedThreshold {
  MetricKey key;
  bool has_slice = false;
  bool is_cross = false;
  tfma::SlicingSpec slice;
  tfma::CrossSlicingSpec cross_slice;
  bool is_change = false;
  tfma::MetricThreshold threshold;  ///< One side of it only.
};

/// An EvalConfig resolved: what to read, to sum up and to compare.
struct EvaluationPlan {
  tfma::EvalConfig config;  ///< Completed.
  Compatibility compatibility = Compatibility::kDocumentation;
  std::vector<PlanGroup> groups;
  std::set<std::string> columns;           ///< Read for labels, predictions, weights and features of metrics.
  std::set<std::string> optional_columns;  ///< Read where the data have them.
  std::set<std::string> prediction_columns, weight_columns;  ///< Of all models.
  std::vector<PlannedThreshold> thresholds;
  std::set<MetricKey> keys_without_interval;
  std::string baseline_model;
  bool has_baseline = false;
  std::map<std::string, MetricDirection> directions;  ///< By metric name.
};

/// The columns of a model's outputs: those its spec names, and else those that `fallback` has for the model.
using TargetOf = std::function<Result<TargetColumns>(const tfma::ModelSpec&, const std::string& output)>;

/// `data_columns`: what the data have; only attributions are looked for among them.
/// kInvalidArgument for unknown classes (with the nearest), wrong arguments, macro averages without class
/// weights, unknown models and outputs, and thresholds on metrics that are no single number.
Result<EvaluationPlan> PlanEvaluation(const tfma::EvalConfig& completed, const TargetOf& target_of,
                                      Compatibility compatibility,
                                      const std::vector<std::string>& data_columns = {});

/// The columns that the specs of `config` name; kInvalidArgument where a spec names none.
Result<TargetColumns> TargetOfSpec(const tfma::ModelSpec& spec, const std::string& output);

}  // namespace penstock::evaluation
