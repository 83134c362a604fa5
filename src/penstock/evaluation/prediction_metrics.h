#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/combine/combiner.h"
#include "penstock/combine/moments.h"
#include "penstock/evaluation/metric_catalog.h"
#include "penstock/evaluation/score_distribution.h"

namespace penstock::evaluation {

using combine::CompensatedSum;
using data::Batch;

/// Columns of a batch of predictions: doubles, never null, all finite; labels 0 or 1 and
/// predictions from 0 to 1 for binary classification. What puts raw columns into this shape
/// checks it (evaluate.h); the weight column may be absent.
inline constexpr std::string_view kPrediction = "__prediction";
inline constexpr std::string_view kBaselinePrediction = "__baseline_prediction";
inline constexpr std::string_view kLabel = "__label";
inline constexpr std::string_view kWeight = "__weight";

/// Sums over the examples of a slice, of which most metrics are quotients. All are weighted but num_examples.
struct PredictionSums {
  int64_t num_examples = 0;
  CompensatedSum weight;
  CompensatedSum label;
  CompensatedSum prediction;
  CompensatedSum squared_error;
  CompensatedSum absolute_error;
  /// Binary classification: -ln of the probability given to the truth, which is kept 1e-7 away from 0 and 1
  /// as Keras does.
  CompensatedSum log_loss;
};

/// Weights of examples whose score is above a threshold.
struct ScoresAbove {
  CompensatedSum positive;
  CompensatedSum negative;
};

/// What one metric is computed from.
struct MetricSums {
  const PredictionSums& sums;
  /// Weights of the confusion matrix at the metric's threshold: a score above it counts as positive.
  double true_positives, false_positives, true_negatives, false_negatives;
  /// Null for regression.
  const ScoreDistribution* scores;
};

/// One slice of one model: the state of PredictionMetrics.
struct PredictionState {
  PredictionSums sums;
  std::vector<ScoresAbove> above;  // One for each threshold.
  ScoreDistribution scores;
};

/// All metrics of one model, or of a model and its baseline, in one pass: a Combiner over batches
/// in the shape above. Rows of a slice are added without a copy (GroupedCombiner). Sums are
/// compensated; areas under curves keep scores only where asked for.
class PredictionMetrics {
 public:
  using State = std::vector<PredictionState>;  // One for each model.
  struct Output {
    int64_t num_examples;
    double weighted_num_examples;
    /// values[model][metric], metrics in the order given.
    std::vector<std::vector<BoundedValue>> values;
  };

  /// `prediction_columns`: of the model, and of the baseline where there is one.
  PredictionMetrics(Task task, std::vector<MetricSpec> metrics, std::vector<std::string> prediction_columns,
                    int64_t max_exact_scores = ScoreDistribution::kMaxExact);

  State NewState() const;
  Status Add(const Batch& batch, State& state) const;
  Status AddRows(const Batch& batch, std::span<const int64_t> rows, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const;
  combine::Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  struct Columns;
  Result<Columns> ReadColumns(const Batch& batch) const;
  void AddExample(double prediction, double label, double weight, PredictionState& state) const;
  BoundedValue Measure(const MetricSpec& metric, const PredictionState& state) const;

  Task task_;
  std::vector<MetricSpec> metrics_;
  std::vector<std::string> prediction_columns_;
  int64_t max_exact_scores_;
  std::vector<double> thresholds_;  // Of the metrics, rising, distinct.
  bool needs_scores_ = false;
};

}  // namespace penstock::evaluation
