#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/evaluation/metric_values.h"
#include "penstock/evaluation/slice_accumulation.h"

namespace penstock::evaluation {

/// Where a metric lies, from resamples: numbers in the order of NumbersOf.
struct Interval {
  static constexpr int kDegreesOfFreedom = 19;
  std::vector<double> lower, upper, standard_error;
};

/// What was measured on one slice, or is the difference of two: those of the baseline less those of the
/// other.
struct SliceResult {
  bool is_cross = false;
  SliceFeatures slice;           ///< Of a cross slice: the one compared.
  SliceFeatures baseline_slice;  ///< Of a cross slice.
  int64_t num_examples = 0;
  MetricValues metrics, plots;
  std::map<MetricKey, Interval> intervals;
  /// Why there are no metrics, or no intervals; else empty.
  std::string error;
  bool is_too_small = false;
};

/// The metrics of all slices and cross slices: in order of slices, cross slices last. Differences to the
/// baseline model are metrics with is_diff. Intervals: the mean of the resamples plus or minus t(0.975, 19)
/// standard errors, as TFMA has them; resamples in which a metric is undefined are left out. Takes the
/// states: what a slice was computed from is freed as soon as no cross slice needs it.
Result<std::vector<SliceResult>> FinishSlices(const EvaluationPlan& plan, SliceStates states,
                                              const Resampling& resampling,
                                              const ExecutionOptions& execution);

}  // namespace penstock::evaluation
