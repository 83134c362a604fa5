#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "penstock/combine/state_codec.h"

namespace penstock::combine {

/// Sorted distinct values and the weight each stands for: what a QuantileSketch knows when
/// asked. Immutable; calls are binary searches.
class QuantileSummary {
 public:
  struct Entry {
    double value;
    double weight;
  };
  QuantileSummary() = default;
  /// `entries`: sorted by value, values distinct, weights above 0. `min` and `max` of what they stand for.
  QuantileSummary(std::vector<Entry> entries, double min, double max);

  bool empty() const { return entries_.empty(); }
  double total_weight() const { return cumulative_.empty() ? 0 : cumulative_.back(); }
  double min() const { return min_; }  ///< Exact. NaN where empty, as all values below.
  double max() const { return max_; }  ///< Exact.
  /// The smallest value at or below which at least the fraction `q` (0 to 1) of the weight lies.
  double Quantile(double q) const;
  /// num_buckets + 1 values that cut the weight into equal parts, from min() to max().
  std::vector<double> Boundaries(int64_t num_buckets) const;
  /// The weight of all values <= x.
  double CumulativeWeight(double x) const;
  /// The weight of all values < x.
  double CumulativeWeightBelow(double x) const;
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  std::vector<double> cumulative_;  // Of weights, up to and with the entry.
  double min_ = std::numeric_limits<double>::quiet_NaN();
  double max_ = std::numeric_limits<double>::quiet_NaN();
};

/// Quantiles of weighted numbers in bounded memory.
///
/// Exact as long as there are at most `capacity()` values, or at most `capacity()` distinct
/// ones. Above that, every rank it tells is within rank_error() * total weight of the true
/// one, for up to 2^30 * capacity() values: merge-and-reduce (Munro and Paterson 1980; Manku,
/// Rajagopalan, Lindsay 1998) with weighted entries; reducing a node of weight W to b entries moves
/// a rank by at most W / 2b, and a value passes at most 30 nodes. No randomness: equal input in equal
/// order gives equal bits; merging in another order stays within the bound.
///
/// NaN values are counted apart and left out; so are weights that are not finite and above 0.
/// At most 32 bytes * capacity() (2048 for the default error) for values not yet sorted in, and 16 bytes *
/// capacity() * log2(values / capacity()) for the rest. Whoever is short of memory may halve the capacity
/// with Shrink(); rank_error_bound() says what the ranks told are then good for. Copyable.
class QuantileSketch {
 public:
  static constexpr double kDefaultRankError = 0.01;

  /// `rank_error` between 1e-5 and 0.5; values outside are taken to the nearest end.
  explicit QuantileSketch(double rank_error = kDefaultRankError);

  void Add(double value) {
    if (value != value) {
      ++num_nan_;
      return;
    }
    if (!weights_.empty()) weights_.push_back(1);
    values_.push_back(value);
    ++count_;
    if (values_.size() == buffer_size()) Flush();
  }
  void Add(double value, double weight);
  void AddSpan(std::span<const double> values);
  void AddSpan(std::span<const float> values);
  void AddSpan(std::span<const int64_t> values);
  /// Both must have been made with the same rank error; kInvalidArgument otherwise. The result has the
  /// smaller of the capacities.
  Status Merge(const QuantileSketch& from);
  /// Halves the capacity, and about halves the memory; false where it is at its least (64).
  bool Shrink();
  int64_t num_bytes() const;  ///< In memory, about.

  int64_t count() const { return count_; }  ///< Values added, without NaNs and those of no weight.
  int64_t num_nan() const { return num_nan_; }
  /// Values, or distinct values, up to which answers are exact.
  int64_t capacity() const { return capacity_; }
  double rank_error() const { return rank_error_; }  ///< As made.
  /// What a rank told now may be off by, as a share of the whole weight: at most rank_error() unless shrunk,
  /// and mostly far less; 0 while exact.
  double rank_error_bound() const;
  /// What is known now. Costs a merge of all levels: ask once, then question the summary.
  QuantileSummary Summarize() const;

  void Encode(StateWriter& writer) const;
  static Result<QuantileSketch> Decode(StateReader& reader);

 private:
  using Entry = QuantileSummary::Entry;
  // Sorting costs the same per value whatever the size, merging does not: four nodes' worth at once.
  size_t buffer_size() const { return static_cast<size_t>(capacity_) * 4; }
  void Flush();
  void Carry(std::vector<Entry> node, size_t level);
  void ReduceToCapacity(std::vector<Entry>& node);
  void HalveCapacity();

  double rank_error_;
  int64_t capacity_;
  int64_t count_ = 0;
  int64_t num_nan_ = 0;
  double moved_weight_ = 0;                               // By which reductions so far may have moved a rank.
  double min_ = std::numeric_limits<double>::infinity();  // Of what went into nodes.
  double max_ = -std::numeric_limits<double>::infinity();
  std::vector<double> values_;   // Not yet in a node; fewer than buffer_size().
  std::vector<double> weights_;  // Of values_; empty while all are 1.
  // levels_[i] stands for 2^i full buffers of values, or is empty. Sorted, distinct.
  std::vector<std::vector<Entry>> levels_;
};

}  // namespace penstock::combine
