#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/model/model.h"

namespace penstock::learning {

/// What a training minimises: mean log loss of log odds, mean squared error, or the mean of reconstruction
/// errors; weighted.
///
/// Immutable; does not own labels and weights. Results are the same bits on any number of threads.
class Objective {
 public:
  /// No weights: every example counts as one.
  Objective(model::Task task, std::span<const double> labels, std::span<const double> weights);

  /// "log_loss", "mean_squared_error" or "reconstruction_error".
  std::string_view name() const;
  /// The sum of the weights; 0: there is nothing to learn from.
  double total_weight() const { return total_weight_; }
  /// The weighted mean of the labels: the best prediction that looks at no feature.
  double MeanLabel() const { return mean_label_; }

  /// The mean loss of margins (sums of leaves), one an example.
  Result<double> Loss(std::span<const float> margins, const ExecutionOptions& execution) const;

  /// The same, and the derivatives of half the squared error (or of the log loss) by the margin, on a grid:
  /// both are multiples of 2^-22 of (about) their largest magnitude. Sums of up to 2^31 of them are exact in
  /// double, so whoever adds them up gets the same bits in any order: this is what makes XGBoost's
  /// histograms, and so its trees, independent of the number of threads.
  Result<double> LossAndGradients(std::span<const float> margins, const ExecutionOptions& execution,
                                  std::span<float> gradients, std::span<float> hessians) const;

 private:
  double WeightAt(size_t i) const { return weights_.empty() ? 1.0 : weights_[i]; }

  const model::Task task_;
  const std::span<const double> labels_;
  const std::span<const double> weights_;
  double total_weight_ = 0;
  double mean_label_ = 0;
};

}  // namespace penstock::learning
