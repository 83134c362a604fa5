#include "penstock/combine/quantile_sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace penstock::combine {
namespace {

using Entry = QuantileSummary::Entry;
// Reductions a value may pass; with it the bound holds for 2^30 full buffers.
constexpr int64_t kMaxReductions = 30;
constexpr int64_t kLeastCapacity = 64;
// A count that no fold reaches and no sum of counts overflows.
constexpr int64_t kMaxCount = int64_t{1} << 58;

// Least power of two whose kMaxReductions halves of a share stay below `rank_error`.
int64_t CapacityFor(double rank_error) {
  return static_cast<int64_t>(
      std::bit_ceil(static_cast<uint64_t>(std::ceil(kMaxReductions / (2 * rank_error)))));
}

// Numbers as integers of the same order. Adding 0 makes -0.0 into 0.0: they are one value.
uint64_t OrderedBits(double value) {
  const auto bits = std::bit_cast<uint64_t>(value + 0.0);
  return bits ^ ((bits >> 63) != 0 ? ~uint64_t{0} : uint64_t{1} << 63);
}
uint32_t OrderedBits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value + 0.0F);
  return bits ^ ((bits >> 31) != 0 ? ~uint32_t{0} : uint32_t{1} << 31);
}
double FromOrderedBits(uint64_t bits) {
  return std::bit_cast<double>(bits ^ ((bits >> 63) != 0 ? uint64_t{1} << 63 : ~uint64_t{0}));
}
double FromOrderedBits(uint32_t bits) {
  return std::bit_cast<float>(bits ^ ((bits >> 31) != 0 ? uint32_t{1} << 31 : ~uint32_t{0}));
}

// Radix sort by bytes, least first. Bytes in which all values agree (many of them, for whole and
// for short decimal numbers) cost nothing beyond the counting.
template <class Bits>
void SortBits(std::vector<Bits>& bits) {
  std::array<std::array<uint32_t, 256>, sizeof(Bits)> counts{};
  for (const Bits value : bits) {
    for (size_t byte = 0; byte < sizeof(Bits); ++byte) ++counts[byte][(value >> (8 * byte)) & 0xff];
  }
  std::vector<Bits> sorted(bits.size());
  for (size_t byte = 0; byte < sizeof(Bits); ++byte) {
    if (counts[byte][(bits[0] >> (8 * byte)) & 0xff] == bits.size()) continue;
    uint32_t start = 0;
    for (uint32_t& count : counts[byte]) start += std::exchange(count, start);
    for (const Bits value : bits) sorted[counts[byte][(value >> (8 * byte)) & 0xff]++] = value;
    bits.swap(sorted);
  }
}

// Whether a value is the next one's equal is a coin toss: always written, kept by counting on.
template <class Bits>
std::vector<Entry> JoinEqual(const std::vector<Bits>& sorted) {
  std::vector<Entry> entries(sorted.size());
  size_t num_entries = 0, begin = 0;
  for (size_t i = 0; i + 1 < sorted.size(); ++i) {
    entries[num_entries] = {FromOrderedBits(sorted[i]), static_cast<double>(i + 1 - begin)};
    const bool ends = sorted[i] != sorted[i + 1];
    num_entries += ends;
    begin = ends ? i + 1 : begin;
  }
  entries[num_entries] = {FromOrderedBits(sorted.back()), static_cast<double>(sorted.size() - begin)};
  entries.resize(num_entries + 1);
  return entries;
}

template <class Number>
std::vector<Entry> SortedRuns(const std::vector<double>& values) {
  std::vector<decltype(OrderedBits(Number()))> bits(values.size());
  std::transform(values.begin(), values.end(), bits.begin(),
                 [](double value) { return OrderedBits(static_cast<Number>(value)); });
  SortBits(bits);
  return JoinEqual(bits);
}

// Floats, and integers up to 2^24: half the bytes to sort by.
bool AreFloats(const std::vector<double>& values) {
  int num_other = 0;  // Not short-circuited, so that it becomes a vector loop.
  for (const double value : values) num_other += static_cast<double>(static_cast<float>(value)) != value;
  return num_other == 0;
}

void Append(std::vector<Entry>& entries, double value, double weight) {
  if (!entries.empty() && entries.back().value == value) {
    entries.back().weight += weight;
  } else {
    entries.push_back({value, weight});
  }
}

std::vector<Entry> SortedEntries(const std::vector<double>& values, const std::vector<double>& weights) {
  std::vector<Entry> entries;
  if (values.empty()) return entries;
  if (weights.empty()) return AreFloats(values) ? SortedRuns<float>(values) : SortedRuns<double>(values);
  std::vector<Entry> pairs(values.size());
  for (size_t i = 0; i < values.size(); ++i) pairs[i] = {values[i] + 0.0, weights[i]};
  // Stable, so that equal values add their weights in the order they came: the same bits each time.
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Entry& a, const Entry& b) { return a.value < b.value; });
  entries.reserve(pairs.size());
  for (const Entry& pair : pairs) Append(entries, pair.value, pair.weight);
  return entries;
}

// Which side is next is a coin toss, so it is selected, not branched on: a mispredicted branch costs more
// than all the rest. Within a side values differ, so an equal one can only be the last written.
std::vector<Entry> MergeEntries(const std::vector<Entry>& a, const std::vector<Entry>& b) {
  std::vector<Entry> merged(a.size() + b.size());
  const Entry *left = a.data(), *left_end = left + a.size(), *right = b.data(), *right_end = right + b.size();
  Entry* out = merged.data();
  while (left != left_end && right != right_end) {
    const bool takes_left = left->value <= right->value, takes_right = right->value <= left->value;
    // A ternary would be compiled into the very branch.
    const auto left_bits = reinterpret_cast<uintptr_t>(left), right_bits = reinterpret_cast<uintptr_t>(right);
    const auto* next = reinterpret_cast<const Entry*>(
        right_bits ^ ((left_bits ^ right_bits) & (uintptr_t{0} - uintptr_t{takes_left})));
    const double joined = static_cast<double>(takes_left & takes_right);
    *out = {next->value, next->weight + joined * right->weight};
    ++out;
    left += takes_left;
    right += takes_right;
  }
  out = std::copy(left, left_end, out);
  out = std::copy(right, right_end, out);
  merged.resize(static_cast<size_t>(out - merged.data()));
  return merged;
}

double WeightOf(const std::vector<Entry>& entries) {
  double total = 0;
  for (const Entry& entry : entries) total += entry.weight;
  return total;
}

// `size` entries of equal weight (equal values joined) in place of more: of each 1/size of the
// weight the middle one stays, so no rank moves by more than half of such a share.
std::vector<Entry> Reduce(const std::vector<Entry>& entries, int64_t size) {
  const double total = WeightOf(entries);
  const double share = total / static_cast<double>(size);
  const double shares_per_weight = static_cast<double>(size) / total;
  std::vector<Entry> reduced(static_cast<size_t>(size) + 1);
  size_t num_reduced = 0;
  double cumulative = 0;
  int64_t taken = 0;
  for (const Entry& entry : entries) {
    cumulative += entry.weight;
    // Written so that weights whose sum overflows end in one entry, not in an undefined conversion.
    const double reached = cumulative * shares_per_weight + 0.5;
    const auto reach =
        static_cast<int64_t>(reached < static_cast<double>(size) ? reached : static_cast<double>(size));
    // Whether an entry stays is a coin toss too: always written, kept by counting on.
    reduced[num_reduced] = {entry.value, static_cast<double>(reach - taken) * share};
    num_reduced += reach > taken;
    taken = reach;
  }
  reduced.resize(num_reduced);
  return reduced;
}

std::vector<Entry> DecodeEntries(StateReader& reader, int64_t capacity) {
  std::vector<Entry> entries(reader.Count(16));
  if (static_cast<int64_t>(entries.size()) > capacity) reader.Fail("a level is too large");
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i] = {reader.Double(), reader.Double()};
    const bool rises = i == 0 || entries[i - 1].value < entries[i].value;
    if (std::isnan(entries[i].value) || !rises || !std::isfinite(entries[i].weight) ||
        entries[i].weight <= 0) {
      reader.Fail("the entries of a level are not in order");
    }
  }
  return entries;
}

}  // namespace

QuantileSummary::QuantileSummary(std::vector<Entry> entries, double min, double max)
    : entries_(std::move(entries)) {
  if (entries_.empty()) return;
  min_ = min;
  max_ = max;
  cumulative_.reserve(entries_.size());
  double total = 0;
  for (const Entry& entry : entries_) cumulative_.push_back(total += entry.weight);
}

double QuantileSummary::Quantile(double q) const {
  if (empty() || q <= 0) return min_;
  if (q >= 1) return max_;
  // A hair less than q * total, so that 0.1 of 30 is 3 and not the double just above it.
  const double target = q * total_weight() * (1 - 1e-14);
  const auto at = std::lower_bound(cumulative_.begin(), cumulative_.end(), target);
  return entries_[std::min(static_cast<size_t>(at - cumulative_.begin()), entries_.size() - 1)].value;
}

std::vector<double> QuantileSummary::Boundaries(int64_t num_buckets) const {
  std::vector<double> boundaries;
  num_buckets = std::max<int64_t>(num_buckets, 1);
  boundaries.reserve(static_cast<size_t>(num_buckets) + 1);
  for (int64_t i = 0; i <= num_buckets; ++i) {
    boundaries.push_back(Quantile(static_cast<double>(i) / static_cast<double>(num_buckets)));
  }
  return boundaries;
}

double QuantileSummary::CumulativeWeight(double x) const {
  if (empty() || x < min_ || std::isnan(x)) return 0;
  if (x >= max_) return total_weight();
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), x,
                                      [](double value, const Entry& entry) { return value < entry.value; });
  return after == entries_.begin() ? 0 : cumulative_[static_cast<size_t>(after - entries_.begin()) - 1];
}

double QuantileSummary::CumulativeWeightBelow(double x) const {
  if (empty() || x <= min_ || std::isnan(x)) return 0;
  if (x > max_) return total_weight();
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), x,
                                   [](const Entry& entry, double value) { return entry.value < value; });
  return at == entries_.begin() ? 0 : cumulative_[static_cast<size_t>(at - entries_.begin()) - 1];
}

QuantileSketch::QuantileSketch(double rank_error)
    : rank_error_(rank_error >= 1e-5 ? std::min(rank_error, 0.5) : 1e-5),
      capacity_(CapacityFor(rank_error_)) {}

void QuantileSketch::Add(double value, double weight) {
  if (weight == 1) return Add(value);
  if (std::isnan(value)) {
    ++num_nan_;
    return;
  }
  if (!(std::isfinite(weight) && weight > 0)) return;
  if (weights_.empty()) weights_.assign(values_.size(), 1);
  weights_.push_back(weight);
  values_.push_back(value);
  ++count_;
  if (values_.size() == buffer_size()) Flush();
}

void QuantileSketch::AddSpan(std::span<const double> values) {
  int num_nan = 0;
  for (const double value : values) num_nan += value != value;
  if (num_nan > 0 || !weights_.empty()) {
    for (const double value : values) Add(value);
    return;
  }
  count_ += static_cast<int64_t>(values.size());
  while (!values.empty()) {
    const size_t fitting = std::min(values.size(), buffer_size() - values_.size());
    values_.insert(values_.end(), values.begin(), values.begin() + static_cast<std::ptrdiff_t>(fitting));
    values = values.subspan(fitting);
    if (values_.size() == buffer_size()) Flush();
  }
}
void QuantileSketch::AddSpan(std::span<const float> values) {
  for (float value : values) Add(static_cast<double>(value));
}
void QuantileSketch::AddSpan(std::span<const int64_t> values) {
  for (int64_t value : values) Add(static_cast<double>(value));
}

void QuantileSketch::Flush() {
  std::vector<Entry> node = SortedEntries(values_, weights_);
  values_.clear();
  weights_.clear();
  min_ = std::min(min_, node.front().value);
  max_ = std::max(max_, node.back().value);
  ReduceToCapacity(node);
  Carry(std::move(node), 0);
}

void QuantileSketch::ReduceToCapacity(std::vector<Entry>& node) {
  if (static_cast<int64_t>(node.size()) <= capacity_) return;
  moved_weight_ += WeightOf(node) / (2 * static_cast<double>(capacity_));
  node = Reduce(node, capacity_);
}

bool QuantileSketch::Shrink() {
  if (capacity_ <= kLeastCapacity) return false;
  HalveCapacity();
  return true;
}

void QuantileSketch::HalveCapacity() {
  capacity_ /= 2;
  for (std::vector<Entry>& level : levels_) ReduceToCapacity(level);
  // A level stands for so many full buffers, and those are half as large from now on.
  if (!levels_.empty()) levels_.insert(levels_.begin(), std::vector<Entry>());
  if (values_.size() >= buffer_size()) Flush();
  values_.shrink_to_fit();
  weights_.shrink_to_fit();
}

double QuantileSketch::rank_error_bound() const {
  if (moved_weight_ == 0) return 0;
  double total = weights_.empty() ? static_cast<double>(values_.size()) : 0;
  for (const double weight : weights_) total += weight;
  for (const std::vector<Entry>& level : levels_) total += WeightOf(level);
  return std::min(1.0, moved_weight_ / total);
}

int64_t QuantileSketch::num_bytes() const {
  // Of sizes, not of vectors' capacities: a copied or decoded sketch is as large as the one counted. Once
  // flushed, a buffer keeps its memory.
  size_t bytes = (levels_.empty() ? std::bit_ceil(values_.size()) : buffer_size()) * sizeof(double);
  if (!weights_.empty()) bytes *= 2;
  for (const std::vector<Entry>& level : levels_) bytes += level.size() * sizeof(Entry);
  return static_cast<int64_t>(bytes);
}

void QuantileSketch::Carry(std::vector<Entry> node, size_t level) {
  while (true) {
    if (levels_.size() <= level) levels_.resize(level + 1);
    if (levels_[level].empty()) {
      // What few distinct values were found in takes no more than they do.
      if (node.capacity() > node.size() + node.size() / 4) node.shrink_to_fit();
      levels_[level] = std::move(node);
      return;
    }
    node = MergeEntries(levels_[level], node);
    levels_[level] = {};
    ReduceToCapacity(node);
    ++level;
  }
}

Status QuantileSketch::Merge(const QuantileSketch& from) {
  if (from.rank_error_ != rank_error_) {
    return InvalidArgument("Quantile sketches of rank errors {} and {} cannot be merged", rank_error_,
                           from.rank_error_);
  }
  if (from.capacity_ > capacity_) {
    QuantileSketch smaller = from;
    while (smaller.capacity_ > capacity_) smaller.HalveCapacity();
    return Merge(smaller);
  }
  while (capacity_ > from.capacity_) HalveCapacity();
  moved_weight_ += from.moved_weight_;
  const int64_t count = count_ + from.count_;
  min_ = std::min(min_, from.min_);
  max_ = std::max(max_, from.max_);
  for (size_t level = 0; level < from.levels_.size(); ++level) {
    if (!from.levels_[level].empty()) Carry(from.levels_[level], level);
  }
  for (size_t i = 0; i < from.values_.size(); ++i)
    Add(from.values_[i], from.weights_.empty() ? 1 : from.weights_[i]);
  count_ = count;
  num_nan_ += from.num_nan_;
  return OkStatus();
}

QuantileSummary QuantileSketch::Summarize() const {
  std::vector<Entry> all = SortedEntries(values_, weights_);
  double min = min_, max = max_;
  if (!all.empty()) {
    min = std::min(min, all.front().value);
    max = std::max(max, all.back().value);
  }
  for (const std::vector<Entry>& level : levels_) {
    if (!level.empty()) all = MergeEntries(all, level);
  }
  return QuantileSummary(std::move(all), min, max);
}

void QuantileSketch::Encode(StateWriter& writer) const {
  writer.Version(2).Double(rank_error_);
  writer.Varint(static_cast<uint64_t>(capacity_)).Double(moved_weight_);
  writer.Varint(static_cast<uint64_t>(count_)).Varint(static_cast<uint64_t>(num_nan_));
  writer.Double(min_).Double(max_);
  writer.Varint(values_.size());
  for (double value : values_) writer.Double(value);
  writer.Bool(!weights_.empty());
  for (double weight : weights_) writer.Double(weight);
  writer.Varint(levels_.size());
  for (const std::vector<Entry>& level : levels_) {
    writer.Varint(level.size());
    for (const Entry& entry : level) writer.Double(entry.value).Double(entry.weight);
  }
}

Result<QuantileSketch> QuantileSketch::Decode(StateReader& reader) {
  reader.Version(2);
  const double rank_error = reader.Double();
  QuantileSketch sketch(rank_error);
  if (sketch.rank_error_ != rank_error) reader.Fail("its rank error is out of range");
  const int64_t capacity = reader.NonNegative();
  const bool is_halved =
      capacity >= 1 && capacity <= sketch.capacity_ && std::has_single_bit(static_cast<uint64_t>(capacity));
  if (!is_halved) reader.Fail("its capacity is not one of its rank error");
  if (is_halved) sketch.capacity_ = capacity;
  sketch.moved_weight_ = reader.Double();
  if (!(sketch.moved_weight_ >= 0)) reader.Fail("its error is below 0");
  sketch.count_ = reader.NonNegative();
  sketch.num_nan_ = reader.NonNegative();
  if (sketch.count_ > kMaxCount || sketch.num_nan_ > kMaxCount) reader.Fail("a count is too large");
  sketch.min_ = reader.Double();
  sketch.max_ = reader.Double();
  if (std::isnan(sketch.min_) || std::isnan(sketch.max_)) reader.Fail("an extreme is not a number");
  sketch.values_.resize(reader.Count(8));
  if (sketch.values_.size() >= sketch.buffer_size()) reader.Fail("its buffer is too large");
  for (double& value : sketch.values_) {
    value = reader.Double();
    if (std::isnan(value)) reader.Fail("a value is not a number");
  }
  if (reader.Bool()) {
    sketch.weights_.resize(sketch.values_.size());
    for (double& weight : sketch.weights_) {
      weight = reader.Double();
      if (!(std::isfinite(weight) && weight > 0)) reader.Fail("a weight is not above 0");
    }
  }
  sketch.levels_.resize(reader.Count(1));
  if (sketch.levels_.size() > 64) reader.Fail("it has too many levels");
  for (std::vector<Entry>& level : sketch.levels_) {
    if (!reader.ok()) break;
    level = DecodeEntries(reader, sketch.capacity_);
  }
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return sketch;
}

}  // namespace penstock::combine
