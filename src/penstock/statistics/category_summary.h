#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/frequencies.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// What stands in the statistics for a value that is not UTF-8 (TFDV's constant).
inline constexpr const char* kNonUtf8Placeholder = "__BYTES_VALUE__";

/// Distinct values up to which uniques and top values are exact; see combine/frequencies.h for the bounds
/// above.
inline constexpr int64_t kMaxExactDistinct = combine::FrequencyLimits{}.max_distinct;

/// The values of a categorical feature: strings, and numbers that the schema calls
/// categorical (these count by their text). Lengths are bytes of that text.
class CategorySummary {
 public:
  /// `values`: (large) utf8 or binary, int64, bool, float or double; nulls are no values. `weights`: one a
  /// value (nulls too), or none.
  void Add(const arrow::Array& values, std::span<const double> weights = {});
  Status Merge(const CategorySummary& from);
  /// Fills everything but the common statistics. Among equally frequent values the greater one (bytewise;
  /// integers numerically) comes first, as in TFDV.
  void Finish(const StatisticsOptions& options, tensorflow::metadata::v0::StringStatistics& out) const;
  /// Fills weighted_string_stats, where a value has a weight above the threshold.
  void FinishWeighted(const StatisticsOptions& options,
                      tensorflow::metadata::v0::StringStatistics& out) const;

  int64_t num_bytes() const { return texts_.num_bytes() + integers_.num_bytes(); }
  /// Keeps the more frequent half; false where so few are kept that it would not help.
  bool Shrink();

  void Encode(combine::StateWriter& writer) const;
  static Result<CategorySummary> Decode(combine::StateReader& reader);

 private:
  struct RankedValue {
    std::string text;
    double count;  ///< Or weight.
  };
  template <class Array>
  void AddTexts(const Array& values, std::span<const double> weights);
  template <class Array>
  void AddIntegers(const Array& values, std::span<const double> weights);
  template <class Array>
  void AddReals(const Array& values, std::span<const double> weights);
  std::vector<RankedValue> MostFrequent(int64_t num_values, combine::RankBy rank_by) const;
  template <class Out>
  void AddRanked(const StatisticsOptions& options, combine::RankBy rank_by, Out& out) const;

  int64_t num_values_ = 0;
  int64_t num_bytes_ = 0;
  int64_t num_invalid_utf8_ = 0;
  // One of the two stays empty: a column has one type.
  combine::Frequencies texts_;
  combine::IntFrequencies integers_;
};

}  // namespace penstock::statistics
