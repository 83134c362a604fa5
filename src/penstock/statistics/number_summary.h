#pragma once

#include <cstdint>
#include <span>

#include <arrow/array.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/moments.h"
#include "penstock/combine/quantile_sketch.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// The values of a numeric feature: moments, extremes, zeros, NaNs and infinities, and a
/// quantile sketch for median and histograms. Integers above 2^53 count as the nearest double.
class NumberSummary {
 public:
  explicit NumberSummary(double epsilon) : sketch_(epsilon) {}

  /// `values`: int64, float, double or bool; nulls are no values. Works in blocks that stay
  /// in the first-level cache, without a branch per value.
  void Add(const arrow::Array& values);
  Status Merge(const NumberSummary& from);
  int64_t num_nan() const { return num_nan_; }
  int64_t num_bytes() const { return sketch_.num_bytes(); }  ///< That Shrink can act on.
  /// Halves the sketch; false where it is at its least.
  bool Shrink() { return sketch_.Shrink(); }
  /// Of the finite values; +infinity and -infinity where there are none.
  double finite_min() const { return finite_.min(); }
  double finite_max() const { return finite_.max(); }
  /// Whether there is any value but NaNs.
  bool has_numbers() const { return finite_.count() + num_infinite() > 0; }

  /// Fills everything but the common statistics. Nothing where there is no number; only num_nan where
  /// all are NaN. With infinities the mean is what IEEE arithmetic makes of it and the deviation 0 (so TFDV).
  void Finish(const StatisticsOptions& options, tensorflow::metadata::v0::NumericStatistics& out) const;

  /// Appends custom_stats kNumericSketchName of at most `size` values.
  void FinishSketch(int size, tensorflow::metadata::v0::FeatureNameStatistics& out) const;

  void Encode(combine::StateWriter& writer) const;
  static Result<NumberSummary> Decode(combine::StateReader& reader);

 private:
  void AddBlock(std::span<const double> values);
  int64_t num_infinite() const { return num_negative_infinity_ + num_positive_infinity_; }
  double Mean() const;

  int64_t num_nan_ = 0;
  int64_t num_negative_infinity_ = 0;
  int64_t num_positive_infinity_ = 0;
  combine::Moments finite_;
  combine::QuantileSketch sketch_;  // Of all but NaNs.
};

}  // namespace penstock::statistics
