#include "penstock/combine/moments.h"

#include <algorithm>
#include <array>
#include <vector>

namespace penstock::combine {
namespace {

constexpr int64_t kBlock = 1024;
constexpr int64_t kLanes = 8;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What one pass over a block gives. Independent lanes, because a compiler may not reorder
// floating point sums by itself, and so cannot use vector registers for a single one.
struct BlockTotals {
  double sum = 0;         // Rounded to a double...
  double correction = 0;  // ...and what that left out.
  double min = kInfinity;
  double max = -kInfinity;
  int64_t num_zeros = 0;
};

BlockTotals TotalsOf(const double* values, int64_t count) {
  std::array<double, kLanes> sum{}, correction{}, least, greatest;
  std::array<int64_t, kLanes> zeros{};
  least.fill(kInfinity);
  greatest.fill(-kInfinity);
  const auto add = [&](size_t lane, double value) {
    // Knuth's TwoSum: exact error of the addition without a branch.
    const double total = sum[lane] + value;
    const double part = total - sum[lane];
    correction[lane] += (sum[lane] - (total - part)) + (value - part);
    sum[lane] = total;
    least[lane] = value < least[lane] ? value : least[lane];
    greatest[lane] = value > greatest[lane] ? value : greatest[lane];
    zeros[lane] += value == 0 ? 1 : 0;
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) add(lane, values[i + static_cast<int64_t>(lane)]);
  }
  for (size_t lane = 0; i < count; ++i, ++lane) add(lane, values[i]);
  BlockTotals totals;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const double total = totals.sum + sum[lane];
    const double part = total - totals.sum;
    totals.correction += (totals.sum - (total - part)) + (sum[lane] - part) + correction[lane];
    totals.sum = total;
    totals.min = std::min(totals.min, least[lane]);
    totals.max = std::max(totals.max, greatest[lane]);
    totals.num_zeros += zeros[lane];
  }
  return totals;
}

double SumSquaredDeviations(const double* values, int64_t count, double mean) {
  std::array<double, kLanes> squares{}, deviations{};
  const auto add = [&](size_t lane, double value) {
    const double deviation = value - mean;
    squares[lane] += deviation * deviation;
    deviations[lane] += deviation;
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) add(lane, values[i + static_cast<int64_t>(lane)]);
  }
  for (size_t lane = 0; i < count; ++i, ++lane) add(lane, values[i]);
  double square = 0, deviation = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    square += squares[lane];
    deviation += deviations[lane];
  }
  // Past the largest double there is no correction to make: infinity less infinity is no number.
  if (!std::isfinite(square)) return kInfinity;
  // The corrected two-pass formula: the second term is what the rounding of the mean cost.
  return std::max(0.0, square - deviation * (deviation / static_cast<double>(count)));
}

template <class T>
void AddConverted(std::span<const T> values, Moments& moments) {
  std::array<double, kBlock> block;
  for (size_t from = 0; from < values.size(); from += kBlock) {
    const size_t count = std::min(values.size() - from, static_cast<size_t>(kBlock));
    for (size_t i = 0; i < count; ++i) block[i] = static_cast<double>(values[from + i]);
    moments.AddSpan(std::span<const double>(block.data(), count));
  }
}

}  // namespace

void Moments::AddSpan(std::span<const double> values) {
  for (size_t from = 0; from < values.size(); from += kBlock) {
    AddFiniteBlock(values.data() + from, std::min(kBlock, static_cast<int64_t>(values.size() - from)));
  }
}

void Moments::AddSpan(std::span<const float> values) { AddConverted(values, *this); }
void Moments::AddSpan(std::span<const int64_t> values) { AddConverted(values, *this); }

void Moments::AddFiniteBlock(const double* values, int64_t count) {
  const BlockTotals totals = TotalsOf(values, count);
  // A NaN or an infinity in the block shows in its sum; so does an overflow, which one by one will tell
  // apart.
  if (!std::isfinite(totals.sum)) {
    for (int64_t i = 0; i < count; ++i) Add(values[i]);
    return;
  }
  const double mean = totals.sum / static_cast<double>(count);
  const double squares = SumSquaredDeviations(values, count, mean);
  min_ = std::min(min_, totals.min);
  max_ = std::max(max_, totals.max);
  num_zeros_ += totals.num_zeros;
  sum_.Add(totals.sum);
  sum_.Add(totals.correction);
  MergeFinite(count, mean, squares);
}

void Moments::MergeFinite(int64_t count, double mean, double sum_squared_deviations) {
  if (count == 0) return;
  if (num_finite_ == 0) {
    num_finite_ = count;
    mean_ = mean;
    sum_squared_deviations_ = sum_squared_deviations;
    return;
  }
  const auto mine = static_cast<double>(num_finite_);
  const auto theirs = static_cast<double>(count);
  const double delta = mean - mean_;
  const double share = theirs / (mine + theirs);
  sum_squared_deviations_ += sum_squared_deviations + delta * delta * (mine * share);
  // Means of opposite signs can be further apart than the largest double.
  mean_ += std::isfinite(delta) ? delta * share : mean * share - mean_ * share;
  num_finite_ += count;
}

void Moments::Merge(const Moments& from) {
  MergeFinite(from.num_finite_, from.mean_, from.sum_squared_deviations_);
  num_nan_ += from.num_nan_;
  num_positive_infinity_ += from.num_positive_infinity_;
  num_negative_infinity_ += from.num_negative_infinity_;
  num_zeros_ += from.num_zeros_;
  sum_.Merge(from.sum_);
  min_ = std::min(min_, from.min_);
  max_ = std::max(max_, from.max_);
}

double Moments::sum() const {
  if (num_positive_infinity_ > 0 && num_negative_infinity_ > 0) return kNaN;
  if (num_positive_infinity_ > 0) return kInfinity;
  if (num_negative_infinity_ > 0) return -kInfinity;
  return sum_.value();
}

double Moments::mean() const {
  if (count() == 0) return kNaN;
  return num_infinite() > 0 ? sum() : finite_mean();
}

double Moments::variance() const { return num_infinite() > 0 ? kNaN : finite_variance(); }

double Moments::finite_mean() const {
  if (num_finite_ == 0) return kNaN;
  // The compensated sum is the better of the two, unless it overflowed where the running mean did not.
  const double sum = sum_.value();
  return std::isfinite(sum) ? sum / static_cast<double>(num_finite_) : mean_;
}

double Moments::finite_variance() const {
  return num_finite_ == 0 ? kNaN : sum_squared_deviations_ / static_cast<double>(num_finite_);
}

void Moments::Encode(StateWriter& writer) const {
  writer.Version(1);
  for (int64_t count : {num_finite_, num_nan_, num_positive_infinity_, num_negative_infinity_, num_zeros_}) {
    writer.Varint(static_cast<uint64_t>(count));
  }
  writer.Double(mean_).Double(sum_squared_deviations_);
  sum_.Encode(writer);
  writer.Double(min_).Double(max_);
}

Result<Moments> Moments::Decode(StateReader& reader) {
  Moments moments;
  reader.Version(1);
  for (int64_t* count : {&moments.num_finite_, &moments.num_nan_, &moments.num_positive_infinity_,
                         &moments.num_negative_infinity_, &moments.num_zeros_}) {
    *count = reader.NonNegative();
    // A billion years of counting; keeps sums of damaged counts from overflowing.
    if (*count > std::numeric_limits<int64_t>::max() / 16) reader.Fail("a count is too large");
  }
  moments.mean_ = reader.Double();
  moments.sum_squared_deviations_ = reader.Double();
  moments.sum_.Decode(reader);
  moments.min_ = reader.Double();
  moments.max_ = reader.Double();
  if (moments.sum_squared_deviations_ < 0 || std::isnan(moments.min_) || std::isnan(moments.max_)) {
    reader.Fail("its moments contradict each other");
  }
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return moments;
}

void WeightedMoments::Add(double value, double weight) {
  if (!(std::isfinite(value) && std::isfinite(weight) && weight > 0)) {
    ++num_skipped_;
    return;
  }
  ++count_;
  weight_.Add(weight);
  sum_.Add(weight * value);
  // West's update for weighted moments (1979).
  const double delta = value - mean_;
  mean_ += delta * (weight / weight_.value());
  sum_squared_deviations_ += weight * delta * (value - mean_);
}

void WeightedMoments::Merge(const WeightedMoments& from) {
  count_ += from.count_;
  num_skipped_ += from.num_skipped_;
  const double mine = weight_.value();
  const double theirs = from.weight_.value();
  weight_.Merge(from.weight_);
  sum_.Merge(from.sum_);
  if (theirs <= 0) return;
  const double delta = from.mean_ - mean_;
  sum_squared_deviations_ +=
      from.sum_squared_deviations_ + delta * delta * (mine * (theirs / (mine + theirs)));
  mean_ += delta * (theirs / (mine + theirs));
}

double WeightedMoments::mean() const { return weight_.value() > 0 ? sum_.value() / weight_.value() : kNaN; }

double WeightedMoments::variance() const {
  return weight_.value() > 0 ? std::max(0.0, sum_squared_deviations_) / weight_.value() : kNaN;
}

void WeightedMoments::Encode(StateWriter& writer) const {
  writer.Version(1).Varint(static_cast<uint64_t>(count_)).Varint(static_cast<uint64_t>(num_skipped_));
  weight_.Encode(writer);
  sum_.Encode(writer);
  writer.Double(mean_).Double(sum_squared_deviations_);
}

Result<WeightedMoments> WeightedMoments::Decode(StateReader& reader) {
  WeightedMoments moments;
  reader.Version(1);
  for (int64_t* count : {&moments.count_, &moments.num_skipped_}) {
    *count = reader.NonNegative();
    if (*count > std::numeric_limits<int64_t>::max() / 16) reader.Fail("a count is too large");
  }
  moments.weight_.Decode(reader);
  moments.sum_.Decode(reader);
  moments.mean_ = reader.Double();
  moments.sum_squared_deviations_ = reader.Double();
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return moments;
}

}  // namespace penstock::combine
