#pragma once

#include <optional>
#include <string>

#include "penstock/evaluation/eval_config.h"

namespace penstock::evaluation {

/// Where the value of a metric lies, from resamples.
struct ValueRange {
  double lower = 0, upper = 0;
};

/// What a threshold is held against: a value, or a change (the candidate's value less the baseline's).
struct MeasuredValue {
  double value = 0;
  std::optional<ValueRange> range;  ///< None: there are no intervals, or TFMA's rule is wanted.
  std::optional<double> baseline;   ///< The baseline's value, for changes.
};

/// What came of it.
struct ThresholdVerdict {
  bool keeps = true;
  /// The point alone would have decided the other way.
  bool is_within_noise = false;
  std::string problem;  ///< Why nothing can be decided; then it does not keep.
};

/// The rule (docs/decisions/0034-noise.md). Bounds are inclusive. Without a range, TFMA's: the value keeps
/// both bounds; a change is at least (at most, where lower is better) the absolute limit, and so is change /
/// baseline for the relative one. With a range: a value misses a bound where its whole range does; a change
/// whose range has 0 in it is noise and counts as 0. NaN keeps nothing.
ThresholdVerdict ApplyThreshold(const tfma::MetricThreshold& threshold, const MeasuredValue& measured);

}  // namespace penstock::evaluation
