#include "penstock/learning/class_weights.h"

#include <algorithm>

namespace penstock::learning {

std::vector<double> ClassWeights::ByLabel(const Loss& loss, const std::vector<double>& class_rates) const {
  std::vector<double> by_label;
  if (loss.kind == LossKind::kLogLoss && loss.num_outputs == 1) {
    const double rate = class_rates[0];
    by_label = {1, positive_class_weight * (balance_classes ? (1 - rate) / rate : 1)};
  } else if (loss.kind == LossKind::kSoftmaxLogLoss && balance_classes) {
    const auto num_classes = static_cast<double>(
        std::count_if(class_rates.begin(), class_rates.end(), [](double rate) { return rate > 0; }));
    for (const double rate : class_rates) by_label.push_back(rate > 0 ? 1 / (num_classes * rate) : 1);
  }
  const bool is_neutral =
      std::all_of(by_label.begin(), by_label.end(), [](double weight) { return weight == 1; });
  return is_neutral ? std::vector<double>() : by_label;
}

void MultiplyClassWeights(const std::vector<double>& by_label, const std::vector<double>& labels,
                          std::vector<double>& weights) {
  if (by_label.empty()) return;
  if (weights.empty()) weights.assign(labels.size(), 1.0);
  for (size_t i = 0; i < labels.size(); ++i) weights[i] *= by_label[static_cast<size_t>(labels[i])];
}

}  // namespace penstock::learning
