#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "penstock/combine/state_codec.h"

namespace penstock::combine {

/// A sum that carries its rounding error along (Neumaier 1974): the error stays near one
/// rounding of the result, whatever the number and order of the terms.
class CompensatedSum {
 public:
  void Add(double value) {
    const double total = sum_ + value;
    // Which of the two lost its low bits depends on which is smaller.
    correction_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - total) + value : (value - total) + sum_;
    sum_ = total;
  }
  void Merge(const CompensatedSum& from) {
    Add(from.sum_);
    correction_ += from.correction_;
  }
  /// A sum that overflowed gives infinity, not the NaN of its correction.
  double value() const { return std::isfinite(sum_) ? sum_ + correction_ : sum_; }
  void Encode(StateWriter& writer) const { writer.Double(sum_).Double(correction_); }
  void Decode(StateReader& reader) {
    sum_ = reader.Double();
    correction_ = reader.Double();
  }

 private:
  double sum_ = 0;
  double correction_ = 0;
};

/// Count, mean, variance, sum and extremes of numbers, merged by Chan's formula (Chan, Golub,
/// LeVeque 1979): no second pass over the data, and shards of unlike size keep their precision.
///
/// A NaN is counted in num_nan() and left out of everything else. An infinity counts in
/// count(), min() and max(); mean(), sum() and variance() then are what IEEE arithmetic
/// makes of it (infinite, or NaN), and the finite_*() figures leave it out. -0.0 is a zero.
/// 80 bytes; a plain value. Different chunking changes results by rounding only (1e-12 relative).
class Moments {
 public:
  /// One value (Welford's update: one division). Prefer AddSpan for whole columns.
  void Add(double value);
  /// As many Adds, several times faster: two vector passes over blocks of 1024.
  void AddSpan(std::span<const double> values);
  void AddSpan(std::span<const float> values);
  /// Values above 2^53 in magnitude are rounded to double.
  void AddSpan(std::span<const int64_t> values);
  void Merge(const Moments& from);

  int64_t count() const { return num_finite_ + num_infinite(); }  ///< Without NaNs.
  int64_t num_nan() const { return num_nan_; }
  int64_t num_infinite() const { return num_positive_infinity_ + num_negative_infinity_; }
  int64_t num_zeros() const { return num_zeros_; }
  double min() const { return min_; }  ///< +infinity where count() is 0.
  double max() const { return max_; }  ///< -infinity where count() is 0.
  double sum() const;
  double mean() const;  ///< NaN where count() is 0.
  /// Population variance (divided by count); NaN where count() is 0.
  double variance() const;
  double standard_deviation() const { return std::sqrt(variance()); }
  double finite_sum() const { return sum_.value(); }
  double finite_mean() const;
  double finite_variance() const;
  /// Sum of squared deviations from the finite mean.
  double sum_squared_deviations() const { return sum_squared_deviations_; }

  void Encode(StateWriter& writer) const;
  static Result<Moments> Decode(StateReader& reader);

 private:
  void AddFiniteBlock(const double* values, int64_t count);
  void MergeFinite(int64_t count, double mean, double sum_squared_deviations);

  int64_t num_finite_ = 0;
  int64_t num_nan_ = 0;
  int64_t num_positive_infinity_ = 0;
  int64_t num_negative_infinity_ = 0;
  int64_t num_zeros_ = 0;
  double mean_ = 0;                    // Of the finite values.
  double sum_squared_deviations_ = 0;  // Of the finite values from mean_.
  CompensatedSum sum_;                 // Of the finite values.
  double min_ = std::numeric_limits<double>::infinity();
  double max_ = -std::numeric_limits<double>::infinity();
};

inline void Moments::Add(double value) {
  if (value < min_) min_ = value;
  if (value > max_) max_ = value;
  if (!std::isfinite(value)) {
    if (std::isnan(value)) {
      ++num_nan_;
    } else {
      ++(value > 0 ? num_positive_infinity_ : num_negative_infinity_);
    }
    return;
  }
  ++num_finite_;
  num_zeros_ += value == 0;
  const double delta = value - mean_;
  const auto count = static_cast<double>(num_finite_);
  // Of opposite signs, they can be further apart than the largest double.
  mean_ += std::isfinite(delta) ? delta / count : value / count - mean_ / count;
  sum_squared_deviations_ += delta * (value - mean_);
  sum_.Add(value);
}

/// Moments in which every value has a weight. Values that are not finite, and weights that
/// are not finite and above 0, are left out and counted in num_skipped(): checking weights is the caller's
/// part.
class WeightedMoments {
 public:
  void Add(double value, double weight);
  void Merge(const WeightedMoments& from);

  int64_t count() const { return count_; }
  int64_t num_skipped() const { return num_skipped_; }
  double weighted_count() const { return weight_.value(); }
  double weighted_sum() const { return sum_.value(); }
  double mean() const;      ///< NaN where the total weight is 0.
  double variance() const;  ///< Population variance; NaN where the total weight is 0.
  double standard_deviation() const { return std::sqrt(variance()); }

  void Encode(StateWriter& writer) const;
  static Result<WeightedMoments> Decode(StateReader& reader);

 private:
  int64_t count_ = 0;
  int64_t num_skipped_ = 0;
  CompensatedSum weight_;
  CompensatedSum sum_;  // Of weight * value.
  double mean_ = 0;
  double sum_squared_deviations_ = 0;
};

}  // namespace penstock::combine
