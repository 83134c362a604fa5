#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/data/dataset.h"

namespace penstock::data {

/// How two datasets are compared example by example. The names are those of TFDV's DetectFeatureSkew.
struct ExampleDiffOptions {
  /// Examples with equal values of all of these belong together. At least one.
  std::vector<std::string> identifier_features;
  std::vector<std::string> ignore_features;
  /// How many pairs that differ are shown.
  int64_t sample_size = 0;
  /// Numbers are equal that are so to this many digits after the point; none: to the last bit.
  std::optional<int> float_round_ndigits;
  /// True: an identifier that several examples have pairs each with each; false: it is passed over.
  bool allow_duplicate_identifiers = false;
  /// Text columns of which pairs of values are counted.
  std::vector<std::string> confusion_features;
  /// Bytes of hashes held at once; where they are more, the data are read several times.
  int64_t max_memory_bytes = int64_t{1} << 30;
};

/// Over the pairs of examples; a null and an empty list are no values.
struct FeatureSkew {
  std::string feature_name;
  int64_t base_count = 0, test_count = 0;  ///< Pairs in which that side has a value.
  int64_t match_count = 0;                 ///< Equal values, or neither side has one.
  int64_t base_only = 0, test_only = 0, mismatch_count = 0;
  int64_t diff_count() const { return base_only + test_only + mismatch_count; }
};

struct MatchStats {
  int64_t base_with_id_count = 0, test_with_id_count = 0;  ///< Examples.
  int64_t identifiers_count = 0;
  int64_t ids_missing_in_base_count = 0, ids_missing_in_test_count = 0;  ///< Identifiers.
  int64_t matching_pairs_count = 0;
  int64_t base_missing_id_count = 0, test_missing_id_count = 0;  ///< Examples without an identifier's value.
  int64_t duplicate_id_count = 0;  ///< Identifiers of several examples of a side.
};

/// Two examples of one identifier that differ, as JSON objects, and in what.
struct SkewPair {
  std::string base, test;
  std::vector<std::string> base_only_features, test_only_features, mismatched_features;
};

struct ExampleDiff {
  MatchStats match_stats;
  std::vector<FeatureSkew> skew_results;  ///< By feature name.
  std::vector<SkewPair> skew_pairs;
  /// Feature to (base value, test value) to number of pairs; "__MISSING_VALUE__" where there is none.
  std::map<std::string, std::map<std::pair<std::string, std::string>, int64_t>> confusion_counts;
};

/// Joins two datasets on their identifiers and compares every other column that either has. Two examples are
/// compared by 64-bit hashes of their values: of a billion pairs of different values, one in twenty billion
/// billion is missed. The sample is drawn by a hash of the examples' places: the same on every run.
/// Bit-equal for any number of threads. kNotFound for columns that neither (an identifier: either) lacks.
Result<ExampleDiff> DiffExamples(const Dataset& base, const Dataset& test, const ExampleDiffOptions& options,
                                 const ExecutionOptions& execution);

/// Aligned tables; only features that differ, unless `all_features`.
std::string FormatExampleDiff(const ExampleDiff& diff, bool all_features);
/// One JSON object: match_stats, skew_results, skew_pairs, confusion_counts.
std::string ExampleDiffJson(const ExampleDiff& diff);

}  // namespace penstock::data
