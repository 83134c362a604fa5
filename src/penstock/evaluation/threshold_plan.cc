#include "penstock/evaluation/threshold_plan.h"

#include <algorithm>

#include "penstock/base/proto_io.h"

namespace penstock::evaluation {

void ThresholdCollector::Add(const MetricKey& key, const tfma::SlicingSpec* slice,
                             const tfma::CrossSlicingSpec* cross_slice,
                             const tfma::MetricThreshold& threshold) {
  const auto add = [&](bool is_change) {
    PlannedThreshold planned;
    planned.key = key;
    planned.key.is_diff = is_change;
    planned.is_change = is_change;
    planned.has_slice = slice != nullptr || cross_slice != nullptr;
    planned.is_cross = cross_slice != nullptr;
    if (slice != nullptr) planned.slice = *slice;
    if (cross_slice != nullptr) planned.cross_slice = *cross_slice;
    if (is_change) {
      *planned.threshold.mutable_change_threshold() = threshold.change_threshold();
    } else {
      *planned.threshold.mutable_value_threshold() = threshold.value_threshold();
    }
    const auto text = [](const PlannedThreshold& each) {
      return SerializeDeterministically(each.threshold) + "|" + SerializeDeterministically(each.slice) + "|" +
             SerializeDeterministically(each.cross_slice);
    };
    const std::string mine = text(planned);
    for (const PlannedThreshold& each : into_)
      if (each.key == planned.key && each.has_slice == planned.has_slice && text(each) == mine) return;
    into_.push_back(std::move(planned));
  };
  if (threshold.has_value_threshold()) add(false);
  if (threshold.has_change_threshold()) add(true);
}

void ThresholdCollector::CollectOfSpec(const tfma::MetricsSpec& spec, const EachKey& each_key) {
  for (const auto& [name, threshold] : spec.thresholds()) {
    const auto& one = threshold;
    each_key(name, [&](const MetricKey& key) { Add(key, nullptr, nullptr, one); });
  }
  for (const auto& [name, thresholds] : spec.per_slice_thresholds()) {
    const auto& several = thresholds.thresholds();
    each_key(name, [&](const MetricKey& key) {
      for (const auto& each : several)
        for (const auto& slice : each.slicing_specs()) Add(key, &slice, nullptr, each.threshold());
    });
  }
  for (const auto& [name, thresholds] : spec.cross_slice_thresholds()) {
    const auto& several = thresholds.thresholds();
    each_key(name, [&](const MetricKey& key) {
      for (const auto& each : several)
        for (const auto& slice : each.cross_slicing_specs()) Add(key, nullptr, &slice, each.threshold());
    });
  }
}

void ThresholdCollector::CollectOfMetric(const tfma::MetricConfig& config, const MetricKey& key) {
  if (config.has_threshold()) Add(key, nullptr, nullptr, config.threshold());
  for (const auto& each : config.per_slice_thresholds())
    for (const auto& slice : each.slicing_specs()) Add(key, &slice, nullptr, each.threshold());
  for (const auto& each : config.cross_slice_thresholds())
    for (const auto& slice : each.cross_slicing_specs()) Add(key, nullptr, &slice, each.threshold());
}

}  // namespace penstock::evaluation
