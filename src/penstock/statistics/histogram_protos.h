#pragma once

#include <cstddef>
#include <vector>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/combine/quantile_sketch.h"

namespace penstock::statistics {

/// What a quantile sketch knows, asked by position as TFDV asks it (a QuantileSummary takes the
/// lower of two values at a cut, TFDV the upper). Immutable; the histograms below are read off it.
class Distribution {
 public:
  Distribution() = default;
  explicit Distribution(const combine::QuantileSummary& summary);

  bool empty() const { return values_.empty(); }
  double total() const { return cumulative_.empty() ? 0 : cumulative_.back(); }
  /// Index of the value that stands at `position` (0 ... total) of all values in order; the
  /// last for a position at or past the end. Not for an empty distribution. O(log n).
  size_t IndexAt(double position) const;
  double ValueAt(double position) const { return values_[IndexAt(position)]; }
  /// The number of values <= `value`. O(log n).
  double CountUpTo(double value) const;
  double value(size_t index) const { return values_[index]; }
  double cumulative(size_t index) const { return cumulative_[index]; }

 private:
  std::vector<double> values_;
  std::vector<double> cumulative_;
};

/// The values that lie outside what an equal-width histogram can divide.
struct InfinityCounts {
  double num_negative = 0;
  double num_positive = 0;
};

/// The middle value; of an even number of values the upper of the two, as TFDV's quantiles have it.
double Median(const Distribution& distribution);

/// A QUANTILES histogram of `num_buckets` buckets: bucket i ends at the value that stands
/// at (i + 1) / num_buckets of all. Counts are those of TFDV: where several buckets end at one
/// value, they share their values evenly.
tensorflow::metadata::v0::Histogram MakeQuantilesHistogram(const Distribution& distribution, int num_buckets);

/// A STANDARD histogram of `num_buckets` buckets of equal width from `finite_min` to `finite_max`,
/// each holding the values above its lower and up to its upper bound (the first its lower bound
/// too); infinities stand in buckets of their own at the ends. One bucket where the extremes are equal or
/// no value is finite; none where the range overflows a double (so does TFDV).
tensorflow::metadata::v0::Histogram MakeStandardHistogram(const Distribution& distribution, double finite_min,
                                                          double finite_max, int num_buckets,
                                                          const InfinityCounts& infinities);

}  // namespace penstock::statistics
