#include "penstock/combine/frequencies.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

namespace penstock::combine {
namespace {

constexpr size_t kSmallestTable = 16;
constexpr int64_t kLeastKept = 1024;
constexpr size_t kSmallestChunk = 256;
constexpr size_t kLargestChunk = size_t{1} << 20;
// A count that no fold reaches and no sum of counts overflows.
constexpr int64_t kMaxCount = int64_t{1} << 58;

void WriteKey(std::string_view key, StateWriter& writer) { writer.Text(key); }
void WriteKey(int64_t key, StateWriter& writer) { writer.Signed(key); }
void ReadKey(StateReader& reader, std::string_view& key) { key = reader.Text(); }
void ReadKey(StateReader& reader, int64_t& key) { key = reader.Signed(); }

int64_t ReadCount(StateReader& reader) {
  const int64_t count = reader.NonNegative();
  if (count > kMaxCount) reader.Fail("a count is too large");
  return count;
}

}  // namespace

void ByteArena::Grow(size_t least) {
  chunk_size_ = std::clamp(chunk_size_ * 2, kSmallestChunk, kLargestChunk);
  free_ = std::max(least, chunk_size_);
  chunks_.push_back(std::make_unique<char[]>(free_));
  next_ = chunks_.back().get();
}

template <class Key>
BasicFrequencies<Key>::BasicFrequencies(FrequencyLimits limits)
    : limits_{std::clamp<int64_t>(limits.max_distinct, 1, int64_t{1} << 30),
              std::max<int64_t>(limits.max_key_bytes, 1)} {
  if constexpr (std::is_same_v<Key, std::string_view>) arena_ = std::make_unique<ByteArena>();
  Rehash(kSmallestTable);
}

template <class Key>
BasicFrequencies<Key>::BasicFrequencies(const BasicFrequencies& other)
    : limits_(other.limits_),
      total_count_(other.total_count_),
      total_weight_(other.total_weight_),
      undercount_(other.undercount_),
      weight_undercount_(other.weight_undercount_),
      table_(other.table_),
      mask_(other.mask_),
      slots_(other.slots_),
      distinct_(other.distinct_) {
  if constexpr (std::is_same_v<Key, std::string_view>) {
    arena_ = std::make_unique<ByteArena>();
    for (Slot& slot : slots_) slot.entry.key = arena_->Copy(slot.entry.key);
  }
}

template <class Key>
BasicFrequencies<Key>& BasicFrequencies<Key>::operator=(const BasicFrequencies& other) {
  if (this != &other) *this = BasicFrequencies(other);
  return *this;
}

template <class Key>
void BasicFrequencies<Key>::Rehash(size_t table_size) {
  table_ = std::vector<uint32_t>(table_size);  // Not assign, which would keep the memory of a larger one.
  mask_ = table_size - 1;
  for (size_t i = 0; i < slots_.size(); ++i) {
    size_t at = slots_[i].hash & mask_;
    while (table_[at] != 0) at = (at + 1) & mask_;
    table_[at] = static_cast<uint32_t>(i + 1);
  }
}

template <class Key>
typename BasicFrequencies<Key>::Slot& BasicFrequencies<Key>::Insert(Key key, uint64_t hash, size_t at) {
  if constexpr (std::is_same_v<Key, std::string_view>) key = arena_->Copy(key);
  // By powers of 2 after pruning and copying too: num_bytes() counts on it.
  if (slots_.size() == slots_.capacity()) slots_.reserve(std::bit_ceil(slots_.size() + 1));
  slots_.push_back({.entry = {.key = key}, .hash = hash, .missed = undercount_});
  table_[at] = static_cast<uint32_t>(slots_.size());
  if (distinct_.has_value()) distinct_->AddHash(hash);
  if (slots_.size() * 2 > table_.size()) Rehash(table_.size() * 2);
  pruning_due_ = IsAboveLimits();
  return slots_.back();
}

template <class Key>
bool BasicFrequencies<Key>::IsAboveLimits() const {
  return num_kept() > limits_.max_distinct ||
         (arena_ != nullptr && arena_->num_bytes() > limits_.max_key_bytes);
}

template <class Key>
void BasicFrequencies<Key>::BeginSketch() {
  if (distinct_.has_value()) return;
  distinct_.emplace();
  for (const Slot& slot : slots_) distinct_->AddHash(slot.hash);
}

template <class Key>
bool BasicFrequencies<Key>::Shrink() {
  if (num_kept() / 2 < kLeastKept) return false;
  BeginSketch();
  KeepMostFrequent(num_kept() / 2);
  return true;
}

template <class Key>
int64_t BasicFrequencies<Key>::num_bytes() const {
  // Of sizes, not of vectors' capacities: what is copied or decoded is as large as what was counted.
  const size_t entries = std::bit_ceil(slots_.size()) * sizeof(Slot) + table_.size() * sizeof(table_[0]);
  return static_cast<int64_t>(entries) + (arena_ == nullptr ? 0 : arena_->num_bytes()) +
         (distinct_.has_value() ? DistinctSketch::kNumBytes : 0);
}

template <class Key>
void BasicFrequencies<Key>::PruneToLimits() {
  BeginSketch();
  // Half, so that pruning is rare; and half of that while it is the keys that are too long.
  for (int64_t target = std::min(limits_.max_distinct, num_kept()) / 2; IsAboveLimits(); target /= 2) {
    KeepMostFrequent(target);
  }
  pruning_due_ = false;
}

// Misra-Gries in batches: what the best dropped value may have had is from now on what any
// absent value may have had. Kept entries remember what they may have missed (`missed`) in place of being
// lowered.
template <class Key>
void BasicFrequencies<Key>::KeepMostFrequent(int64_t num_kept) {
  const auto is_before = [](const Slot& a, const Slot& b) {
    const int64_t count_a = a.entry.count + a.missed, count_b = b.entry.count + b.missed;
    if (count_a != count_b) return count_a > count_b;
    if (a.hash != b.hash) return a.hash < b.hash;
    return a.entry.key < b.entry.key;
  };
  std::nth_element(slots_.begin(), slots_.begin() + num_kept, slots_.end(), is_before);
  double dropped_weight = 0;
  for (size_t i = static_cast<size_t>(num_kept); i < slots_.size(); ++i) {
    undercount_ = std::max(undercount_, slots_[i].entry.count + slots_[i].missed);
    dropped_weight = std::max(dropped_weight, slots_[i].entry.weight);
  }
  weight_undercount_ += dropped_weight;
  slots_.resize(static_cast<size_t>(num_kept));
  slots_.shrink_to_fit();
  if constexpr (std::is_same_v<Key, std::string_view>) {
    auto arena = std::make_unique<ByteArena>();
    for (Slot& slot : slots_) slot.entry.key = arena->Copy(slot.entry.key);
    arena_ = std::move(arena);
  }
  size_t table_size = kSmallestTable;
  while (table_size < slots_.size() * 2) table_size *= 2;
  Rehash(table_size);
}

template <class Key>
Status BasicFrequencies<Key>::Merge(const BasicFrequencies& from) {
  if (!(from.limits_ == limits_)) {
    return InvalidArgument("Frequencies limited to {} and to {} distinct values cannot be merged",
                           limits_.max_distinct, from.limits_.max_distinct);
  }
  if (from.distinct_.has_value()) BeginSketch();
  // A value that `from` does not hold may have been there and dropped.
  if (from.undercount_ > 0) {
    for (Slot& slot : slots_) slot.missed += from.undercount_;
  }
  for (const Slot& slot : from.slots_) {
    const size_t before = slots_.size();
    Slot& mine = FindOrInsert(slot.entry.key, slot.hash);
    mine.entry.count += slot.entry.count;
    mine.entry.weight += slot.entry.weight;
    mine.missed += slots_.size() > before ? slot.missed : slot.missed - from.undercount_;
  }
  if (from.distinct_.has_value()) distinct_->Merge(*from.distinct_);
  total_count_ += from.total_count_;
  total_weight_ += from.total_weight_;
  undercount_ += from.undercount_;
  weight_undercount_ += from.weight_undercount_;
  if (pruning_due_) PruneToLimits();
  return OkStatus();
}

template <class Key>
int64_t BasicFrequencies<Key>::num_distinct() const {
  if (!distinct_.has_value()) return num_kept();
  return std::max(num_kept(), static_cast<int64_t>(std::llround(distinct_->Estimate())));
}

template <class Key>
std::optional<typename BasicFrequencies<Key>::Entry> BasicFrequencies<Key>::Find(Key key) const {
  const uint64_t hash = HashOf(key);
  for (size_t at = hash & mask_; table_[at] != 0; at = (at + 1) & mask_) {
    const Slot& slot = slots_[table_[at] - 1];
    if (slot.hash == hash && slot.entry.key == key) return slot.entry;
  }
  return std::nullopt;
}

template <class Key>
std::vector<typename BasicFrequencies<Key>::Entry> BasicFrequencies<Key>::TopK(int64_t k, TieOrder ties,
                                                                               RankBy rank_by) const {
  std::vector<Entry> entries;
  entries.reserve(slots_.size());
  for (const Slot& slot : slots_) entries.push_back(slot.entry);
  const auto is_before = [&](const Entry& a, const Entry& b) {
    if (rank_by == RankBy::kWeight) {
      if (a.weight != b.weight) return a.weight > b.weight;
    } else if (a.count != b.count) {
      return a.count > b.count;
    }
    return ties == TieOrder::kAscending ? a.key < b.key : b.key < a.key;
  };
  if (k < 0 || k >= static_cast<int64_t>(entries.size())) {
    std::sort(entries.begin(), entries.end(), is_before);
  } else {
    std::partial_sort(entries.begin(), entries.begin() + k, entries.end(), is_before);
    entries.resize(static_cast<size_t>(k));
  }
  return entries;
}

template <class Key>
void BasicFrequencies<Key>::Encode(StateWriter& writer) const {
  writer.Version(1);
  writer.Varint(static_cast<uint64_t>(limits_.max_distinct))
      .Varint(static_cast<uint64_t>(limits_.max_key_bytes));
  writer.Varint(static_cast<uint64_t>(total_count_)).Double(total_weight_);
  writer.Varint(static_cast<uint64_t>(undercount_)).Double(weight_undercount_);
  std::vector<uint32_t> order(slots_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return slots_[a].entry.key < slots_[b].entry.key; });
  writer.Varint(slots_.size());
  for (uint32_t index : order) {
    const Slot& slot = slots_[index];
    WriteKey(slot.entry.key, writer);
    writer.Varint(static_cast<uint64_t>(slot.entry.count)).Varint(static_cast<uint64_t>(slot.missed));
    // Most often every occurrence weighs 1.
    const bool is_weighted = slot.entry.weight != static_cast<double>(slot.entry.count);
    writer.Bool(is_weighted);
    if (is_weighted) writer.Double(slot.entry.weight);
  }
  writer.Bool(distinct_.has_value());
  if (distinct_.has_value()) distinct_->Encode(writer);
}

template <class Key>
Result<BasicFrequencies<Key>> BasicFrequencies<Key>::Decode(StateReader& reader) {
  reader.Version(1);
  const FrequencyLimits limits{reader.NonNegative(), reader.NonNegative()};
  BasicFrequencies frequencies(limits);
  if (!(frequencies.limits_ == limits)) reader.Fail("its limits are out of range");
  const int64_t total_count = ReadCount(reader);
  const double total_weight = reader.Double();
  const int64_t undercount = ReadCount(reader);
  frequencies.weight_undercount_ = reader.Double();
  for (uint64_t left = reader.Count(4); left > 0 && reader.ok(); --left) {
    Key key{};
    ReadKey(reader, key);
    const size_t before = frequencies.slots_.size();
    Slot& slot = frequencies.FindOrInsert(key, HashOf(key));
    if (frequencies.slots_.size() == before) reader.Fail("a value is there twice");
    slot.entry.count = ReadCount(reader);
    slot.missed = ReadCount(reader);
    slot.entry.weight = reader.Bool() ? reader.Double() : static_cast<double>(slot.entry.count);
    if (std::isnan(slot.entry.weight)) reader.Fail("a weight is not a number");
  }
  if (frequencies.pruning_due_) reader.Fail("it holds more values than its limits allow");
  if (reader.Bool()) {
    PENSTOCK_ASSIGN_OR_RETURN(frequencies.distinct_, DistinctSketch::Decode(reader));
  }
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  frequencies.total_count_ = total_count;
  frequencies.total_weight_ = total_weight;
  frequencies.undercount_ = undercount;
  return frequencies;
}

template class BasicFrequencies<std::string_view>;
template class BasicFrequencies<int64_t>;

}  // namespace penstock::combine
