#include "penstock/learning/loss.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "penstock/base/near_miss.h"

namespace penstock::learning {
namespace {

// Pairs without one of the first so many of a ranking move nothing that anyone looks at (as LightGBM's
// lambdarank_truncation_level), and would cost the square of the query's size.
constexpr size_t kMaxPairRank = 30;

// Closer to 0 than this share of the usual size, the absolute error's curvature no longer grows.
constexpr double kLeastShare = 0.05;

double LogLoss(double margin, double label, double* gradient, double* hessian) {
  // Only negative numbers are exponentiated: nothing overflows, and a sure wrong answer costs its margin.
  const double tail = std::exp(-std::abs(margin));
  if (gradient != nullptr) {
    const double probability = margin >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
    *gradient = probability - label;
    *hessian = probability * (1 - probability);
  }
  return std::max(margin, 0.0) - margin * label + std::log1p(tail);
}

double SoftmaxLogLoss(std::span<const float> margins, size_t right, std::span<double> gradient,
                      std::span<double> hessian) {
  const double largest = *std::max_element(margins.begin(), margins.end());
  double sum = 0;
  for (const float margin : margins) sum += std::exp(margin - largest);
  for (size_t j = 0; j < gradient.size(); ++j) {
    const double probability = std::exp(margins[j] - largest) / sum;
    gradient[j] = probability - (j == right ? 1 : 0);
    hessian[j] = std::max(2 * probability * (1 - probability), 1e-16);
  }
  return std::log(sum) + largest - margins[right];
}

double RegressionLoss(const Loss& loss, double residual, double* gradient, double* hessian) {
  const double size = std::abs(residual);
  const double sign = residual < 0 ? -1 : 1;
  switch (loss.kind) {
    case LossKind::kAbsoluteError:
      if (gradient != nullptr) {
        *gradient = residual == 0 ? 0 : sign * loss.huber_delta;
        *hessian = loss.huber_delta / std::max(size, kLeastShare * loss.huber_delta);
      }
      return size;
    case LossKind::kHuber:
      if (gradient != nullptr) {
        *gradient = sign * std::min(size, loss.huber_delta);
        *hessian = size <= loss.huber_delta ? 1 : loss.huber_delta / size;
      }
      return size <= loss.huber_delta ? 0.5 * size * size
                                      : loss.huber_delta * (size - 0.5 * loss.huber_delta);
    default:
      break;
  }
  if (gradient != nullptr) {
    *gradient = residual;
    *hessian = 1;
  }
  return residual * residual;
}

double Discount(size_t rank) { return 1 / std::log2(static_cast<double>(rank) + 2); }

double Gain(double relevance) { return std::exp2(relevance) - 1; }

/// The discounted gains of examples in the order of their relevance: what no ranking can be better than.
double IdealGain(std::span<const double> labels) {
  std::vector<double> sorted(labels.begin(), labels.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double ideal = 0;
  for (size_t rank = 0; rank < sorted.size(); ++rank) ideal += Gain(sorted[rank]) * Discount(rank);
  return ideal;
}

}  // namespace

std::string_view NameOf(LossKind kind) {
  switch (kind) {
    case LossKind::kLogLoss:
    case LossKind::kSoftmaxLogLoss:
      return "log_loss";
    case LossKind::kSquaredError:
      return "mean_squared_error";
    case LossKind::kAbsoluteError:
      return "mean_absolute_error";
    case LossKind::kHuber:
      return "huber_loss";
    case LossKind::kPairwiseRanking:
      return "pairwise_log_loss";
    case LossKind::kNdcg:
      return "one_minus_ndcg";
    case LossKind::kReconstruction:
      break;
  }
  return "reconstruction_error";
}

Result<Loss> LossOf(model::Task task, int64_t num_classes, std::string_view name, double huber_delta) {
  Loss loss{.num_outputs = static_cast<int32_t>(std::max<int64_t>(num_classes, 1)),
            .huber_delta = huber_delta};
  std::vector<std::pair<std::string, LossKind>> choices;
  switch (task) {
    case model::Task::kBinaryClassification:
    case model::Task::kMultilabelClassification:
      choices = {{"log_loss", LossKind::kLogLoss}};
      break;
    case model::Task::kMulticlassClassification:
      choices = {{"log_loss", LossKind::kSoftmaxLogLoss}};
      break;
    case model::Task::kRegression:
      choices = {{"squared_error", LossKind::kSquaredError},
                 {"absolute_error", LossKind::kAbsoluteError},
                 {"huber", LossKind::kHuber}};
      break;
    case model::Task::kRanking:
      choices = {{"ndcg", LossKind::kNdcg}, {"pairwise", LossKind::kPairwiseRanking}};
      break;
    case model::Task::kReconstruction:
      choices = {{"reconstruction_error", LossKind::kReconstruction}};
      break;
  }
  loss.kind = choices[0].second;
  if (name.empty() || name == "auto") return loss;
  std::vector<std::string> names;
  for (const auto& [known, kind] : choices) {
    if (known == name) {
      loss.kind = kind;
      return loss;
    }
    names.push_back(known);
  }
  return InvalidArgument("Hyperparameter 'loss' cannot be '{}' for {}{} (there are: {})", name,
                         model::TaskName(task), DidYouMean(name, names), fmt::join(names, ", "));
}

void FitLossToLabels(std::span<const double> labels, Loss& loss) {
  const bool is_huber = loss.kind == LossKind::kHuber;
  if (labels.empty() || !(loss.kind == LossKind::kAbsoluteError || (is_huber && loss.huber_delta == 0)))
    return;
  const auto median_of = [](std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  };
  std::vector<double> values(labels.begin(), labels.end());
  const double median = median_of(values);
  double mean_deviation = 0;
  for (double& value : values) {
    value = std::abs(value - median);
    mean_deviation += value / static_cast<double>(labels.size());
  }
  double deviation = median_of(std::move(values));
  // More than half of the labels are equal.
  if (!(deviation > 0)) deviation = mean_deviation > 0 ? mean_deviation : 1;
  loss.huber_delta = is_huber ? 1.345 * 1.4826 * deviation : deviation;
}

double ExampleLoss(const Loss& loss, std::span<const float> margins, std::span<const double> labels,
                   std::span<double> gradient, std::span<double> hessian) {
  const bool has_gradient = !gradient.empty();
  switch (loss.kind) {
    case LossKind::kSoftmaxLogLoss:
      return SoftmaxLogLoss(margins, static_cast<size_t>(labels[0]), gradient, hessian);
    case LossKind::kLogLoss: {
      const auto count = static_cast<double>(margins.size());
      double sum = 0;
      for (size_t j = 0; j < margins.size(); ++j)
        sum += LogLoss(margins[j], labels[j], has_gradient ? &gradient[j] : nullptr,
                       has_gradient ? &hessian[j] : nullptr);
      return sum / count;
    }
    case LossKind::kReconstruction:
      return margins[0];
    default:
      break;
  }
  return RegressionLoss(loss, static_cast<double>(margins[0]) - labels[0],
                        has_gradient ? &gradient[0] : nullptr, has_gradient ? &hessian[0] : nullptr);
}

double GradientFactor(const Loss& loss) {
  switch (loss.kind) {
    case LossKind::kLogLoss:
      return 1.0 / loss.num_outputs;
    case LossKind::kSquaredError:
      return 2;
    case LossKind::kAbsoluteError:
      return 1 / loss.huber_delta;
    default:
      return 1;
  }
}

double QueryLoss(const Loss& loss, std::span<const float> margins, std::span<const double> labels,
                 std::span<double> gradient, std::span<double> hessian) {
  const size_t size = margins.size();
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return margins[a] > margins[b]; });
  const double ideal = IdealGain(labels);
  const auto [least, most] = std::minmax_element(labels.begin(), labels.end());
  if (ideal == 0 || *least == *most) return 0;
  const bool is_ndcg = loss.kind == LossKind::kNdcg;
  double reached = 0, pairs_loss = 0, num_pairs = 0;
  for (size_t rank = 0; rank < size; ++rank) {
    reached += Gain(labels[order[rank]]) * Discount(rank);
    if (rank >= kMaxPairRank || (is_ndcg && gradient.empty())) continue;
    for (size_t below = rank + 1; below < size; ++below) {
      const size_t first = order[rank], second = order[below];
      if (labels[first] == labels[second]) continue;
      const size_t better = labels[first] > labels[second] ? first : second;
      const size_t worse = better == first ? second : first;
      const double margin = static_cast<double>(margins[better]) - margins[worse];
      const double weight = is_ndcg ? std::abs(Gain(labels[first]) - Gain(labels[second])) *
                                          (Discount(rank) - Discount(below)) / ideal
                                    : 1;
      double slope = 0, curvature = 0;
      pairs_loss += LogLoss(margin, 1, &slope, &curvature);
      ++num_pairs;
      if (gradient.empty()) continue;
      gradient[better] += weight * slope;
      gradient[worse] -= weight * slope;
      hessian[better] += weight * std::max(curvature, 1e-16);
      hessian[worse] += weight * std::max(curvature, 1e-16);
    }
  }
  return is_ndcg ? 1 - reached / ideal : pairs_loss / num_pairs;
}

}  // namespace penstock::learning
