#include "penstock/evaluation/metric_catalog.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "penstock/base/near_miss.h"
#include "penstock/evaluation/prediction_metrics.h"

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
using Direction = MetricDirection;

BoundedValue Exactly(double value) { return {value, 0}; }
BoundedValue Quotient(double numerator, double denominator) {
  return {denominator > 0 ? numerator / denominator : kNaN, 0};
}
BoundedValue PerWeight(const CompensatedSum& sum, const MetricSums& of) {
  return Quotient(sum.value(), of.sums.weight.value());
}
double PositiveWeight(const MetricSums& of) { return of.true_positives + of.false_negatives; }
double NegativeWeight(const MetricSums& of) { return of.true_negatives + of.false_positives; }

BoundedValue Accuracy(const MetricSums& of) {
  return Quotient(of.true_positives + of.true_negatives, PositiveWeight(of) + NegativeWeight(of));
}

BoundedValue MatthewsCorrelation(const MetricSums& of) {
  const double predicted_positive = of.true_positives + of.false_positives;
  const double predicted_negative = of.true_negatives + of.false_negatives;
  const double product = predicted_positive * predicted_negative * PositiveWeight(of) * NegativeWeight(of);
  return Quotient(of.true_positives * of.true_negatives - of.false_positives * of.false_negatives,
                  std::sqrt(product));
}

constexpr bool kAtThreshold = true, kPlain = false;
constexpr bool kBinary = true, kAnyTask = false;
constexpr bool kDefault = true, kOnRequest = false;

constexpr auto kMetrics = std::to_array<MetricDefinition>({
    {"example_count", Direction::kNone, kPlain, kAnyTask, kDefault, "number of examples",
     [](const MetricSums& of) { return Exactly(static_cast<double>(of.sums.num_examples)); }},
    {"weighted_example_count", Direction::kNone, kPlain, kAnyTask, kDefault, "sum of the weights of the examples",
     [](const MetricSums& of) { return Exactly(of.sums.weight.value()); }},
    {"auc", Direction::kHigherIsBetter, kPlain, kBinary, kDefault,
     "area under the ROC curve, ties counting half; NaN where one class is missing",
     [](const MetricSums& of) { return of.scores->AreaUnderRoc(); }},
    {"auc_precision_recall", Direction::kHigherIsBetter, kPlain, kBinary, kDefault,
     "area under the precision-recall curve, interpolated; NaN without positive examples",
     [](const MetricSums& of) { return of.scores->AreaUnderPrecisionRecall(); }},
    {"accuracy", Direction::kHigherIsBetter, kAtThreshold, kBinary, kDefault, "(tp + tn) / all", Accuracy},
    {"binary_accuracy", Direction::kHigherIsBetter, kAtThreshold, kBinary, kOnRequest, "(tp + tn) / all", Accuracy},
    {"balanced_accuracy", Direction::kHigherIsBetter, kAtThreshold, kBinary, kOnRequest,
     "mean of recall and specificity",
     [](const MetricSums& of) {
       const double recall = Quotient(of.true_positives, PositiveWeight(of)).value;
       return Exactly((recall + Quotient(of.true_negatives, NegativeWeight(of)).value) / 2);
     }},
    {"precision", Direction::kHigherIsBetter, kAtThreshold, kBinary, kDefault, "tp / (tp + fp)",
     [](const MetricSums& of) { return Quotient(of.true_positives, of.true_positives + of.false_positives); }},
    {"recall", Direction::kHigherIsBetter, kAtThreshold, kBinary, kDefault, "tp / (tp + fn)",
     [](const MetricSums& of) { return Quotient(of.true_positives, PositiveWeight(of)); }},
    {"f1_score", Direction::kHigherIsBetter, kAtThreshold, kBinary, kDefault, "2 tp / (2 tp + fp + fn)",
     [](const MetricSums& of) {
       return Quotient(2 * of.true_positives, 2 * of.true_positives + of.false_positives + of.false_negatives);
     }},
    {"specificity", Direction::kHigherIsBetter, kAtThreshold, kBinary, kOnRequest, "tn / (tn + fp)",
     [](const MetricSums& of) { return Quotient(of.true_negatives, NegativeWeight(of)); }},
    {"false_positive_rate", Direction::kLowerIsBetter, kAtThreshold, kBinary, kOnRequest, "fp / (fp + tn)",
     [](const MetricSums& of) { return Quotient(of.false_positives, NegativeWeight(of)); }},
    {"false_negative_rate", Direction::kLowerIsBetter, kAtThreshold, kBinary, kOnRequest, "fn / (fn + tp)",
     [](const MetricSums& of) { return Quotient(of.false_negatives, PositiveWeight(of)); }},
    {"negative_predictive_value", Direction::kHigherIsBetter, kAtThreshold, kBinary, kOnRequest, "tn / (tn + fn)",
     [](const MetricSums& of) { return Quotient(of.true_negatives, of.true_negatives + of.false_negatives); }},
    {"false_discovery_rate", Direction::kLowerIsBetter, kAtThreshold, kBinary, kOnRequest, "fp / (fp + tp)",
     [](const MetricSums& of) { return Quotient(of.false_positives, of.true_positives + of.false_positives); }},
    {"matthews_correlation_coefficient", Direction::kHigherIsBetter, kAtThreshold, kBinary, kOnRequest,
     "(tp tn - fp fn) / sqrt((tp + fp)(tp + fn)(tn + fp)(tn + fn))", MatthewsCorrelation},
    {"predicted_positive_rate", Direction::kNone, kAtThreshold, kBinary, kOnRequest, "(tp + fp) / all",
     [](const MetricSums& of) {
       return Quotient(of.true_positives + of.false_positives, PositiveWeight(of) + NegativeWeight(of));
     }},
    {"true_positives", Direction::kNone, kAtThreshold, kBinary, kDefault, "weight of positives above the threshold",
     [](const MetricSums& of) { return Exactly(of.true_positives); }},
    {"false_positives", Direction::kNone, kAtThreshold, kBinary, kDefault, "weight of negatives above the threshold",
     [](const MetricSums& of) { return Exactly(of.false_positives); }},
    {"true_negatives", Direction::kNone, kAtThreshold, kBinary, kDefault, "weight of the other negatives",
     [](const MetricSums& of) { return Exactly(of.true_negatives); }},
    {"false_negatives", Direction::kNone, kAtThreshold, kBinary, kDefault, "weight of the other positives",
     [](const MetricSums& of) { return Exactly(of.false_negatives); }},
    {"binary_crossentropy", Direction::kLowerIsBetter, kPlain, kBinary, kDefault,
     "mean log loss in nats; probabilities are kept 1e-7 away from 0 and 1",
     [](const MetricSums& of) { return PerWeight(of.sums.log_loss, of); }},
    {"mean_squared_error", Direction::kLowerIsBetter, kPlain, kAnyTask, kDefault, "mean of (prediction - label)^2",
     [](const MetricSums& of) { return PerWeight(of.sums.squared_error, of); }},
    {"root_mean_squared_error", Direction::kLowerIsBetter, kPlain, kAnyTask, kDefault, "root of mean_squared_error",
     [](const MetricSums& of) { return Exactly(std::sqrt(PerWeight(of.sums.squared_error, of).value)); }},
    {"mean_absolute_error", Direction::kLowerIsBetter, kPlain, kAnyTask, kDefault, "mean of |prediction - label|",
     [](const MetricSums& of) { return PerWeight(of.sums.absolute_error, of); }},
    {"mean_label", Direction::kNone, kPlain, kAnyTask, kDefault, "mean of the labels",
     [](const MetricSums& of) { return PerWeight(of.sums.label, of); }},
    {"mean_prediction", Direction::kNone, kPlain, kAnyTask, kDefault, "mean of the predictions",
     [](const MetricSums& of) { return PerWeight(of.sums.prediction, of); }},
    {"calibration", Direction::kNearerToOneIsBetter, kPlain, kAnyTask, kDefault,
     "mean_prediction / mean_label; NaN where the labels sum to 0",
     [](const MetricSums& of) {
       const double labels = of.sums.label.value();
       return Exactly(labels == 0 ? kNaN : of.sums.prediction.value() / labels);
     }},
});

std::vector<std::string> AllNames() {
  std::vector<std::string> names;
  for (const MetricDefinition& metric : kMetrics) names.emplace_back(metric.name);
  return names;
}

}  // namespace

std::span<const MetricDefinition> AllMetrics() { return kMetrics; }

Result<MetricSpec> ParseMetric(std::string_view name) {
  const std::string_view base = name.substr(0, name.find('@'));
  const auto metric =
      std::find_if(kMetrics.begin(), kMetrics.end(), [&](const auto& each) { return each.name == base; });
  if (metric == kMetrics.end()) {
    return InvalidArgument("There is no metric '{}'{} (metrics: {})", base, DidYouMean(base, AllNames()),
                           fmt::join(AllNames(), ", "));
  }
  MetricSpec spec{.name = std::string(name), .definition = &*metric};
  if (base.size() == name.size()) return spec;
  if (!metric->at_threshold) return InvalidArgument("Metric '{}' takes no threshold; write '{}'", name, base);
  const std::string_view text = name.substr(base.size() + 1);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), spec.threshold);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() ||
      !(spec.threshold >= 0 && spec.threshold <= 1)) {
    return InvalidArgument("The threshold of metric '{}' is not a number from 0 to 1", name);
  }
  return spec;
}

std::vector<MetricSpec> DefaultMetrics(Task task) {
  std::vector<MetricSpec> metrics;
  for (const MetricDefinition& metric : kMetrics) {
    if (metric.is_default && (!metric.binary_only || task == Task::kBinaryClassification)) {
      metrics.push_back({.name = std::string(metric.name), .definition = &metric});
    }
  }
  return metrics;
}

}  // namespace penstock::evaluation
