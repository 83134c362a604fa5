#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "penstock/evaluation/evaluation_plan.h"

namespace penstock::evaluation {

/// Takes thresholds apart into single checks, each once.
class ThresholdCollector {
 public:
  explicit ThresholdCollector(std::vector<PlannedThreshold>& into) : into_(into) {}

  using VisitKey = std::function<void(const MetricKey&)>;
  using EachKey = std::function<void(const std::string& metric, const VisitKey&)>;
  /// Of a metrics spec: by name, for metrics that a model computes itself.
  void CollectOfSpec(const tfma::MetricsSpec& spec, const EachKey& each_key);
  void CollectOfMetric(const tfma::MetricConfig& config, const MetricKey& key);

 private:
  void Add(const MetricKey& key, const tfma::SlicingSpec* slice, const tfma::CrossSlicingSpec* cross_slice,
           const tfma::MetricThreshold& threshold);

  std::vector<PlannedThreshold>& into_;
};

}  // namespace penstock::evaluation
