#include "penstock/learning/objective.h"

#include <algorithm>
#include <cmath>

namespace penstock::learning {
namespace {

constexpr int64_t kBlockRows = 1 << 16;
// 22 bits of a value times up to 2^31 values fit into the 53 bits of a double.
constexpr int kGridBits = 22;

/// Neumaier's compensated sum: "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
/// 1974.
class CompensatedSum {
 public:
  void Add(double value) {
    const double next = sum_ + value;
    lost_ += std::abs(sum_) >= std::abs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

struct Derivatives {
  double loss;
  double gradient;
  double hessian;
};

Derivatives LogLoss(double margin, double label) {
  // Only negative numbers are exponentiated: nothing overflows, and a sure wrong answer costs its margin.
  const double tail = std::exp(-std::abs(margin));
  const double probability = margin >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
  return {std::max(margin, 0.0) - margin * label + std::log1p(tail), probability - label,
          probability * (1 - probability)};
}

Derivatives SquaredError(double margin, double label) {
  const double residual = margin - label;
  return {residual * residual, residual, 1};
}

Derivatives LossOf(model::Task task, double margin, double label) {
  switch (task) {
    case model::Task::kBinaryClassification:
      return LogLoss(margin, label);
    case model::Task::kRegression:
      return SquaredError(margin, label);
    case model::Task::kReconstruction:
      break;
  }
  return {margin, 0, 0};  // The error itself; its derivatives are the network's own business.
}

/// The grid on which values up to `largest` in magnitude lie: a power of two.
double GridStep(double largest) {
  if (!(largest > 0) || !std::isfinite(largest)) return 0;
  int exponent = 0;
  std::frexp(largest, &exponent);  // largest < 2^exponent
  return std::ldexp(1.0, exponent - kGridBits);
}

struct Block {
  double loss = 0;
  float largest_gradient = 0;
  float largest_hessian = 0;
};

int64_t NumBlocks(size_t num_rows) { return (static_cast<int64_t>(num_rows) + kBlockRows - 1) / kBlockRows; }

Status SnapToGrid(std::span<float> values, float largest, const ExecutionOptions& execution) {
  const double step = GridStep(largest);
  if (step == 0) return OkStatus();
  const double inverse = 1 / step;
  return ParallelFor(NumBlocks(values.size()), execution, [&](int64_t block) {
    const auto end = std::min<int64_t>((block + 1) * kBlockRows, static_cast<int64_t>(values.size()));
    for (int64_t i = block * kBlockRows; i < end; ++i) {
      values[i] = static_cast<float>(std::nearbyint(values[i] * inverse) * step);
    }
    return OkStatus();
  });
}

}  // namespace

Objective::Objective(model::Task task, std::span<const double> labels, std::span<const double> weights)
    : task_(task), labels_(labels), weights_(weights) {
  CompensatedSum total, sum;
  for (size_t i = 0; i < labels.size(); ++i) {
    total.Add(WeightAt(i));
    sum.Add(WeightAt(i) * labels[i]);
  }
  total_weight_ = total.value();
  mean_label_ = total_weight_ > 0 ? sum.value() / total_weight_ : 0;
}

std::string_view Objective::name() const {
  switch (task_) {
    case model::Task::kBinaryClassification:
      return "log_loss";
    case model::Task::kRegression:
      return "mean_squared_error";
    case model::Task::kReconstruction:
      break;
  }
  return "reconstruction_error";
}

Result<double> Objective::Loss(std::span<const float> margins, const ExecutionOptions& execution) const {
  return LossAndGradients(margins, execution, {}, {});
}

Result<double> Objective::LossAndGradients(std::span<const float> margins, const ExecutionOptions& execution,
                                           std::span<float> gradients, std::span<float> hessians) const {
  std::vector<Block> blocks(NumBlocks(labels_.size()));
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(static_cast<int64_t>(blocks.size()), execution, [&](int64_t index) {
    Block block;
    CompensatedSum loss;
    const auto end = std::min<int64_t>((index + 1) * kBlockRows, static_cast<int64_t>(labels_.size()));
    for (int64_t i = index * kBlockRows; i < end; ++i) {
      const double weight = WeightAt(i);
      const Derivatives at = LossOf(task_, margins[i], labels_[i]);
      loss.Add(weight * at.loss);
      if (gradients.empty()) continue;
      gradients[i] = static_cast<float>(weight * at.gradient);
      hessians[i] = static_cast<float>(weight * at.hessian);
      block.largest_gradient = std::max(block.largest_gradient, std::abs(gradients[i]));
      block.largest_hessian = std::max(block.largest_hessian, hessians[i]);
    }
    block.loss = loss.value();
    blocks[index] = block;
    return OkStatus();
  }));
  CompensatedSum loss;
  Block all;
  for (const Block& block : blocks) {
    loss.Add(block.loss);
    all.largest_gradient = std::max(all.largest_gradient, block.largest_gradient);
    all.largest_hessian = std::max(all.largest_hessian, block.largest_hessian);
  }
  if (!gradients.empty()) {
    PENSTOCK_RETURN_IF_ERROR(SnapToGrid(gradients, all.largest_gradient, execution));
    PENSTOCK_RETURN_IF_ERROR(SnapToGrid(hessians, all.largest_hessian, execution));
  }
  return loss.value() / total_weight_;
}

}  // namespace penstock::learning
