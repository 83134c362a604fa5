#include "penstock/evaluation/metric_value.h"

#include <cmath>
#include <limits>

namespace penstock::evaluation {
namespace {

std::optional<MetricValue> Subtract(double a, double b) { return a - b; }

std::optional<MetricValue> Subtract(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::nullopt;
  std::vector<double> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return difference;
}

std::optional<MetricValue> Subtract(const ConfusionMatrices& a, const ConfusionMatrices& b) {
  if (a.thresholds != b.thresholds) return std::nullopt;
  ConfusionMatrices difference = a;
  for (size_t i = 0; i < a.thresholds.size(); ++i) {
    difference.tp[i] -= b.tp[i];
    difference.tn[i] -= b.tn[i];
    difference.fp[i] -= b.fp[i];
    difference.fn[i] -= b.fn[i];
  }
  return difference;
}

std::optional<MetricValue> Subtract(const ClassMatrices& a, const ClassMatrices& b) {
  ClassMatrices difference = a;
  for (const auto& [threshold, entries] : b.by_threshold)
    for (const auto& [classes, weight] : entries) difference.by_threshold[threshold][classes] -= weight;
  return difference;
}

std::optional<MetricValue> Subtract(const Attributions& a, const Attributions& b) {
  Attributions difference = a;
  for (auto& [feature, values] : difference.by_feature) {
    const auto found = b.by_feature.find(feature);
    if (found == b.by_feature.end() || found->second.size() != values.size()) return std::nullopt;
    for (size_t i = 0; i < values.size(); ++i) values[i] -= found->second[i];
  }
  return difference;
}

template <class T>
std::optional<MetricValue> Subtract(const T&, const T&) {
  return std::nullopt;
}

template <class T>
std::optional<MetricValue> Subtract(const Boxed<T>& a, const Boxed<T>& b) {
  return Subtract(*a, *b);
}

}  // namespace

std::optional<MetricValue> Difference(const MetricValue& a, const MetricValue& b) {
  if (a.index() != b.index()) return std::nullopt;
  return std::visit(
      [&](const auto& left) { return Subtract(left, std::get<std::decay_t<decltype(left)>>(b)); }, a);
}

std::vector<double> NumbersOf(const MetricValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return {*number};
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) return *numbers;
  std::vector<double> numbers;
  if (const auto* matrices = ValueAs<ConfusionMatrices>(value)) {
    for (const auto* part : {&matrices->tp, &matrices->tn, &matrices->fp, &matrices->fn})
      numbers.insert(numbers.end(), part->begin(), part->end());
  }
  return numbers;
}

MatrixRates RatesOf(const ConfusionMatrices& matrices, size_t i) {
  const double tp = matrices.tp[i], tn = matrices.tn[i], fp = matrices.fp[i], fn = matrices.fn[i];
  const auto quotient = [](double numerator, double denominator, double otherwise) {
    return denominator > 0 ? numerator / denominator : otherwise;
  };
  MatrixRates rates{};
  rates.precision = quotient(tp, tp + fp, 1);
  rates.recall = quotient(tp, tp + fn, 0);
  rates.f1 = quotient(2 * rates.precision * rates.recall, rates.precision + rates.recall, 0);
  rates.accuracy = quotient(tp + tn, tp + tn + fp + fn, 0);
  rates.false_positive_rate = quotient(fp, tn + fp, 0);
  rates.false_omission_rate = quotient(fn, tn + fn, std::numeric_limits<double>::quiet_NaN());
  return rates;
}

}  // namespace penstock::evaluation
