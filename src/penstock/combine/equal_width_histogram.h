#pragma once

#include <cstdint>
#include <vector>

#include "penstock/combine/quantile_sketch.h"
#include "penstock/combine/state_codec.h"

namespace penstock::combine {

/// Counts of numbers in buckets of equal width between two fixed ends.
///
/// Bucket i holds [low + i * width, low + (i + 1) * width); the last one holds `high` too, as
/// TFDV's standard histogram does. Values outside go to num_below / num_above, NaNs to num_nan.
/// Counts are exact and independent of order.
class EqualWidthHistogram {
 public:
  struct Bucket {
    double low;
    double high;
    double count;  ///< Weight where weights were given.
  };
  EqualWidthHistogram() : EqualWidthHistogram(0, 1, 1) {}
  /// Needs low <= high, both finite, and num_buckets >= 1 (taken to the nearest such otherwise).
  EqualWidthHistogram(double low, double high, int64_t num_buckets);

  void Add(double value, double weight = 1) {
    if (value >= low_ && value <= high_) {
      // Clamped, because rounding can carry a value just below `high` over the end.
      auto bucket = static_cast<size_t>((value - low_) * buckets_per_unit_);
      if (bucket >= counts_.size()) bucket = counts_.size() - 1;
      counts_[bucket] += weight;
    } else if (value < low_) {
      num_below_ += weight;
    } else if (value > high_) {
      num_above_ += weight;
    } else {
      num_nan_ += weight;
    }
  }
  /// kInvalidArgument where ends or buckets differ.
  Status Merge(const EqualWidthHistogram& from);

  std::vector<Bucket> Buckets() const;
  const std::vector<double>& counts() const { return counts_; }
  double low() const { return low_; }
  double high() const { return high_; }
  double num_below() const { return num_below_; }
  double num_above() const { return num_above_; }
  double num_nan() const { return num_nan_; }

  void Encode(StateWriter& writer) const;
  static Result<EqualWidthHistogram> Decode(StateReader& reader);

 private:
  double low_;
  double high_;
  double buckets_per_unit_;
  double num_below_ = 0;
  double num_above_ = 0;
  double num_nan_ = 0;
  std::vector<double> counts_;
};

/// Buckets of equal width from the least to the greatest value of `summary` (finite ones), filled by its
/// cumulative weights: how TFDV gets its standard histogram without knowing the range
/// beforehand. As exact as the summary: each bucket is off by at most twice its rank error. Empty for an
/// empty summary.
std::vector<EqualWidthHistogram::Bucket> EqualWidthBuckets(const QuantileSummary& summary,
                                                           int64_t num_buckets);

}  // namespace penstock::combine
