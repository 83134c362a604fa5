#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "penstock/combine/state_codec.h"
#include "penstock/transform/analysis_result.h"

namespace penstock::transform {

/// In which order TFT adds up values, and how it takes their variance, which shows in float32.
enum class TftOrder : uint8_t {
  kLanes,    ///< Of all values: AddUpInLanes, the variance from deviations.
  kRows,     ///< Of each place of lists: one row after the other.
  kSquares,  ///< Of each key: one row after the other, the variance from squares.
};

/// Means and extremes as TFT takes them: NaN and infinities have no part in mean and variance, all the
/// more in sum and extremes, and what is of float32 is added up in float32, a thousand values at a time.
class TftMoments {
 public:
  void AddSpan(std::span<const double> values, bool is_narrow, TftOrder order = TftOrder::kLanes);
  void Merge(const TftMoments& from);
  /// Without Tukey's parameters.
  MomentsResult Finish(bool is_narrow) const;
  bool has_nan() const { return has_nan_; }

  void Encode(combine::StateWriter& writer) const;
  void Decode(combine::StateReader& reader);

 private:
  template <class Number>
  void AddBlock(std::span<const double> values, TftOrder order);
  void MergeFinite(int64_t count, double mean, double sum_squared_deviations);

  int64_t num_present_ = 0;
  int64_t num_finite_ = 0;
  double mean_ = 0;                    // Of the finite values.
  double sum_squared_deviations_ = 0;  // Of the finite values from mean_.
  double sum_ = 0;
  double minimum_ = std::numeric_limits<double>::infinity();
  double maximum_ = -std::numeric_limits<double>::infinity();
  bool has_nan_ = false;
};

}  // namespace penstock::transform
