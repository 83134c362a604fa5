#include "penstock/statistics/column_statistics.h"

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "penstock/base/arrow_status.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::FeatureNameStatistics;

FeatureNameStatistics::Type FeatureTypeOf(ColumnRole role) {
  switch (role) {
    case ColumnRole::kInteger:
    case ColumnRole::kCategoricalInteger:
      return FeatureNameStatistics::INT;
    case ColumnRole::kReal:
    case ColumnRole::kCategoricalReal:
      return FeatureNameStatistics::FLOAT;
    case ColumnRole::kBytes:
    case ColumnRole::kUnknownBytes:
      return FeatureNameStatistics::BYTES;
    case ColumnRole::kStruct:
      return FeatureNameStatistics::STRUCT;
    case ColumnRole::kString:
    case ColumnRole::kUnknown:
      break;
  }
  return FeatureNameStatistics::STRING;
}

ColumnStatistics::Values ColumnStatistics::MakeValues(ColumnRole role, double epsilon) {
  switch (role) {
    case ColumnRole::kInteger:
    case ColumnRole::kReal:
      return NumberSummary(epsilon);
    case ColumnRole::kString:
    case ColumnRole::kCategoricalInteger:
    case ColumnRole::kCategoricalReal:
      return CategorySummary();
    case ColumnRole::kBytes:
      return ByteSummary();
    case ColumnRole::kUnknown:
    case ColumnRole::kUnknownBytes:
    case ColumnRole::kStruct:
      break;
  }
  return std::monostate();
}

ColumnStatistics::ColumnStatistics(ColumnRole role, double epsilon, const Extras& extras)
    : role_(role), valency_(epsilon), values_(MakeValues(role, epsilon)) {
  if (extras.has_semantics) semantics_.emplace();
  if (extras.nest_level > 1) levels_.emplace(epsilon, extras.nest_level, extras.is_weighted);
  if (!extras.is_weighted) return;
  weighted_presence_.emplace();
  if (std::holds_alternative<NumberSummary>(values_)) weighted_numbers_.emplace(epsilon);
}

void ColumnStatistics::AddValues(const arrow::Array& values, std::span<const double> weights) {
  if (semantics_.has_value()) semantics_->Add(values);
  if (auto* numbers = std::get_if<NumberSummary>(&values_)) {
    numbers->Add(values);
    if (weighted_numbers_.has_value()) weighted_numbers_->Add(values, weights);
  } else if (auto* categories = std::get_if<CategorySummary>(&values_)) {
    categories->Add(values, weights);
  } else if (auto* bytes = std::get_if<ByteSummary>(&values_)) {
    bytes->Add(values);
  }
}

template <class ListArray>
Status ColumnStatistics::AddLists(const ListArray& lists, std::span<const double> weights) {
  // Lengths repeat: counting them first makes one sketch entry of many examples.
  std::array<int64_t, 32> num_short{};
  std::map<int64_t, int64_t> num_long;
  std::vector<double> value_weights;
  for (int64_t i = 0; i < lists.length(); ++i) {
    if (lists.IsNull(i)) continue;
    const int64_t length = lists.value_length(i);
    if (length < static_cast<int64_t>(num_short.size())) {
      ++num_short[static_cast<size_t>(length)];
    } else {
      ++num_long[length];
    }
    if (weighted_presence_.has_value()) {
      const double weight = weights[static_cast<size_t>(i)];
      weighted_presence_->Add(weight, length);
      value_weights.insert(value_weights.end(), static_cast<size_t>(length), weight);
    }
  }
  for (size_t length = 0; length < num_short.size(); ++length) {
    valency_.Add(static_cast<int64_t>(length), num_short[length]);
  }
  for (const auto& [length, num_examples] : num_long) valency_.Add(length, num_examples);
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const std::shared_ptr<arrow::Array> values, lists.Flatten());
  AddValues(*values, value_weights);
  return OkStatus();
}

Status ColumnStatistics::AddNested(const arrow::Array& lists, std::span<const double> weights) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto innermost, levels_->Add(arrow::MakeArray(lists.data()), weights));
  for (size_t i = 0; i < innermost.num_values.size(); ++i) {
    if (innermost.num_values[i] < 0) continue;
    valency_.Add(innermost.num_values[i], 1);
    if (weighted_presence_.has_value()) weighted_presence_->Add(weights[i], innermost.num_values[i]);
  }
  AddValues(*innermost.values, innermost.weights);
  return OkStatus();
}

void ColumnStatistics::AddFlat(const arrow::Array& values, std::span<const double> weights) {
  valency_.Add(1, values.length() - values.null_count());
  for (size_t i = 0; weighted_presence_.has_value() && i < weights.size(); ++i) {
    if (values.IsValid(static_cast<int64_t>(i))) weighted_presence_->Add(weights[i], 1);
  }
  AddValues(values, weights);
}

Status ColumnStatistics::Add(const arrow::Array& column, std::span<const double> weights) {
  if (weighted_presence_.has_value() && static_cast<int64_t>(weights.size()) != column.length()) {
    return Internal("{} weights for {} examples", weights.size(), column.length());
  }
  if (levels_.has_value()) return AddNested(column, weights);
  switch (column.type_id()) {
    case arrow::Type::NA:
      return OkStatus();
    case arrow::Type::LIST:
      return AddLists(static_cast<const arrow::ListArray&>(column), weights);
    case arrow::Type::LARGE_LIST:
      return AddLists(static_cast<const arrow::LargeListArray&>(column), weights);
    default:
      AddFlat(column, weights);
      return OkStatus();
  }
}

Status ColumnStatistics::Merge(const ColumnStatistics& from) {
  if (role_ != from.role_) {
    return Internal("Statistics of columns with different roles cannot be merged: {} and {}",
                    static_cast<int>(role_), static_cast<int>(from.role_));
  }
  PENSTOCK_RETURN_IF_ERROR(valency_.Merge(from.valency_));
  if (levels_.has_value() && from.levels_.has_value())
    PENSTOCK_RETURN_IF_ERROR(levels_->Merge(*from.levels_));
  if (semantics_.has_value() && from.semantics_.has_value()) semantics_->Merge(*from.semantics_);
  if (weighted_presence_.has_value() && from.weighted_presence_.has_value())
    weighted_presence_->Merge(*from.weighted_presence_);
  if (weighted_numbers_.has_value() && from.weighted_numbers_.has_value())
    PENSTOCK_RETURN_IF_ERROR(weighted_numbers_->Merge(*from.weighted_numbers_));
  if (auto* numbers = std::get_if<NumberSummary>(&values_)) {
    return numbers->Merge(std::get<NumberSummary>(from.values_));
  }
  if (auto* categories = std::get_if<CategorySummary>(&values_)) {
    return categories->Merge(std::get<CategorySummary>(from.values_));
  }
  if (auto* bytes = std::get_if<ByteSummary>(&values_))
    return bytes->Merge(std::get<ByteSummary>(from.values_));
  return OkStatus();
}

int64_t ColumnStatistics::num_bytes() const {
  int64_t bytes = valency_.num_bytes();
  if (const auto* numbers = std::get_if<NumberSummary>(&values_)) bytes += numbers->num_bytes();
  if (const auto* categories = std::get_if<CategorySummary>(&values_)) bytes += categories->num_bytes();
  if (weighted_numbers_.has_value()) bytes += weighted_numbers_->num_bytes();
  return bytes;
}

bool ColumnStatistics::Shrink() {
  bool has_shrunk = valency_.Shrink();
  if (auto* numbers = std::get_if<NumberSummary>(&values_)) has_shrunk |= numbers->Shrink();
  if (auto* categories = std::get_if<CategorySummary>(&values_)) has_shrunk |= categories->Shrink();
  if (weighted_numbers_.has_value()) has_shrunk |= weighted_numbers_->Shrink();
  return has_shrunk;
}

void ColumnStatistics::Finish(int64_t num_parents, double weighted_num_parents,
                              const StatisticsOptions& options, FeatureNameStatistics& out) const {
  out.set_type(FeatureTypeOf(role_));
  const bool is_typed = role_ != ColumnRole::kUnknown && role_ != ColumnRole::kUnknownBytes;
  if (levels_.has_value() && is_typed) levels_->FinishLengths(options.num_values_histogram_buckets, out);
  if (semantics_.has_value()) semantics_->Finish(out);
  CommonStatistics common;
  valency_.Finish(num_parents, options.num_values_histogram_buckets, common);
  if (weighted_presence_.has_value())
    weighted_presence_->Finish(weighted_num_parents, *common.mutable_weighted_common_stats());
  if (levels_.has_value()) levels_->Finish(num_parents, weighted_num_parents, common);
  if (const auto* numbers = std::get_if<NumberSummary>(&values_)) {
    *out.mutable_num_stats()->mutable_common_stats() = std::move(common);
    numbers->Finish(options, *out.mutable_num_stats());
    if (options.numeric_sketch_size > 0) numbers->FinishSketch(options.numeric_sketch_size, out);
    if (weighted_numbers_.has_value()) weighted_numbers_->Finish(options, *numbers, *out.mutable_num_stats());
  } else if (const auto* categories = std::get_if<CategorySummary>(&values_)) {
    *out.mutable_string_stats()->mutable_common_stats() = std::move(common);
    categories->Finish(options, *out.mutable_string_stats());
    if (weighted_presence_.has_value()) categories->FinishWeighted(options, *out.mutable_string_stats());
  } else if (const auto* bytes = std::get_if<ByteSummary>(&values_)) {
    *out.mutable_bytes_stats()->mutable_common_stats() = std::move(common);
    bytes->Finish(*out.mutable_bytes_stats());
  } else if (role_ == ColumnRole::kStruct) {
    *out.mutable_struct_stats()->mutable_common_stats() = std::move(common);
  } else if (role_ == ColumnRole::kUnknownBytes) {
    *out.mutable_bytes_stats()->mutable_common_stats() = std::move(common);
  } else {
    *out.mutable_string_stats()->mutable_common_stats() = std::move(common);
  }
}

void ColumnStatistics::Encode(combine::StateWriter& writer) const {
  writer.Byte(static_cast<uint8_t>(role_));
  valency_.Encode(writer);
  if (levels_.has_value()) levels_->Encode(writer);
  if (const auto* numbers = std::get_if<NumberSummary>(&values_)) {
    numbers->Encode(writer);
  } else if (const auto* categories = std::get_if<CategorySummary>(&values_)) {
    categories->Encode(writer);
  } else if (const auto* bytes = std::get_if<ByteSummary>(&values_)) {
    bytes->Encode(writer);
  }
  if (semantics_.has_value()) semantics_->Encode(writer);
  if (weighted_presence_.has_value()) weighted_presence_->Encode(writer);
  if (weighted_numbers_.has_value()) weighted_numbers_->Encode(writer);
}

Result<ColumnStatistics> ColumnStatistics::Decode(ColumnRole role, double epsilon, const Extras& extras,
                                                  combine::StateReader& reader) {
  if (reader.Byte() != static_cast<uint8_t>(role)) reader.Fail("a column has another role than its feature");
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  ColumnStatistics column(role, epsilon, extras);
  PENSTOCK_ASSIGN_OR_RETURN(column.valency_, ValencySummary::Decode(reader));
  if (column.levels_.has_value()) PENSTOCK_RETURN_IF_ERROR(column.levels_->DecodeFrom(reader));
  if (std::holds_alternative<NumberSummary>(column.values_)) {
    PENSTOCK_ASSIGN_OR_RETURN(column.values_, NumberSummary::Decode(reader));
  } else if (std::holds_alternative<CategorySummary>(column.values_)) {
    PENSTOCK_ASSIGN_OR_RETURN(column.values_, CategorySummary::Decode(reader));
  } else if (std::holds_alternative<ByteSummary>(column.values_)) {
    PENSTOCK_ASSIGN_OR_RETURN(column.values_, ByteSummary::Decode(reader));
  }
  if (extras.has_semantics) {
    PENSTOCK_ASSIGN_OR_RETURN(column.semantics_, SemanticSummary::Decode(reader));
  }
  if (extras.is_weighted) column.weighted_presence_->Decode(reader);
  if (column.weighted_numbers_.has_value()) {
    PENSTOCK_ASSIGN_OR_RETURN(column.weighted_numbers_, WeightedNumberSummary::Decode(reader));
  }
  return column;
}

}  // namespace penstock::statistics
