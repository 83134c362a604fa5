#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/learning/loss.h"
#include "penstock/learning/training_matrix.h"

namespace penstock::learning {

/// The margins of the best prediction that looks at no feature: one an output. `mean_labels` as
/// Objective::mean_labels(); `median`: of the labels.
std::vector<double> ConstantMargins(const Loss& loss, std::vector<double> mean_labels, int64_t num_rows,
                                    double median);

/// A loss over the labels and weights of a split: the weighted mean over its examples, or, of ranking, over
/// its queries, each with the weight of its first example.
///
/// Immutable; does not own labels and weights. Results are the same bits on any number of threads.
class Objective {
 public:
  /// No weights: every example counts as one.
  Objective(const Loss& loss, std::span<const double> labels, std::span<const double> weights,
            std::span<const int64_t> query_ends = {});
  Objective(const Loss& loss, const TrainingMatrix& matrix)
      : Objective(loss, matrix.labels, matrix.weights, matrix.query_ends) {}

  const Loss& loss() const { return loss_; }
  std::string_view name() const { return NameOf(loss_.kind); }
  int64_t num_rows() const { return num_rows_; }
  /// The sum of the weights; 0: there is nothing to learn from.
  double total_weight() const { return total_weight_; }
  /// The weighted mean of the labels; of several classes, of each: how common it is.
  const std::vector<double>& mean_labels() const { return mean_labels_; }
  /// Half of the weight is on labels up to this one; of robust losses only, else 0.
  double MedianLabel() const;
  std::vector<double> ConstantMargins() const {
    return learning::ConstantMargins(loss_, mean_labels_, num_rows_, MedianLabel());
  }

  /// The mean loss of margins, num_outputs an example.
  Result<double> MeanLoss(std::span<const float> margins, const ExecutionOptions& execution) const;

  /// The same, and the derivatives of half the squared error (or of the other losses) by the margins, on a
  /// grid: both are multiples of 2^-22 of (about) their largest magnitude. Sums of up to 2^31 of them are
  /// exact in double, so whoever adds them up gets the same bits in any order: this is what makes XGBoost's
  /// histograms, and so its trees, independent of the number of threads.
  Result<double> LossAndGradients(std::span<const float> margins, const ExecutionOptions& execution,
                                  std::span<float> gradients, std::span<float> hessians) const;

 private:
  struct Block;
  double WeightAt(int64_t row) const { return weights_.empty() ? 1.0 : weights_[static_cast<size_t>(row)]; }
  int64_t num_units() const;
  Block RunBlock(int64_t first_unit, int64_t end_unit, std::span<const float> margins,
                 std::span<float> gradients, std::span<float> hessians) const;

  const Loss loss_;
  const std::span<const double> labels_;
  const std::span<const double> weights_;
  const std::span<const int64_t> query_ends_;
  int64_t num_rows_ = 0;
  int64_t num_labels_ = 1;  // An example.
  double total_weight_ = 0;
  double unit_weight_ = 0;  // Of queries, where these are what losses are of.
  std::vector<double> mean_labels_;
};

}  // namespace penstock::learning
