#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/evaluation/computation.h"
#include "penstock/evaluation/metric_value.h"

namespace penstock::evaluation {

/// Where a metric of the confusion matrix looks: own thresholds (exact), or `num_thresholds` over a histogram
/// of 10,000 buckets, as TFMA does.
struct MatrixThresholds {
  std::vector<double> thresholds;
  int64_t num_thresholds = 0;
  /// Own thresholds, of which there are none: there is nothing to compute.
  bool is_empty = false;
  /// ConfusionMatrixPlot: own thresholds, but over the histogram.
  bool uses_histogram = false;
};

/// A computation and the way from its cells to matrices.
struct MatrixComputation {
  Computation computation;
  std::function<ConfusionMatrices(std::span<const double> cells)> matrices;
};
/// kInvalidArgument for both or a num_thresholds below 2. Neither: 10,000 thresholds.
/// `is_tfma_compatible`: a missing prediction counts as not above any threshold of its own.
Result<MatrixComputation> ComputeMatrices(MatrixThresholds thresholds, PairSpec pairs,
                                          bool is_tfma_compatible);

/// Labels are the predictions themselves: what is above each threshold (TFMA's ScoreDistributionPlot).
Result<MatrixComputation> ComputeScoreDistribution(std::vector<double> thresholds, const PairSpec& pairs);

enum class Summation { kInterpolation, kMajoring, kMinoring };
/// Keras' area under the curve through the matrices: a class that is not there counts as a rate of 0.
double AreaUnderCurve(const ConfusionMatrices& matrices, bool is_precision_recall, Summation summation);

/// The largest `wanted` rate at thresholds where the `bound` one is at least (or at most) `limit`; 0 where
/// none is.
double LargestUnder(const std::vector<double>& bound, const std::vector<double>& wanted, double limit,
                    bool is_at_most);

/// The predictions of each bucket and at both ends beside it: what CalibrationPlot shows.
struct CalibrationComputation {
  Computation computation;
  std::function<CalibrationBuckets(std::span<const double> cells)> buckets;
};
Result<CalibrationComputation> ComputeCalibration(int64_t num_buckets, double left, double right,
                                                  PairSpec pairs);

}  // namespace penstock::evaluation
