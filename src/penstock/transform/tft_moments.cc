#include "penstock/transform/tft_moments.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "penstock/transform/narrow_sum.h"

namespace penstock::transform {

namespace {

template <class Number>
Number AddUp(const std::vector<Number>& values, TftOrder order) {
  if (order == TftOrder::kLanes) return AddUpInLanes<Number>(values);
  Number sum = 0;
  for (const Number value : values) sum += value;
  return sum;
}

/// numpy.nan_to_num: what overflowed is the largest number, and NaN is 0.
template <class Number>
Number Finite(Number value) {
  constexpr Number kMost = std::numeric_limits<Number>::max();
  return std::isnan(value) ? Number{0} : std::clamp(value, -kMost, kMost);
}

}  // namespace

template <class Number>
void TftMoments::AddBlock(std::span<const double> values, TftOrder order) {
  std::vector<Number> block(values.begin(), values.end());
  sum_ += AddUp(block, order);
  int64_t num_finite = 0;
  for (Number& value : block) {
    const bool is_finite = std::isfinite(value);
    num_finite += is_finite ? 1 : 0;
    if (!is_finite) value = 0;
  }
  if (num_finite == 0) return;
  const auto count = static_cast<Number>(num_finite);
  const Number mean = AddUp(block, order) / count;
  for (size_t i = 0; i < block.size(); ++i) {
    const Number deviation = std::isfinite(values[i]) ? block[i] - mean : Number{0};
    block[i] = order == TftOrder::kSquares ? block[i] * block[i] : deviation * deviation;
  }
  Number variance = AddUp(block, order) / count;
  if (order == TftOrder::kSquares) variance -= mean * mean;
  MergeFinite(num_finite, Finite(mean), static_cast<double>(Finite(variance)) * static_cast<double>(count));
}

void TftMoments::AddSpan(std::span<const double> values, bool is_narrow, TftOrder order) {
  num_present_ += static_cast<int64_t>(values.size());
  for (const double value : values) {
    has_nan_ |= value != value;
    if (value < minimum_) minimum_ = value;
    if (value > maximum_) maximum_ = value;
  }
  constexpr size_t kBlock = 1024;
  for (size_t at = 0; at < values.size(); at += kBlock) {
    const auto block = values.subspan(at, std::min(kBlock, values.size() - at));
    if (is_narrow) {
      AddBlock<float>(block, order);
    } else {
      AddBlock<double>(block, order);
    }
  }
}

void TftMoments::MergeFinite(int64_t count, double mean, double sum_squared_deviations) {
  if (count == 0) return;
  const double total = static_cast<double>(num_finite_ + count);
  const double share = static_cast<double>(count) / total;
  const double delta = mean - mean_;
  // So that merging into nothing changes no bit.
  sum_squared_deviations_ = num_finite_ == 0 ? sum_squared_deviations
                                             : sum_squared_deviations_ + sum_squared_deviations +
                                                   delta * delta * static_cast<double>(num_finite_) * share;
  mean_ = num_finite_ == 0 ? mean : mean_ + delta * share;
  num_finite_ += count;
}

void TftMoments::Merge(const TftMoments& from) {
  MergeFinite(from.num_finite_, from.mean_, from.sum_squared_deviations_);
  num_present_ += from.num_present_;
  sum_ += from.sum_;
  minimum_ = std::min(minimum_, from.minimum_);
  maximum_ = std::max(maximum_, from.maximum_);
  has_nan_ |= from.has_nan_;
}

MomentsResult TftMoments::Finish(bool is_narrow) const {
  const auto round = [&](double value) {
    return is_narrow ? static_cast<double>(static_cast<float>(value)) : value;
  };
  MomentsResult result{.num_values = num_finite_, .minimum = minimum_, .maximum = maximum_};
  result.num_present = num_present_;
  result.sum = round(sum_);
  if (has_nan_) result.minimum = result.maximum = result.sum = std::nan("");
  if (num_finite_ == 0) return result;
  const double variance = std::max(0.0, sum_squared_deviations_ / static_cast<double>(num_finite_));
  result.mean = is_narrow ? Finite(static_cast<float>(mean_)) : Finite(mean_);
  result.variance = is_narrow ? Finite(static_cast<float>(variance)) : Finite(variance);
  return result;
}

void TftMoments::Encode(combine::StateWriter& writer) const {
  writer.Varint(static_cast<uint64_t>(num_present_)).Varint(static_cast<uint64_t>(num_finite_));
  for (const double value : {mean_, sum_squared_deviations_, sum_, minimum_, maximum_}) writer.Double(value);
  writer.Bool(has_nan_);
}

void TftMoments::Decode(combine::StateReader& reader) {
  num_present_ = reader.NonNegative();
  num_finite_ = reader.NonNegative();
  for (double* value : {&mean_, &sum_squared_deviations_, &sum_, &minimum_, &maximum_})
    *value = reader.Double();
  has_nan_ = reader.Bool();
}

}  // namespace penstock::transform
