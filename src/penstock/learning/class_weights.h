#pragma once

#include <vector>

#include "penstock/learning/loss.h"

namespace penstock::learning {

/// What examples weigh in training for the sake of their class, beside their own weights. A plain value.
struct ClassWeights {
  double positive_class_weight = 1;  ///< Of binary classification: positive examples count so often.
  bool balance_classes = false;      ///< All classes weigh the same in all (binary and multiclass).

  /// For each label what its examples are to be multiplied with; empty: 1, as where the loss is of no such
  /// task. `class_rates`: the share of each class in the weights; of binary classification, of positives.
  std::vector<double> ByLabel(const Loss& loss, const std::vector<double>& class_rates) const;
};

/// Multiplies `weights` (empty: 1 each) with those of the labels' classes (empty: 1 each).
void MultiplyClassWeights(const std::vector<double>& by_label, const std::vector<double>& labels,
                          std::vector<double>& weights);

}  // namespace penstock::learning
