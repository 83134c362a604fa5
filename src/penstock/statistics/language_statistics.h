#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/digest.h"
#include "penstock/combine/combiner.h"
#include "penstock/combine/frequencies.h"
#include "penstock/combine/quantile_sketch.h"
#include "penstock/statistics/options.h"
#include "penstock/statistics/vocabulary.h"

namespace penstock::statistics {

/// What the tokens of the columns with a natural_language_domain are like: custom_stats "nl_statistics" with
/// TFDV's NaturalLanguageStatistics (its NLStatsGenerator): coverage by the vocabulary, lengths of tokens and
/// sequences, tokens by frequency, the tokens that token_constraints name and where they stand, and the five
/// sequences of least coverage and of shortest tokens. As in TFDV a domain without vocabulary, excluded and
/// out-of-vocabulary tokens has none. Columns of integers, texts and lists of them; a text that is not UTF-8
/// leaves the column without.
///
/// Counts and extremes are exact; histograms of lengths and the frequencies as far as their sketches are.
/// Immutable; a State belongs to one thread. Memory: what the sketches take, and ten sequences a column.
class LanguageStatistics {
 public:
  struct TokenCounts {
    bool is_seen = false;  ///< In a sequence that could have held it.
    int64_t frequency = 0, num_sequences = 0, min_per_sequence = 0, max_per_sequence = 0;
    std::map<int64_t, int64_t> positions;  ///< By bucket of the place in the sequence.
  };
  struct Reported {
    double metric = 0;
    std::string sequence;  ///< As Python prints the list.
    auto operator<=>(const Reported&) const = default;
  };
  struct Counts {
    bool is_invalid = false;
    int64_t num_in_vocabulary = 0, num_tokens = 0, sum_of_lengths = 0, num_examples = 0;
    combine::QuantileSketch token_lengths, sequence_lengths;
    std::optional<int64_t> min_sequence_length, max_sequence_length;
    combine::Frequencies tokens;
    std::vector<TokenCounts> numbers, texts;  ///< As the column's.
    std::vector<Reported> least_coverage, shortest_tokens;
  };
  using State = std::vector<Counts>;
  using Output = tensorflow::metadata::v0::DatasetFeatureStatistics;

  /// Of those columns of `data` to which options.schema gives such a domain. kInvalidArgument for a
  /// vocabulary that is not among options.vocab_paths (with the near-miss name).
  static Result<LanguageStatistics> Make(const arrow::Schema& data, const StatisticsOptions& options);
  bool empty() const { return columns_.empty(); }

  State NewState() const;
  Status Add(const combine::Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const;
  combine::Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  /// A token of a sequence; one of both at least.
  struct Token {
    std::optional<int64_t> number;
    std::optional<std::string_view> text;
  };
  struct Column {
    std::string name;
    bool has_texts = false;
    std::string vocabulary_name;
    std::shared_ptr<const Vocabulary> vocabulary;  ///< Null: none.
    std::set<std::string, std::less<>> excluded_texts, unknown_texts, length_excluded_texts;
    std::set<int64_t> excluded_numbers, length_excluded_numbers;
    std::vector<int64_t> numbers;  ///< That token_constraints name, rising.
    std::vector<std::string> texts;
    Digest Fingerprint() const;
  };
  static constexpr size_t kMaxReported = 5;
  /// The least by metric, each once.
  static void KeepLeast(std::vector<Reported>& reported);
  static Result<Column> ColumnOf(const tensorflow::metadata::v0::Feature& feature, const arrow::Field& field);
  static bool HasKnownVocabulary(const Column& column);
  void AddSequence(const Column& column, const std::vector<Token>& sequence, Counts& counts) const;
  static void AddTokens(const Column& column, const std::vector<Token>& sequence, Counts& counts);
  static void AddReported(const Column& column, const std::vector<Token>& sequence, Counts& counts);
  void AddConstrained(const Column& column, const std::vector<Token>& sequence, Counts& counts) const;
  static void AddLength(const Column& column, const std::vector<Token>& sequence, Counts& counts);
  tensorflow::metadata::v0::NaturalLanguageStatistics FinishColumn(const Column& column,
                                                                   const Counts& counts) const;

  // Constant after construction.
  std::vector<Column> columns_;
  int num_histogram_buckets_ = 0, num_quantiles_buckets_ = 0, num_rank_buckets_ = 0;
};

}  // namespace penstock::statistics
