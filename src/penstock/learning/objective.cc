#include "penstock/learning/objective.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace penstock::learning {
namespace {

constexpr int64_t kBlockRows = 1 << 16;
constexpr int64_t kBlockQueries = 1 << 8;
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

/// The grid on which values up to `largest` in magnitude lie: a power of two.
double GridStep(double largest) {
  if (!(largest > 0) || !std::isfinite(largest)) return 0;
  int exponent = 0;
  std::frexp(largest, &exponent);  // largest < 2^exponent
  return std::ldexp(1.0, exponent - kGridBits);
}

int64_t NumBlocks(int64_t num_rows, int64_t block_rows) { return (num_rows + block_rows - 1) / block_rows; }

Status SnapToGrid(std::span<float> values, float largest, const ExecutionOptions& execution) {
  const double step = GridStep(largest);
  if (step == 0) return OkStatus();
  const double inverse = 1 / step;
  return ParallelFor(
      NumBlocks(static_cast<int64_t>(values.size()), kBlockRows), execution, [&](int64_t block) {
        const auto end = std::min<int64_t>((block + 1) * kBlockRows, static_cast<int64_t>(values.size()));
        for (int64_t i = block * kBlockRows; i < end; ++i) {
          values[i] = static_cast<float>(std::nearbyint(values[i] * inverse) * step);
        }
        return OkStatus();
      });
}

}  // namespace

struct Objective::Block {
  CompensatedSum loss;
  float largest_gradient = 0;
  float largest_hessian = 0;
};

Objective::Objective(const Loss& loss, std::span<const double> labels, std::span<const double> weights,
                     std::span<const int64_t> query_ends)
    : loss_(loss), labels_(labels), weights_(weights), query_ends_(query_ends) {
  const bool is_softmax = loss.kind == LossKind::kSoftmaxLogLoss;
  num_labels_ = is_softmax ? 1 : loss.num_outputs;
  num_rows_ = static_cast<int64_t>(labels.size()) / num_labels_;
  CompensatedSum total;
  std::vector<CompensatedSum> sums(static_cast<size_t>(loss.num_outputs));
  for (int64_t row = 0; row < num_rows_; ++row) {
    const double weight = WeightAt(row);
    total.Add(weight);
    if (is_softmax) {
      sums[static_cast<size_t>(labels[static_cast<size_t>(row)])].Add(weight);
      continue;
    }
    for (int64_t j = 0; j < num_labels_; ++j)
      sums[static_cast<size_t>(j)].Add(weight * labels[static_cast<size_t>(row * num_labels_ + j)]);
  }
  total_weight_ = total.value();
  for (const CompensatedSum& sum : sums)
    mean_labels_.push_back(total_weight_ > 0 ? sum.value() / total_weight_ : 0);
  unit_weight_ = total_weight_;
  if (query_ends_.empty()) return;
  CompensatedSum of_queries;
  for (size_t i = 0; i < query_ends_.size(); ++i) of_queries.Add(WeightAt(i == 0 ? 0 : query_ends_[i - 1]));
  unit_weight_ = of_queries.value();
}

int64_t Objective::num_units() const {
  return query_ends_.empty() ? num_rows_ : static_cast<int64_t>(query_ends_.size());
}

double Objective::MedianLabel() const {
  // For the others it would be sorted in vain.
  if (loss_.kind != LossKind::kAbsoluteError && loss_.kind != LossKind::kHuber) return 0;
  std::vector<int64_t> order(static_cast<size_t>(num_rows_));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return labels_[static_cast<size_t>(a)] != labels_[static_cast<size_t>(b)]
               ? labels_[static_cast<size_t>(a)] < labels_[static_cast<size_t>(b)]
               : a < b;
  });
  double weight = 0;
  for (const int64_t row : order) {
    weight += WeightAt(row);
    if (2 * weight >= total_weight_) return labels_[static_cast<size_t>(row)];
  }
  return mean_labels_[0];
}

std::vector<double> ConstantMargins(const Loss& loss, std::vector<double> mean_labels, int64_t num_rows,
                                    double median) {
  std::vector<double> margins = std::move(mean_labels);
  // Classes that are never (or always) there would be infinitely far away.
  const double least = 0.5 / (static_cast<double>(num_rows) + 1.0);
  switch (loss.kind) {
    case LossKind::kLogLoss:
      for (double& margin : margins) {
        const double rate = loss.num_outputs == 1 ? margin : std::clamp(margin, least, 1 - least);
        margin = std::log(rate / (1 - rate));
      }
      break;
    case LossKind::kSoftmaxLogLoss:
      for (double& margin : margins) margin = std::log(std::max(margin, least));
      break;
    case LossKind::kAbsoluteError:
    case LossKind::kHuber:
      margins[0] = median;
      break;
    case LossKind::kPairwiseRanking:
    case LossKind::kNdcg:
    case LossKind::kReconstruction:
      margins[0] = 0;
      break;
    case LossKind::kSquaredError:
      break;
  }
  return margins;
}

Result<double> Objective::MeanLoss(std::span<const float> margins, const ExecutionOptions& execution) const {
  return LossAndGradients(margins, execution, {}, {});
}

Objective::Block Objective::RunBlock(int64_t first_unit, int64_t end_unit, std::span<const float> margins,
                                     std::span<float> gradients, std::span<float> hessians) const {
  Block block;
  const int64_t width = loss_.num_outputs;
  std::vector<double> gradient, hessian;
  for (int64_t unit = first_unit; unit < end_unit; ++unit) {
    const int64_t row = query_ends_.empty() ? unit : unit == 0 ? 0 : query_ends_[unit - 1];
    const int64_t num_rows = query_ends_.empty() ? 1 : query_ends_[unit] - row;
    const double weight = WeightAt(row);
    const auto size = static_cast<size_t>(gradients.empty() ? 0 : num_rows * width);
    gradient.assign(size, 0);
    hessian.assign(size, 0);
    const auto of_unit = margins.subspan(row * width, num_rows * width);
    const auto labels = labels_.subspan(row * num_labels_, num_rows * num_labels_);
    block.loss.Add(weight * (query_ends_.empty() ? ExampleLoss(loss_, of_unit, labels, gradient, hessian)
                                                 : QueryLoss(loss_, of_unit, labels, gradient, hessian)));
    for (size_t i = 0; i < size; ++i) {
      const size_t at = static_cast<size_t>(row * width) + i;
      gradients[at] = static_cast<float>(weight * gradient[i]);
      hessians[at] = static_cast<float>(weight * hessian[i]);
      block.largest_gradient = std::max(block.largest_gradient, std::abs(gradients[at]));
      block.largest_hessian = std::max(block.largest_hessian, hessians[at]);
    }
  }
  return block;
}

Result<double> Objective::LossAndGradients(std::span<const float> margins, const ExecutionOptions& execution,
                                           std::span<float> gradients, std::span<float> hessians) const {
  // Queries are not of one size: smaller blocks even that out. The number of blocks is the data's own.
  const int64_t block_units = query_ends_.empty() ? kBlockRows : kBlockQueries;
  std::vector<Block> blocks(static_cast<size_t>(NumBlocks(num_units(), block_units)));
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(static_cast<int64_t>(blocks.size()), execution, [&](int64_t index) {
    blocks[static_cast<size_t>(index)] = RunBlock(
        index * block_units, std::min((index + 1) * block_units, num_units()), margins, gradients, hessians);
    return OkStatus();
  }));
  CompensatedSum loss;
  Block all;
  for (const Block& block : blocks) {
    loss.Add(block.loss.value());
    all.largest_gradient = std::max(all.largest_gradient, block.largest_gradient);
    all.largest_hessian = std::max(all.largest_hessian, block.largest_hessian);
  }
  if (!gradients.empty()) {
    PENSTOCK_RETURN_IF_ERROR(SnapToGrid(gradients, all.largest_gradient, execution));
    PENSTOCK_RETURN_IF_ERROR(SnapToGrid(hessians, all.largest_hessian, execution));
  }
  return loss.value() / unit_weight_;
}

}  // namespace penstock::learning
