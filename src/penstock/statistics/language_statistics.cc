#include "penstock/statistics/language_statistics.h"

#include <algorithm>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>
#include <google/protobuf/any.pb.h>

#include "penstock/base/near_miss.h"
#include "penstock/base/utf8.h"
#include "penstock/combine/column_numbers.h"
#include "penstock/combine/example_column.h"
#include "penstock/statistics/histogram_protos.h"

namespace penstock::statistics {

namespace v0 = tensorflow::metadata::v0;

namespace {

constexpr const char* kStatisticName = "nl_statistics";

int64_t NumCharacters(std::string_view text) {
  int64_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(std::max<size_t>(Utf8CharacterLength(text), 1));
  return count;
}

/// As Python's repr of a str, but that every character from U+00A1 on is taken to be printable.
void AppendRepr(std::string_view text, std::string& out) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  while (!text.empty()) {
    const CodePoint point = DecodeUtf8(text);
    const std::string_view character = text.substr(0, static_cast<size_t>(std::max(point.num_bytes, 1)));
    text.remove_prefix(character.size());
    if (character[0] == quote || character[0] == '\\') {
      out += '\\';
      out += character;
    } else if (character == "\n" || character == "\r" || character == "\t") {
      out += character == "\n" ? "\\n" : character == "\r" ? "\\r" : "\\t";
    } else if (point.value < 0x20 || (point.value >= 0x7F && point.value <= 0xA0) || point.value == 0xAD) {
      out += fmt::format("\\x{:02x}", point.value);
    } else {
      out += character;
    }
  }
  out += quote;
}

void FinishToken(const LanguageStatistics::TokenCounts& counts, int64_t num_examples, int num_buckets,
                 v0::NaturalLanguageStatistics::TokenStatistics& out) {
  if (counts.num_sequences == 0) return;
  out.set_frequency(static_cast<double>(counts.frequency));
  out.set_fraction_of_sequences(static_cast<double>(counts.num_sequences) /
                                static_cast<double>(num_examples));
  out.set_per_sequence_min_frequency(static_cast<double>(counts.min_per_sequence));
  out.set_per_sequence_max_frequency(static_cast<double>(counts.max_per_sequence));
  out.set_per_sequence_avg_frequency(static_cast<double>(counts.frequency) /
                                     static_cast<double>(counts.num_sequences));
  for (const auto& [bucket, count] : counts.positions) {
    auto& shown = *out.mutable_positions()->add_buckets();
    shown.set_low_value(static_cast<double>(bucket) / num_buckets);
    shown.set_high_value(static_cast<double>(bucket + 1) / num_buckets);
    shown.set_sample_count(static_cast<double>(count));
  }
}

}  // namespace

Result<LanguageStatistics::Column> LanguageStatistics::ColumnOf(const v0::Feature& feature,
                                                                const arrow::Field& field) {
  Column column;
  const v0::NaturalLanguageDomain& domain = feature.natural_language_domain();
  column.name = feature.name();
  const arrow::DataType& type =
      field.type()->id() == arrow::Type::LIST ? *field.type()->field(0)->type() : *field.type();
  column.has_texts = arrow::is_base_binary_like(type.id());
  column.vocabulary_name = domain.vocabulary();
  const auto& coverage = domain.coverage();
  column.excluded_texts.insert(coverage.excluded_string_tokens().begin(),
                               coverage.excluded_string_tokens().end());
  column.excluded_numbers.insert(coverage.excluded_int_tokens().begin(),
                                 coverage.excluded_int_tokens().end());
  column.unknown_texts.insert(coverage.oov_string_tokens().begin(), coverage.oov_string_tokens().end());
  const auto& lengths = domain.sequence_length_constraints();
  column.length_excluded_numbers.insert(lengths.excluded_int_value().begin(),
                                        lengths.excluded_int_value().end());
  column.length_excluded_texts.insert(lengths.excluded_string_value().begin(),
                                      lengths.excluded_string_value().end());
  std::set<int64_t> numbers;
  std::set<std::string> texts;
  for (const auto& constraint : domain.token_constraints()) {
    if (constraint.has_int_value()) {
      numbers.insert(constraint.int_value());
    } else {
      texts.insert(constraint.string_value());
    }
  }
  column.numbers.assign(numbers.begin(), numbers.end());
  column.texts.assign(texts.begin(), texts.end());
  return column;
}

Result<LanguageStatistics> LanguageStatistics::Make(const arrow::Schema& data,
                                                    const StatisticsOptions& options) {
  LanguageStatistics statistics;
  statistics.num_histogram_buckets_ = options.num_histogram_buckets;
  statistics.num_quantiles_buckets_ = options.num_quantiles_histogram_buckets;
  statistics.num_rank_buckets_ = options.num_rank_histogram_buckets;
  if (options.schema == nullptr) return statistics;
  std::map<std::string, std::shared_ptr<const Vocabulary>> read;
  for (const v0::Feature& feature : options.schema->feature()) {
    const auto field = data.GetFieldByName(feature.name());
    if (!feature.has_natural_language_domain() || field == nullptr) continue;
    const arrow::DataType& type =
        field->type()->id() == arrow::Type::LIST ? *field->type()->field(0)->type() : *field->type();
    if (!arrow::is_base_binary_like(type.id()) && type.id() != arrow::Type::INT64) continue;
    PENSTOCK_ASSIGN_OR_RETURN(Column column, ColumnOf(feature, *field));
    if (column.vocabulary_name.empty() && column.excluded_texts.empty() && column.excluded_numbers.empty() &&
        column.unknown_texts.empty())
      continue;
    if (!column.vocabulary_name.empty()) {
      const auto path = options.vocab_paths.find(column.vocabulary_name);
      std::vector<std::string> known;
      for (const auto& [name, file] : options.vocab_paths) known.push_back(name);
      if (path == options.vocab_paths.end())
        return InvalidArgument(
            "The schema's feature '{}' has the vocabulary '{}', of which the statistics option vocab_paths "
            "has no "
            "file{}",
            feature.name(), column.vocabulary_name, DidYouMean(column.vocabulary_name, known));
      auto& vocabulary = read[column.vocabulary_name];
      if (vocabulary == nullptr) {
        PENSTOCK_ASSIGN_OR_RETURN(vocabulary, Vocabulary::Read(path->second));
      }
      column.vocabulary = vocabulary;
    }
    statistics.columns_.push_back(std::move(column));
  }
  return statistics;
}

LanguageStatistics::State LanguageStatistics::NewState() const {
  State state(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    state[i].numbers.resize(columns_[i].numbers.size());
    state[i].texts.resize(columns_[i].texts.size());
  }
  return state;
}

bool LanguageStatistics::HasKnownVocabulary(const Column& column) {
  return column.vocabulary != nullptr && !column.vocabulary->empty();
}

void LanguageStatistics::AddConstrained(const Column& column, const std::vector<Token>& sequence,
                                        Counts& counts) const {
  const auto add = [&](const auto& is_token, TokenCounts& token) {
    int64_t num_here = 0;
    for (size_t i = 0; i < sequence.size(); ++i) {
      if (!is_token(sequence[i])) continue;
      ++num_here;
      const double place = static_cast<double>(i) / static_cast<double>(sequence.size());
      ++token.positions[static_cast<int64_t>(place * num_histogram_buckets_)];
    }
    token.frequency += num_here;
    token.num_sequences += num_here > 0;
    token.min_per_sequence = token.is_seen ? std::min(token.min_per_sequence, num_here) : num_here;
    token.max_per_sequence = std::max(token.max_per_sequence, num_here);
    token.is_seen = true;
  };
  if (!column.has_texts || HasKnownVocabulary(column))
    for (size_t i = 0; i < column.numbers.size(); ++i)
      add([&](const Token& token) { return token.number == column.numbers[i]; }, counts.numbers[i]);
  if (column.has_texts || HasKnownVocabulary(column))
    for (size_t i = 0; i < column.texts.size(); ++i)
      add([&](const Token& token) { return token.text == std::string_view(column.texts[i]); },
          counts.texts[i]);
}

void LanguageStatistics::AddReported(const Column& column, const std::vector<Token>& sequence,
                                     Counts& counts) {
  int64_t num_known = 0, sum_of_lengths = 0;
  std::string shown = "[";
  for (const Token& token : sequence) {
    if (shown.size() > 1) shown += ", ";
    if (token.text.has_value()) {
      AppendRepr(*token.text, shown);
      if (column.unknown_texts.contains(*token.text)) continue;
      ++num_known;
      sum_of_lengths += NumCharacters(*token.text);
    } else {
      shown += fmt::format("{}", *token.number);
    }
  }
  shown += "]";
  const double coverage = static_cast<double>(num_known) / static_cast<double>(sequence.size());
  const double length =
      num_known > 0 ? static_cast<double>(sum_of_lengths) / static_cast<double>(num_known) : 0;
  // Most sequences are none of the five: no sorting for them.
  const auto add = [&](double metric, std::vector<Reported>& reported) {
    if (reported.size() == kMaxReported && metric > reported.back().metric) return;
    reported.push_back({metric, shown});
    KeepLeast(reported);
  };
  add(coverage, counts.least_coverage);
  add(length, counts.shortest_tokens);
}

void LanguageStatistics::AddLength(const Column& column, const std::vector<Token>& sequence, Counts& counts) {
  auto length = static_cast<int64_t>(sequence.size());
  for (const Token& token : sequence) {
    if (token.number.has_value() && column.length_excluded_numbers.contains(*token.number)) --length;
    if (token.text.has_value() && column.length_excluded_texts.contains(*token.text)) --length;
  }
  counts.sequence_lengths.Add(static_cast<double>(length));
  counts.min_sequence_length = std::min(counts.min_sequence_length.value_or(length), length);
  counts.max_sequence_length = std::max(counts.max_sequence_length.value_or(length), length);
}

void LanguageStatistics::AddTokens(const Column& column, const std::vector<Token>& sequence, Counts& counts) {
  for (const Token& token : sequence) {
    if (token.number.has_value() && column.excluded_numbers.contains(*token.number)) continue;
    if (token.text.has_value() && column.excluded_texts.contains(*token.text)) continue;
    ++counts.num_tokens;
    if (!token.text.has_value() || column.unknown_texts.contains(*token.text)) continue;
    const int64_t length = NumCharacters(*token.text);
    ++counts.num_in_vocabulary;
    counts.sum_of_lengths += length;
    counts.token_lengths.Add(static_cast<double>(length));
    counts.tokens.Add(*token.text);
  }
}

void LanguageStatistics::AddSequence(const Column& column, const std::vector<Token>& sequence,
                                     Counts& counts) const {
  ++counts.num_examples;
  if (sequence.empty()) return;
  AddConstrained(column, sequence, counts);
  AddReported(column, sequence, counts);
  AddLength(column, sequence, counts);
  AddTokens(column, sequence, counts);
}

Status LanguageStatistics::Add(const combine::Batch& batch, State& state) const {
  std::vector<Token> sequence;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    PENSTOCK_ASSIGN_OR_RETURN(const auto array, combine::FindColumn(batch, column.name));
    PENSTOCK_ASSIGN_OR_RETURN(const auto values, combine::ReadExampleColumn(batch, column.name));
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      if (array->IsNull(row)) continue;
      sequence.clear();
      for (int64_t at = values->Begin(row); at < values->Begin(row) + values->Size(row); ++at) {
        Token& token = sequence.emplace_back();
        if (column.has_texts) {
          token.text = values->texts[static_cast<size_t>(at)];
          state[i].is_invalid = state[i].is_invalid || !IsUtf8(*token.text);
          if (column.vocabulary != nullptr) token.number = column.vocabulary->NumberOf(*token.text);
        } else {
          token.number = static_cast<int64_t>(values->numbers[static_cast<size_t>(at)]);
          if (column.vocabulary != nullptr) token.text = column.vocabulary->TokenOf(*token.number);
        }
      }
      if (!state[i].is_invalid) AddSequence(column, sequence, state[i]);
    }
  }
  return OkStatus();
}

v0::NaturalLanguageStatistics LanguageStatistics::FinishColumn(const Column& column,
                                                               const Counts& counts) const {
  v0::NaturalLanguageStatistics out;
  const auto known = static_cast<double>(counts.num_in_vocabulary);
  if (counts.num_tokens > 0) out.set_feature_coverage(known / static_cast<double>(counts.num_tokens));
  if (counts.num_in_vocabulary > 0)
    out.set_avg_token_length(static_cast<double>(counts.sum_of_lengths) / known);
  out.set_min_sequence_length(counts.min_sequence_length.value_or(0));
  out.set_max_sequence_length(counts.max_sequence_length.value_or(0));
  const auto quantiles = [&](const combine::QuantileSketch& sketch, auto mutable_histogram) {
    const Distribution distribution(sketch.Summarize());
    if (distribution.empty() || num_quantiles_buckets_ <= 0) return;
    *(out.*mutable_histogram)() = MakeQuantilesHistogram(distribution, num_quantiles_buckets_);
  };
  quantiles(counts.token_lengths, &v0::NaturalLanguageStatistics::mutable_token_length_histogram);
  quantiles(counts.sequence_lengths, &v0::NaturalLanguageStatistics::mutable_sequence_length_histogram);
  int rank = 0;
  for (const auto& entry : counts.tokens.TopK(num_rank_buckets_)) {
    auto& bucket = *out.mutable_rank_histogram()->add_buckets();
    bucket.set_low_rank(static_cast<uint64_t>(rank));
    bucket.set_high_rank(static_cast<uint64_t>(rank++));
    bucket.set_label(std::string(entry.key));
    bucket.set_sample_count(static_cast<double>(entry.count));
  }
  const auto add_numbers = [&] {
    for (size_t i = 0; i < column.numbers.size(); ++i) {
      if (!counts.numbers[i].is_seen) continue;
      auto& token = *out.add_token_statistics();
      token.set_int_token(column.numbers[i]);
      FinishToken(counts.numbers[i], counts.num_examples, num_histogram_buckets_, token);
    }
  };
  // The tokens that the column holds come first, as in TFDV, then those that the vocabulary gives.
  if (!column.has_texts) add_numbers();
  for (size_t i = 0; i < column.texts.size(); ++i) {
    if (!counts.texts[i].is_seen) continue;
    auto& token = *out.add_token_statistics();
    token.set_string_token(column.texts[i]);
    FinishToken(counts.texts[i], counts.num_examples, num_histogram_buckets_, token);
  }
  if (column.has_texts) add_numbers();
  for (const auto* reported : {&counts.least_coverage, &counts.shortest_tokens})
    for (const Reported& one : *reported) out.add_reported_sequences(one.sequence);
  return out;
}

Result<LanguageStatistics::Output> LanguageStatistics::Finish(const State& state) const {
  Output output;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (state[i].is_invalid) continue;
    v0::FeatureNameStatistics& feature = *output.add_features();
    feature.mutable_path()->add_step(columns_[i].name);
    v0::CustomStatistic& custom = *feature.add_custom_stats();
    custom.set_name(kStatisticName);
    custom.mutable_any()->PackFrom(FinishColumn(columns_[i], state[i]));
  }
  return output;
}

static_assert(combine::Combiner<LanguageStatistics>);

}  // namespace penstock::statistics
