#include "penstock/statistics/category_summary.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "penstock/base/utf8.h"
#include "penstock/statistics/state_counts.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::StringStatistics;
using tensorflow::metadata::v0::WeightedStringStatistics;

namespace {

int64_t NumDecimalDigits(int64_t value) {
  char text[32];
  return fmt::format_to_n(text, sizeof text, "{}", value).size;
}

/// The shortest text that reads back as `value`, with ".0" where it would look like an integer (so does
/// Python).
template <class Real>
std::string_view FormatReal(Real value, fmt::memory_buffer& buffer) {
  buffer.clear();
  fmt::format_to(std::back_inserter(buffer), "{}", value);
  const std::string_view text(buffer.data(), buffer.size());
  if (std::isfinite(value) && text.find_first_of(".e") == std::string_view::npos) {
    buffer.push_back('.');
    buffer.push_back('0');
  }
  return {buffer.data(), buffer.size()};
}

double WeightAt(std::span<const double> weights, int64_t i) {
  return weights.empty() ? 1 : weights[static_cast<size_t>(i)];
}

template <class Entry>
double AmountOf(const Entry& entry, combine::RankBy rank_by) {
  return rank_by == combine::RankBy::kCount ? static_cast<double>(entry.count) : entry.weight;
}

}  // namespace

template <class Array>
void CategorySummary::AddTexts(const Array& values, std::span<const double> weights) {
  const int64_t length = values.length();
  if (length == 0) return;
  const auto first_byte = values.value_offset(0);
  const int64_t span_bytes = values.value_offset(length) - first_byte;
  // Most text is ASCII: one look at all bytes of the batch saves a check per value.
  const bool all_ascii =
      span_bytes == 0 || IsAscii({reinterpret_cast<const char*>(values.raw_data()) + first_byte,
                                  static_cast<size_t>(span_bytes)});
  const bool has_nulls = values.null_count() > 0;
  for (int64_t i = 0; i < length; ++i) {
    if (has_nulls && values.IsNull(i)) continue;
    const std::string_view text = values.GetView(i);
    ++num_values_;
    num_bytes_ += static_cast<int64_t>(text.size());
    if (!all_ascii && !IsUtf8(text)) ++num_invalid_utf8_;
    texts_.Add(text, 1, WeightAt(weights, i));
  }
}

template <class Array>
void CategorySummary::AddIntegers(const Array& values, std::span<const double> weights) {
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) continue;
    const auto value = static_cast<int64_t>(values.Value(i));
    ++num_values_;
    num_bytes_ += NumDecimalDigits(value);
    integers_.Add(value, 1, WeightAt(weights, i));
  }
}

template <class Array>
void CategorySummary::AddReals(const Array& values, std::span<const double> weights) {
  fmt::memory_buffer buffer;
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) continue;
    const std::string_view text = FormatReal(values.Value(i), buffer);
    ++num_values_;
    num_bytes_ += static_cast<int64_t>(text.size());
    texts_.Add(text, 1, WeightAt(weights, i));
  }
}

void CategorySummary::Add(const arrow::Array& values, std::span<const double> weights) {
  switch (values.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return AddTexts(static_cast<const arrow::BinaryArray&>(values), weights);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return AddTexts(static_cast<const arrow::LargeBinaryArray&>(values), weights);
    case arrow::Type::INT64:
      return AddIntegers(static_cast<const arrow::Int64Array&>(values), weights);
    case arrow::Type::BOOL:
      return AddIntegers(static_cast<const arrow::BooleanArray&>(values), weights);
    case arrow::Type::FLOAT:
      return AddReals(static_cast<const arrow::FloatArray&>(values), weights);
    case arrow::Type::DOUBLE:
      return AddReals(static_cast<const arrow::DoubleArray&>(values), weights);
    default:
      return;  // ColumnStatistics lets no other type through.
  }
}

Status CategorySummary::Merge(const CategorySummary& from) {
  num_values_ += from.num_values_;
  num_bytes_ += from.num_bytes_;
  num_invalid_utf8_ += from.num_invalid_utf8_;
  PENSTOCK_RETURN_IF_ERROR(integers_.Merge(from.integers_));
  return texts_.Merge(from.texts_);
}

std::vector<CategorySummary::RankedValue> CategorySummary::MostFrequent(int64_t num_values,
                                                                        combine::RankBy rank_by) const {
  std::vector<RankedValue> ranked;
  if (integers_.num_kept() > 0) {
    for (const auto& entry : integers_.TopK(num_values, combine::TieOrder::kDescending, rank_by)) {
      ranked.push_back({fmt::format("{}", entry.key), AmountOf(entry, rank_by)});
    }
    return ranked;
  }
  for (const auto& entry : texts_.TopK(num_values, combine::TieOrder::kDescending, rank_by)) {
    ranked.push_back(
        {IsUtf8(entry.key) ? std::string(entry.key) : kNonUtf8Placeholder, AmountOf(entry, rank_by)});
  }
  return ranked;
}

template <class Out>
void CategorySummary::AddRanked(const StatisticsOptions& options, combine::RankBy rank_by, Out& out) const {
  const double threshold = rank_by == combine::RankBy::kCount
                               ? static_cast<double>(options.frequency_threshold)
                               : options.weighted_frequency_threshold;
  const std::vector<RankedValue> ranked =
      MostFrequent(std::max(options.num_top_values, options.num_rank_histogram_buckets), rank_by);
  for (size_t rank = 0; rank < ranked.size(); ++rank) {
    const RankedValue& value = ranked[rank];
    if (value.count < threshold) break;
    if (static_cast<int>(rank) < options.num_top_values) {
      StringStatistics::FreqAndValue& top = *out.add_top_values();
      top.set_value(value.text);
      top.set_frequency(value.count);
    }
    if (static_cast<int>(rank) < options.num_rank_histogram_buckets) {
      auto& bucket = *out.mutable_rank_histogram()->add_buckets();
      bucket.set_low_rank(rank);
      bucket.set_high_rank(rank);
      bucket.set_label(value.text);
      bucket.set_sample_count(value.count);
    }
  }
}

void CategorySummary::Finish(const StatisticsOptions& options, StringStatistics& out) const {
  out.set_unique(static_cast<uint64_t>(texts_.num_distinct() + integers_.num_distinct()));
  out.set_invalid_utf8_count(static_cast<uint64_t>(num_invalid_utf8_));
  if (num_values_ > 0) {
    out.set_avg_length(
        static_cast<float>(static_cast<double>(num_bytes_) / static_cast<double>(num_values_)));
  }
  AddRanked(options, combine::RankBy::kCount, out);
}

void CategorySummary::FinishWeighted(const StatisticsOptions& options, StringStatistics& out) const {
  WeightedStringStatistics weighted;
  AddRanked(options, combine::RankBy::kWeight, weighted);
  if (weighted.has_rank_histogram() || weighted.top_values_size() > 0)
    *out.mutable_weighted_string_stats() = std::move(weighted);
}

bool CategorySummary::Shrink() {
  const bool has_shrunk = texts_.Shrink();
  return integers_.Shrink() || has_shrunk;
}

void CategorySummary::Encode(combine::StateWriter& writer) const {
  WriteCount(num_values_, writer);
  WriteCount(num_bytes_, writer);
  WriteCount(num_invalid_utf8_, writer);
  texts_.Encode(writer);
  integers_.Encode(writer);
}

Result<CategorySummary> CategorySummary::Decode(combine::StateReader& reader) {
  CategorySummary summary;
  summary.num_values_ = ReadCount(reader);
  summary.num_bytes_ = ReadCount(reader);
  summary.num_invalid_utf8_ = ReadCount(reader);
  PENSTOCK_ASSIGN_OR_RETURN(summary.texts_, combine::Frequencies::Decode(reader));
  PENSTOCK_ASSIGN_OR_RETURN(summary.integers_, combine::IntFrequencies::Decode(reader));
  return summary;
}

}  // namespace penstock::statistics
