#include "penstock/evaluation/threshold_rule.h"

#include <cmath>
#include <limits>

namespace penstock::evaluation {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ThresholdVerdict ApplyBounds(const tfma::GenericValueThreshold& limits, const MeasuredValue& measured) {
  const double lower = limits.has_lower_bound() ? limits.lower_bound().value() : -kInfinity;
  const double upper = limits.has_upper_bound() ? limits.upper_bound().value() : kInfinity;
  const bool keeps_at_point = measured.value >= lower && measured.value <= upper;
  if (!measured.range || std::isnan(measured.value)) return {keeps_at_point, false, ""};
  const bool keeps = measured.range->upper >= lower && measured.range->lower <= upper;
  // The range is centred on the resamples, not on the value: a value that keeps the bounds does.
  return {keeps || keeps_at_point, keeps && !keeps_at_point, ""};
}

// Whether the change keeps one limit; nothing where no direction says how.
std::optional<bool> KeepsLimit(double change, double limit, tfma::MetricDirection direction) {
  if (direction == tfma::LOWER_IS_BETTER) return change <= limit;
  if (direction == tfma::HIGHER_IS_BETTER) return change >= limit;
  return std::nullopt;
}

ThresholdVerdict KeepsChange(const tfma::GenericChangeThreshold& limits, double change, double baseline) {
  ThresholdVerdict verdict;
  const auto check = [&](double of, double limit) {
    const auto kept = KeepsLimit(of, limit, limits.direction());
    if (!kept) verdict.problem = "no direction says which way is better";
    verdict.keeps = verdict.keeps && kept.value_or(false);
  };
  if (limits.has_absolute()) check(change, limits.absolute().value());
  if (limits.has_relative())
    check(baseline == 0 ? std::numeric_limits<double>::quiet_NaN() : change / baseline,
          limits.relative().value());
  return verdict;
}

}  // namespace

ThresholdVerdict ApplyThreshold(const tfma::MetricThreshold& threshold, const MeasuredValue& measured) {
  if (threshold.has_value_threshold()) return ApplyBounds(threshold.value_threshold(), measured);
  const auto& limits = threshold.change_threshold();
  const double baseline = measured.baseline.value_or(std::numeric_limits<double>::quiet_NaN());
  const ThresholdVerdict at_point = KeepsChange(limits, measured.value, baseline);
  const bool is_noise = measured.range && measured.range->lower <= 0 && measured.range->upper >= 0 &&
                        !std::isnan(measured.value);
  if (!is_noise) return at_point;
  // No change at all is none relative to a baseline of 0 either.
  ThresholdVerdict verdict = KeepsChange(limits, 0, baseline == 0 ? 1 : baseline);
  verdict.is_within_noise = verdict.keeps != at_point.keeps;
  return verdict;
}

}  // namespace penstock::evaluation
