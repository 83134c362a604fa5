#include "penstock/evaluation/evaluation_result.h"

#include <algorithm>
#include <cmath>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/proto_io.h"
#include "penstock/evaluation/metric_catalog.h"

namespace penstock::evaluation {
namespace {

constexpr uint32_t kFormatVersion = 1;

// Larger is worse.
double Badness(MetricDirection direction, double value) {
  switch (direction) {
    case MetricDirection::kHigherIsBetter:
      return -value;
    case MetricDirection::kLowerIsBetter:
      return value;
    case MetricDirection::kNearerToOneIsBetter:
      return std::fabs(value - 1);
    case MetricDirection::kNone:
      break;
  }
  return 0;
}

}  // namespace

Blessing Verdict(const EvaluationResult& result) {
  Blessing blessing{.is_blessed = true, .reasons = {}};
  for (const ThresholdCheck& check : result.checks()) {
    if (check.passed()) continue;
    blessing.is_blessed = false;
    blessing.reasons.push_back(check.explanation());
  }
  return blessing;
}

Status WriteEvaluation(const EvaluationResult& result, const std::string& uri) {
  PENSTOCK_RETURN_IF_ERROR(WriteProto(fs::Join(uri, kEvaluationJsonName), result));
  return WriteProto(fs::Join(uri, kEvaluationFileName), result);
}

Result<EvaluationResult> ReadEvaluation(const std::string& uri) {
  const std::string path = fs::Join(uri, kEvaluationFileName);
  EvaluationResult result;
  PENSTOCK_RETURN_IF_ERROR(ReadProto(path, result));
  if (result.format_version() != kFormatVersion) {
    return DataLoss("{} has version {}; this release reads version {}", path, result.format_version(),
                    kFormatVersion);
  }
  return result;
}

std::string SliceName(const SliceMetrics& slice) {
  std::string name;
  for (const v1::SliceFeature& feature : slice.features()) {
    name += fmt::format("{}{}:{}", name.empty() ? "" : "|", feature.name(), feature.value());
  }
  return name.empty() ? "Overall" : name;
}

const SliceMetrics* OverallSlice(const EvaluationResult& result) {
  const auto overall = std::find_if(result.slices().begin(), result.slices().end(),
                                    [](const SliceMetrics& slice) { return slice.features().empty(); });
  return overall == result.slices().end() ? nullptr : &*overall;
}

const MetricValue* FindMetric(const SliceMetrics& slice, std::string_view metric) {
  const auto found = std::find_if(slice.metrics().begin(), slice.metrics().end(),
                                  [&](const MetricValue& each) { return each.name() == metric; });
  return found == slice.metrics().end() ? nullptr : &*found;
}

Result<std::vector<const SliceMetrics*>> WorstSlices(const EvaluationResult& result, std::string_view metric,
                                                     int64_t count, int64_t min_examples) {
  const SliceMetrics* overall = OverallSlice(result);
  if (overall == nullptr || FindMetric(*overall, metric) == nullptr) {
    std::vector<std::string> names;
    if (overall != nullptr) {
      for (const MetricValue& each : overall->metrics()) names.push_back(each.name());
    }
    return NotFound("Metric '{}' was not measured{}", metric, DidYouMean(metric, names));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const MetricSpec spec, ParseMetric(metric));
  const MetricDirection direction = spec.definition->direction;
  if (direction == MetricDirection::kNone) {
    return InvalidArgument("Slices have no worst by '{}': no value of it is better than another", metric);
  }
  std::vector<std::pair<double, const SliceMetrics*>> ranked;
  for (const SliceMetrics& slice : result.slices()) {
    const MetricValue* value = FindMetric(slice, metric);
    if (slice.features().empty() || slice.num_examples() < min_examples || value == nullptr ||
        std::isnan(value->value()))
      continue;
    ranked.emplace_back(Badness(direction, value->value()), &slice);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const SliceMetrics*> worst;
  for (size_t i = 0; i < ranked.size() && static_cast<int64_t>(i) < count; ++i)
    worst.push_back(ranked[i].second);
  return worst;
}

}  // namespace penstock::evaluation
