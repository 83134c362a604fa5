#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/combine/combiner.h"
#include "penstock/combine/equal_width_histogram.h"
#include "penstock/combine/frequencies.h"
#include "penstock/combine/moments.h"
#include "penstock/combine/quantile_sketch.h"

namespace penstock::combine {

/// Combiners over one named column: the accumulators, fed by batches. Nulls are left out, lists
/// flattened. A missing column is kNotFound, one of the wrong type kInvalidArgument.

/// Moments of a numeric column. Different chunking changes results by rounding only.
class ColumnMoments {
 public:
  using State = Moments;
  using Output = Moments;
  explicit ColumnMoments(std::string column) : column_(std::move(column)) {}
  State NewState() const { return {}; }
  Status Add(const Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const { return state; }
  Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  std::string column_;
};

/// Moments of a numeric column in which every example has a weight.
class WeightedColumnMoments {
 public:
  using State = WeightedMoments;
  using Output = WeightedMoments;
  WeightedColumnMoments(std::string column, std::string weight_column)
      : column_(std::move(column)), weight_column_(std::move(weight_column)) {}
  State NewState() const { return {}; }
  Status Add(const Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const { return state; }
  Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  std::string column_;
  std::string weight_column_;
};

/// Quantiles of a numeric column; weights are optional (an empty name).
class ColumnQuantiles {
 public:
  using State = QuantileSketch;
  using Output = QuantileSummary;
  explicit ColumnQuantiles(std::string column, double rank_error = QuantileSketch::kDefaultRankError,
                           std::string weight_column = "")
      : column_(std::move(column)), weight_column_(std::move(weight_column)), rank_error_(rank_error) {}
  State NewState() const { return QuantileSketch(rank_error_); }
  Status Add(const Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const { return into.Merge(from); }
  Result<Output> Finish(const State& state) const { return state.Summarize(); }
  Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  std::string column_;
  std::string weight_column_;
  double rank_error_;
};

/// How often each value of a text, bytes, integer or bool column occurs; integers as decimal text.
/// Weights are optional (an empty name).
class ColumnFrequencies {
 public:
  struct Value {
    std::string value;
    int64_t count;
    double weight;
    bool operator==(const Value&) const = default;
  };
  struct Output {
    int64_t num_distinct;
    int64_t total_count;
    std::vector<Value> top;  ///< Most frequent first; equals in byte order.
    bool is_exact;
    int64_t max_undercount;
  };
  using State = Frequencies;
  /// `top_k` < 0: all that are kept.
  explicit ColumnFrequencies(std::string column, int64_t top_k = -1, FrequencyLimits limits = {},
                             std::string weight_column = "")
      : column_(std::move(column)),
        weight_column_(std::move(weight_column)),
        top_k_(top_k),
        limits_(limits) {}
  State NewState() const { return Frequencies(limits_); }
  Status Add(const Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const { return into.Merge(from); }
  Result<Output> Finish(const State& state) const;
  Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  std::string column_;
  std::string weight_column_;
  int64_t top_k_;
  FrequencyLimits limits_;
};

/// A histogram of a numeric column between fixed ends.
class ColumnHistogram {
 public:
  using State = EqualWidthHistogram;
  using Output = EqualWidthHistogram;
  ColumnHistogram(std::string column, double low, double high, int64_t num_buckets)
      : column_(std::move(column)), empty_(low, high, num_buckets) {}
  State NewState() const { return empty_; }
  Status Add(const Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const { return into.Merge(from); }
  Result<Output> Finish(const State& state) const { return state; }
  Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  std::string column_;
  EqualWidthHistogram empty_;
};

}  // namespace penstock::combine
