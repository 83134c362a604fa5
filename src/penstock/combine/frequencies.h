#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/digest.h"
#include "penstock/combine/distinct_sketch.h"
#include "penstock/combine/state_codec.h"

namespace penstock::combine {

/// Bytes that live as long as the arena, whatever is added after them. Not copyable.
class ByteArena {
 public:
  std::string_view Copy(std::string_view bytes) {
    if (bytes.size() > free_) Grow(bytes.size());
    char* at = next_;
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    next_ += bytes.size();
    free_ -= bytes.size();
    num_bytes_ += static_cast<int64_t>(bytes.size());
    return {at, bytes.size()};
  }
  int64_t num_bytes() const { return num_bytes_; }

 private:
  void Grow(size_t least);
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t free_ = 0;
  size_t chunk_size_ = 0;
  int64_t num_bytes_ = 0;
};

struct FrequencyLimits {
  /// Distinct values up to which every answer is exact.
  int64_t max_distinct = int64_t{1} << 20;
  /// Bytes of distinct values (text only) up to which every answer is exact.
  int64_t max_key_bytes = int64_t{256} << 20;

  bool operator==(const FrequencyLimits&) const = default;
};

enum class RankBy { kCount, kWeight };
/// Among equals: by value, in byte order (integers: numerically).
enum class TieOrder { kAscending, kDescending };

/// How often each value occurs, and with what weight. `Key` is std::string_view (values are copied) or
/// int64_t.
///
/// Exact within FrequencyLimits. Above them, half of the entries are kept by Misra-Gries
/// (batched; merged as in Agarwal et al., "Mergeable summaries", 2012), so that every count told is at most
/// max_undercount() <= 2 * total count / max_distinct below the true one and never above it, and
/// num_distinct() comes from a DistinctSketch (standard error 0.81 %). Weights follow the counts: what
/// is told is never above the truth, and at most max_weight_undercount() below. Whoever is short of memory
/// may have that done earlier, with Shrink(); max_undercount() stays the bound.
///
/// Add is a hash and a probe; no allocation for a value seen before. Order of adding and merging
/// changes nothing while exact. Weights are summed plainly. Memory: about 56 bytes and the key per distinct
/// value. Move or copy (deep).
template <class Key>
class BasicFrequencies {
 public:
  struct Entry {
    Key key;  ///< A view into this object, for text.
    int64_t count = 0;
    double weight = 0;
  };

  explicit BasicFrequencies(FrequencyLimits limits = {});
  BasicFrequencies(const BasicFrequencies& other);
  BasicFrequencies& operator=(const BasicFrequencies& other);
  BasicFrequencies(BasicFrequencies&&) noexcept = default;
  BasicFrequencies& operator=(BasicFrequencies&&) noexcept = default;

  void Add(Key key) { Add(key, 1, 1.0); }
  /// `weight` is of all `count` occurrences together.
  void Add(Key key, int64_t count, double weight) {
    Slot& slot = FindOrInsert(key, HashOf(key));
    slot.entry.count += count;
    slot.entry.weight += weight;
    total_count_ += count;
    total_weight_ += weight;
    // Pruning comes after the sums, so that the new value takes part with its count.
    if (pruning_due_) PruneToLimits();
  }
  /// Both must have the same limits; kInvalidArgument otherwise.
  Status Merge(const BasicFrequencies& from);

  /// Keeps the more frequent half of the entries, as if the limits were that small; false where so few are
  /// kept that it would not help (1,024).
  bool Shrink();
  int64_t num_bytes() const;  ///< In memory, about.

  bool is_exact() const { return !distinct_.has_value(); }
  /// Exact where is_exact(), else estimated.
  int64_t num_distinct() const;
  int64_t total_count() const { return total_count_; }
  double total_weight() const { return total_weight_; }
  /// The most by which a count told (0 for a value not told) may be below the true one.
  int64_t max_undercount() const { return undercount_; }
  double max_weight_undercount() const { return weight_undercount_; }
  /// Nothing where the value is not among those kept.
  std::optional<Entry> Find(Key key) const;
  /// The `k` most frequent (k < 0: all that are kept), most frequent first.
  std::vector<Entry> TopK(int64_t k, TieOrder ties = TieOrder::kAscending,
                          RankBy rank_by = RankBy::kCount) const;
  /// Every entry kept, in no particular order.
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    for (const Slot& slot : slots_) visit(slot.entry);
  }
  int64_t num_kept() const { return static_cast<int64_t>(slots_.size()); }
  const FrequencyLimits& limits() const { return limits_; }

  /// Entries in order of value: equal contents, equal bytes.
  void Encode(StateWriter& writer) const;
  static Result<BasicFrequencies> Decode(StateReader& reader);

 private:
  struct Slot {
    Entry entry;
    uint64_t hash = 0;
    // What the value may have had before it was (last) entered: count + missed bounds its true count.
    int64_t missed = 0;
  };
  static uint64_t HashOf(std::string_view key) { return Hash64(key); }
  static uint64_t HashOf(int64_t key) {
    // The finisher of SplitMix64 (Steele et al. 2014).
    auto bits = static_cast<uint64_t>(key) + 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
  }
  Slot& FindOrInsert(Key key, uint64_t hash) {
    for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const uint32_t index = table_[at];
      if (index == 0) return Insert(key, hash, at);
      Slot& slot = slots_[index - 1];
      if (slot.hash == hash && slot.entry.key == key) return slot;
    }
  }
  Slot& Insert(Key key, uint64_t hash, size_t at);
  void Rehash(size_t table_size);
  void PruneToLimits();
  void KeepMostFrequent(int64_t num_kept);
  void BeginSketch();
  bool IsAboveLimits() const;

  FrequencyLimits limits_;
  int64_t total_count_ = 0;
  double total_weight_ = 0;
  int64_t undercount_ = 0;
  double weight_undercount_ = 0;
  bool pruning_due_ = false;
  std::vector<uint32_t> table_;  // Index into slots_ plus 1; 0 is free. A power of two, at most half full.
  size_t mask_ = 0;
  std::vector<Slot> slots_;
  std::unique_ptr<ByteArena> arena_;        // Text keys only.
  std::optional<DistinctSketch> distinct_;  // Once above the limits.
};

extern template class BasicFrequencies<std::string_view>;
extern template class BasicFrequencies<int64_t>;

/// Of text or any bytes.
using Frequencies = BasicFrequencies<std::string_view>;
using IntFrequencies = BasicFrequencies<int64_t>;

}  // namespace penstock::combine
