#include "penstock/evaluation/threshold_checks.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// True where the slice has exactly these features, whatever their order.
bool Matches(const SliceThresholds& wanted, const SliceMetrics& slice) {
  if (static_cast<size_t>(slice.features_size()) != wanted.features.size()) return false;
  return std::all_of(wanted.features.begin(), wanted.features.end(), [&](const auto& feature) {
    return std::any_of(slice.features().begin(), slice.features().end(), [&](const v1::SliceFeature& has) {
      return has.name() == feature.first && (!feature.second.has_value() || has.value() == *feature.second);
    });
  });
}

struct Limit {
  ThresholdCheck::Kind kind;
  double limit;
  bool higher_is_better = false;
};

std::vector<Limit> LimitsOf(const MetricThresholds& thresholds) {
  std::vector<Limit> limits;
  if (thresholds.value.has_value()) {
    if (thresholds.value->lower.has_value())
      limits.push_back({ThresholdCheck::LOWER, *thresholds.value->lower});
    if (thresholds.value->upper.has_value())
      limits.push_back({ThresholdCheck::UPPER, *thresholds.value->upper});
  }
  if (thresholds.change.has_value()) {
    const ChangeThreshold& change = *thresholds.change;
    if (change.absolute.has_value())
      limits.push_back({ThresholdCheck::ABSOLUTE_CHANGE, *change.absolute, change.higher_is_better});
    if (change.relative.has_value())
      limits.push_back({ThresholdCheck::RELATIVE_CHANGE, *change.relative, change.higher_is_better});
  }
  return limits;
}

bool IsChange(ThresholdCheck::Kind kind) {
  return kind == ThresholdCheck::ABSOLUTE_CHANGE || kind == ThresholdCheck::RELATIVE_CHANGE;
}

double NumberFor(ThresholdCheck::Kind kind, const MetricValue& metric) {
  const double change = metric.value() - metric.baseline();
  switch (kind) {
    case ThresholdCheck::ABSOLUTE_CHANGE:
      return change;
    // No change is no change, also from a baseline of 0.
    case ThresholdCheck::RELATIVE_CHANGE:
      return change == 0 ? 0 : change / metric.baseline();
    default:
      return metric.value();
  }
}

bool IsKept(const Limit& limit, double number) {
  switch (limit.kind) {
    case ThresholdCheck::LOWER:
      return number >= limit.limit;
    case ThresholdCheck::UPPER:
      return number <= limit.limit;
    default:
      return limit.higher_is_better ? number > limit.limit : number < limit.limit;
  }
}

std::string Explain(const ThresholdCheck& check, const std::string& slice, const MetricValue& metric) {
  const std::string of = fmt::format("{} of {} is {:.6g}", check.metric(), slice, metric.value());
  switch (check.kind()) {
    case ThresholdCheck::LOWER:
      return fmt::format("{}, {} the lower limit {:.6g}", of, check.passed() ? "not below" : "below",
                         check.limit());
    case ThresholdCheck::UPPER:
      return fmt::format("{}, {} the upper limit {:.6g}", of, check.passed() ? "not above" : "above",
                         check.limit());
    default:
      break;
  }
  if (check.skipped()) return fmt::format("{}; there is no baseline to compare it with", of);
  return fmt::format("{} against {:.6g} of the baseline: the {}change {:+.6g} {} {} {:+.6g}", of,
                     metric.baseline(), check.kind() == ThresholdCheck::RELATIVE_CHANGE ? "relative " : "",
                     check.number(), check.passed() ? "is" : "is not",
                     check.higher_is_better() ? "above" : "below", check.limit());
}

void AppendCheck(const MetricThresholds& thresholds, const Limit& limit, const SliceMetrics& slice,
                 EvaluationResult& result) {
  const MetricValue& metric = *FindMetric(slice, thresholds.metric.name);
  ThresholdCheck& check = *result.add_checks();
  check.set_metric(thresholds.metric.name);
  *check.mutable_slice() = slice.features();
  check.set_kind(limit.kind);
  check.set_limit(limit.limit);
  check.set_higher_is_better(limit.higher_is_better);
  check.set_skipped(IsChange(limit.kind) && !metric.has_baseline());
  check.set_number(check.skipped() ? kNaN : NumberFor(limit.kind, metric));
  check.set_passed(check.skipped() || IsKept(limit, check.number()));
  check.set_explanation(Explain(check, SliceName(slice), metric));
}

// The slice itself was not measured.
void AppendMissing(const SliceThresholds& wanted, const MetricThresholds& thresholds, const Limit& limit,
                   EvaluationResult& result) {
  ThresholdCheck& check = *result.add_checks();
  check.set_metric(thresholds.metric.name);
  SliceMetrics named;
  for (const auto& [name, value] : wanted.features) {
    v1::SliceFeature& feature = *named.add_features();
    feature.set_name(name);
    feature.set_value(*value);
  }
  *check.mutable_slice() = named.features();
  check.set_kind(limit.kind);
  check.set_limit(limit.limit);
  check.set_higher_is_better(limit.higher_is_better);
  check.set_number(kNaN);
  check.set_explanation(fmt::format("{} of {} was not measured: the slice has fewer than {} examples",
                                    thresholds.metric.name, SliceName(named), result.min_slice_size()));
}

}  // namespace

void AppendThresholdChecks(const EvaluationConfig& config, EvaluationResult& result) {
  for (const SliceThresholds& wanted : config.thresholds) {
    std::vector<const SliceMetrics*> matching;
    for (const SliceMetrics& slice : result.slices()) {
      if (Matches(wanted, slice)) matching.push_back(&slice);
    }
    const bool is_one_slice = std::all_of(wanted.features.begin(), wanted.features.end(),
                                          [](const auto& feature) { return feature.second.has_value(); });
    for (const MetricThresholds& thresholds : wanted.thresholds) {
      for (const Limit& limit : LimitsOf(thresholds)) {
        for (const SliceMetrics* slice : matching) AppendCheck(thresholds, limit, *slice, result);
        if (matching.empty() && is_one_slice) AppendMissing(wanted, thresholds, limit, result);
      }
    }
  }
}

}  // namespace penstock::evaluation
