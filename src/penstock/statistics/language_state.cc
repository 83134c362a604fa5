// The states of LanguageStatistics: merging them, and their bytes.

#include <algorithm>

#include "penstock/combine/state_codec.h"
#include "penstock/statistics/language_statistics.h"
#include "penstock/statistics/state_counts.h"

namespace penstock::statistics {

namespace {

constexpr uint8_t kStateVersion = 1;

template <class Number>
std::optional<Number> Least(std::optional<Number> a, std::optional<Number> b) {
  if (!a.has_value() || !b.has_value()) return a.has_value() ? a : b;
  return std::min(*a, *b);
}
template <class Number>
std::optional<Number> Greatest(std::optional<Number> a, std::optional<Number> b) {
  return std::max(a, b);  // Nothing is below everything.
}

void EncodeTokens(const std::vector<LanguageStatistics::TokenCounts>& tokens, combine::StateWriter& writer) {
  for (const auto& token : tokens) {
    writer.Bool(token.is_seen);
    for (const int64_t count :
         {token.frequency, token.num_sequences, token.min_per_sequence, token.max_per_sequence})
      WriteCount(count, writer);
    writer.Varint(token.positions.size());
    for (const auto& [bucket, count] : token.positions) {
      WriteCount(bucket, writer);
      WriteCount(count, writer);
    }
  }
}

void DecodeTokens(combine::StateReader& reader, std::vector<LanguageStatistics::TokenCounts>& tokens) {
  for (auto& token : tokens) {
    token.is_seen = reader.Bool();
    for (int64_t* count :
         {&token.frequency, &token.num_sequences, &token.min_per_sequence, &token.max_per_sequence})
      *count = ReadCount(reader);
    for (uint64_t left = reader.Count(2); left > 0; --left) {
      const int64_t bucket = ReadCount(reader);
      token.positions[bucket] = ReadCount(reader);
    }
  }
}

void MergeTokens(const std::vector<LanguageStatistics::TokenCounts>& from,
                 std::vector<LanguageStatistics::TokenCounts>& into) {
  for (size_t i = 0; i < from.size(); ++i) {
    if (!from[i].is_seen) continue;
    const bool is_first = !into[i].is_seen;
    into[i].is_seen = true;
    into[i].frequency += from[i].frequency;
    into[i].num_sequences += from[i].num_sequences;
    into[i].min_per_sequence =
        is_first ? from[i].min_per_sequence : std::min(into[i].min_per_sequence, from[i].min_per_sequence);
    into[i].max_per_sequence = std::max(into[i].max_per_sequence, from[i].max_per_sequence);
    for (const auto& [bucket, count] : from[i].positions) into[i].positions[bucket] += count;
  }
}

void EncodeReported(const std::vector<LanguageStatistics::Reported>& reported, combine::StateWriter& writer) {
  writer.Varint(reported.size());
  for (const auto& one : reported) writer.Double(one.metric).Text(one.sequence);
}

void DecodeReported(combine::StateReader& reader, std::vector<LanguageStatistics::Reported>& reported) {
  for (uint64_t left = reader.Count(9); left > 0; --left) {
    const double metric = reader.Double();
    reported.push_back({metric, std::string(reader.Text())});
  }
}

void EncodeOptional(std::optional<int64_t> number, combine::StateWriter& writer) {
  writer.Bool(number.has_value());
  if (number.has_value()) writer.Signed(*number);
}

std::optional<int64_t> DecodeOptional(combine::StateReader& reader) {
  if (!reader.Bool()) return std::nullopt;
  return reader.Signed();
}

}  // namespace

void LanguageStatistics::KeepLeast(std::vector<Reported>& reported) {
  std::sort(reported.begin(), reported.end());
  reported.erase(std::unique(reported.begin(), reported.end()), reported.end());
  if (reported.size() > kMaxReported) reported.resize(kMaxReported);
}

Status LanguageStatistics::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Counts& theirs = from[i];
    Counts& mine = into[i];
    mine.is_invalid = mine.is_invalid || theirs.is_invalid;
    mine.num_in_vocabulary += theirs.num_in_vocabulary;
    mine.num_tokens += theirs.num_tokens;
    mine.sum_of_lengths += theirs.sum_of_lengths;
    mine.num_examples += theirs.num_examples;
    PENSTOCK_RETURN_IF_ERROR(mine.token_lengths.Merge(theirs.token_lengths));
    PENSTOCK_RETURN_IF_ERROR(mine.sequence_lengths.Merge(theirs.sequence_lengths));
    mine.min_sequence_length = Least(mine.min_sequence_length, theirs.min_sequence_length);
    mine.max_sequence_length = Greatest(mine.max_sequence_length, theirs.max_sequence_length);
    PENSTOCK_RETURN_IF_ERROR(mine.tokens.Merge(theirs.tokens));
    MergeTokens(theirs.numbers, mine.numbers);
    MergeTokens(theirs.texts, mine.texts);
    mine.least_coverage.insert(mine.least_coverage.end(), theirs.least_coverage.begin(),
                               theirs.least_coverage.end());
    mine.shortest_tokens.insert(mine.shortest_tokens.end(), theirs.shortest_tokens.begin(),
                                theirs.shortest_tokens.end());
    KeepLeast(mine.least_coverage);
    KeepLeast(mine.shortest_tokens);
  }
  return OkStatus();
}

combine::Bytes LanguageStatistics::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(kStateVersion);
  for (const Counts& counts : state) {
    writer.Bool(counts.is_invalid);
    for (const int64_t count :
         {counts.num_in_vocabulary, counts.num_tokens, counts.sum_of_lengths, counts.num_examples})
      WriteCount(count, writer);
    counts.token_lengths.Encode(writer);
    counts.sequence_lengths.Encode(writer);
    EncodeOptional(counts.min_sequence_length, writer);
    EncodeOptional(counts.max_sequence_length, writer);
    counts.tokens.Encode(writer);
    EncodeTokens(counts.numbers, writer);
    EncodeTokens(counts.texts, writer);
    EncodeReported(counts.least_coverage, writer);
    EncodeReported(counts.shortest_tokens, writer);
  }
  return std::move(writer).Take();
}

Result<LanguageStatistics::State> LanguageStatistics::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "LanguageStatistics");
  reader.Version(kStateVersion);
  State state = NewState();
  for (Counts& counts : state) {
    counts.is_invalid = reader.Bool();
    for (int64_t* count :
         {&counts.num_in_vocabulary, &counts.num_tokens, &counts.sum_of_lengths, &counts.num_examples})
      *count = ReadCount(reader);
    PENSTOCK_ASSIGN_OR_RETURN(counts.token_lengths, combine::QuantileSketch::Decode(reader));
    PENSTOCK_ASSIGN_OR_RETURN(counts.sequence_lengths, combine::QuantileSketch::Decode(reader));
    counts.min_sequence_length = DecodeOptional(reader);
    counts.max_sequence_length = DecodeOptional(reader);
    PENSTOCK_ASSIGN_OR_RETURN(counts.tokens, combine::Frequencies::Decode(reader));
    DecodeTokens(reader, counts.numbers);
    DecodeTokens(reader, counts.texts);
    DecodeReported(reader, counts.least_coverage);
    DecodeReported(reader, counts.shortest_tokens);
    KeepLeast(counts.least_coverage);
    KeepLeast(counts.shortest_tokens);
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest LanguageStatistics::Column::Fingerprint() const {
  DigestBuilder builder;
  builder.Add(name).Add(int64_t{has_texts});
  if (vocabulary != nullptr) builder.Add(vocabulary->digest());
  for (const auto* set : {&excluded_texts, &unknown_texts, &length_excluded_texts}) {
    builder.Add(static_cast<int64_t>(set->size()));
    for (const std::string& text : *set) builder.Add(text);
  }
  for (const auto* set : {&excluded_numbers, &length_excluded_numbers}) {
    builder.Add(static_cast<int64_t>(set->size()));
    for (const int64_t number : *set) builder.Add(number);
  }
  builder.Add(static_cast<int64_t>(numbers.size()));
  for (const int64_t number : numbers) builder.Add(number);
  for (const std::string& text : texts) builder.Add(text);
  return builder.Finish();
}

Digest LanguageStatistics::Fingerprint() const {
  DigestBuilder builder;
  builder.Add("LanguageStatistics").Add(int64_t{kStateVersion}).Add(int64_t{num_histogram_buckets_});
  builder.Add(int64_t{num_quantiles_buckets_}).Add(int64_t{num_rank_buckets_});
  for (const Column& column : columns_) builder.Add(column.Fingerprint());
  return builder.Finish();
}

}  // namespace penstock::statistics
