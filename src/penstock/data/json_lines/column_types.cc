#include "penstock/data/json_lines/column_types.h"

#include <algorithm>

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include "penstock/data/csv/tokenizer.h"

namespace penstock::data::json_lines {
namespace {

constexpr size_t Index(JsonKind kind) { return static_cast<size_t>(kind); }

bool IsUtf8(std::string_view text) { return csv::IsAscii(text) || arrow::util::ValidateUTF8(text); }

std::string Readable(std::string_view text) {
  return csv::ReadableCell({text.data(), text.data() + text.size()});
}

/// The profile as CSV's rule takes it.
csv::ColumnProfile AsCells(const ColumnProfile& profile) {
  csv::ColumnProfile cells;
  const auto put = [&](JsonKind from, csv::CellKind to) {
    cells.num_cells[static_cast<size_t>(to)] = profile.num_values[Index(from)];
  };
  put(JsonKind::kInteger, csv::CellKind::kInteger);
  put(JsonKind::kHugeInteger, csv::CellKind::kHugeInteger);
  put(JsonKind::kReal, csv::CellKind::kReal);
  put(JsonKind::kNonFinite, csv::CellKind::kNonFinite);
  put(JsonKind::kText, csv::CellKind::kText);
  cells.first_text = profile.first[Index(JsonKind::kText)];
  cells.first_huge_integer = profile.first[Index(JsonKind::kHugeInteger)];
  return cells;
}

/// The earliest value that is no truth value.
const csv::CellSample* FirstBesideBools(const ColumnProfile& profile) {
  const csv::CellSample* earliest = nullptr;
  for (const JsonKind kind :
       {JsonKind::kInteger, JsonKind::kHugeInteger, JsonKind::kReal, JsonKind::kNonFinite, JsonKind::kText}) {
    const csv::CellSample& sample = profile.first[Index(kind)];
    if (sample.record_offset >= 0 && (earliest == nullptr || sample.IsBefore(*earliest))) earliest = &sample;
  }
  return earliest;
}

ColumnKind InferKind(const std::string& name, const ColumnProfile& profile, std::vector<TypeFault>& faults) {
  const int64_t num_bools = profile.num_values[Index(JsonKind::kBool)];
  if (num_bools > 0) {
    const csv::CellSample* const other = FirstBesideBools(profile);
    if (other == nullptr) return ColumnKind::kBool;
    const csv::CellSample& boolean = profile.first[Index(JsonKind::kBool)];
    faults.push_back(
        {fmt::format("column '{}': '{}' is a truth value, but '{}' is none (write both the same way)", name,
                     boolean.text, other->text),
         &boolean, other});
    return ColumnKind::kBool;
  }
  const csv::ColumnProfile cells = AsCells(profile);
  const csv::TypeDecision decision = csv::DecideType(cells);
  if (decision.offending != nullptr) {
    const bool is_text = decision.offending == &cells.first_text;
    faults.push_back({fmt::format("column '{}': '{}' is not a number, but {} of the column's {} values are "
                                  "(fix the value, or declare "
                                  "the column as BYTES in a schema)",
                                  name, decision.offending->text, decision.num_numbers, decision.num_values),
                      &profile.first[Index(is_text ? JsonKind::kText : JsonKind::kHugeInteger)], nullptr});
  }
  // NaN without quotes is a number even where there is no other.
  const bool is_nan_only =
      decision.num_values > 0 && decision.num_values == cells.Count(csv::CellKind::kNonFinite);
  if (decision.type == csv::ColumnType::kInt64) return ColumnKind::kInt64;
  return decision.type == csv::ColumnType::kDouble || is_nan_only ? ColumnKind::kDouble : ColumnKind::kUtf8;
}

ColumnKind KindOf(FeatureKind declared) {
  if (declared == FeatureKind::kInteger) return ColumnKind::kInt64;
  return declared == FeatureKind::kFloat ? ColumnKind::kDouble : ColumnKind::kUtf8;
}

}  // namespace

std::shared_ptr<arrow::DataType> ArrowType(const ColumnType& column) {
  std::shared_ptr<arrow::DataType> type;
  switch (column.kind) {
    case ColumnKind::kInt64:
      type = arrow::int64();
      break;
    case ColumnKind::kDouble:
      type = arrow::float64();
      break;
    case ColumnKind::kBool:
      type = arrow::boolean();
      break;
    case ColumnKind::kUtf8:
      type = arrow::utf8();
      break;
  }
  if (column.is_nested) return arrow::list(arrow::list(type));
  return column.is_list ? arrow::list(type) : type;
}

void ColumnProfile::MergeFrom(const ColumnProfile& other) {
  for (size_t kind = 0; kind < num_values.size(); ++kind) {
    num_values[kind] += other.num_values[kind];
    if (other.first[kind].IsBefore(first[kind])) first[kind] = other.first[kind];
  }
  num_lists += other.num_lists;
  num_inner_lists += other.num_inner_lists;
  if (other.first_seen.IsBefore(first_seen)) {
    first_seen = other.first_seen;
    place = other.place;
  }
}

LineProfiler::LineProfiler(const std::vector<std::string>& wanted, bool is_ascii)
    : is_closed_(!wanted.empty()),
      is_ascii_(is_ascii),
      profiles_(wanted.size()),
      last_line_(wanted.size(), -1) {
  for (const std::string& name : wanted) index_.Add(name);
}

void LineProfiler::StartLine(int file, int64_t offset) {
  file_ = file;
  offset_ = offset;
  ++num_lines_;
  place_ = 0;
  fault_ = nullptr;
  index_.StartRecord();
}

int LineProfiler::Find(std::string_view name) {
  int number = index_.Find(name);
  if (number < 0 && is_closed_) return -1;
  if (number < 0) {
    number = index_.Add(name);
    profiles_.emplace_back();
    last_line_.push_back(-1);
  }
  const auto at = static_cast<size_t>(number);
  if (last_line_[at] == num_lines_) fault_ = "a name stands twice in the object";
  last_line_[at] = num_lines_;
  if (profiles_[at].first_seen.record_offset < 0) {
    profiles_[at].first_seen = {file_, offset_, ""};
    profiles_[at].place = place_;
  }
  ++place_;
  if (!is_ascii_ && !IsUtf8(name))
    fault_ = "a name is not valid UTF-8 (convert the file, for example by iconv)";
  if (name.empty()) fault_ = "a name is empty: give every column a name";
  return number;
}

const char* LineProfiler::Scalar(int column, const JsonValue& value) { return Count(column, value); }

const char* LineProfiler::BeginList(int column) {
  ++profiles_[static_cast<size_t>(column)].num_lists;
  return nullptr;
}

const char* LineProfiler::BeginInnerList(int column) {
  ++profiles_[static_cast<size_t>(column)].num_inner_lists;
  return nullptr;
}

const char* LineProfiler::Count(int column, const JsonValue& value) {
  ColumnProfile& profile = profiles_[static_cast<size_t>(column)];
  ++profile.num_values[Index(value.kind)];
  csv::CellSample& sample = profile.first[Index(value.kind)];
  if (sample.record_offset < 0) sample = {file_, offset_, Readable(value.text)};
  if (value.kind != JsonKind::kText) return nullptr;
  if (!is_ascii_ && !IsUtf8(value.text))
    return "the text is not valid UTF-8 (convert the file, for example by iconv)";
  if (!value.has_escapes) return nullptr;
  scratch_.clear();
  return Unescape(value.text, scratch_);
}

ColumnProfiles LineProfiler::Finish() {
  ColumnProfiles named;
  for (size_t i = 0; i < profiles_.size(); ++i)
    if (profiles_[i].first_seen.record_offset >= 0) named.emplace(index_.names()[i], std::move(profiles_[i]));
  return named;
}

std::vector<ColumnType> DecideTypes(const ColumnProfiles& profiles,
                                    const std::map<std::string, DeclaredFeature, std::less<>>& declared,
                                    std::vector<TypeFault>& faults) {
  std::vector<const ColumnProfiles::value_type*> ordered;
  for (const auto& entry : profiles) ordered.push_back(&entry);
  std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    if (a->second.first_seen.IsBefore(b->second.first_seen)) return true;
    if (b->second.first_seen.IsBefore(a->second.first_seen)) return false;
    return a->second.place < b->second.place;
  });
  std::vector<ColumnType> types;
  for (const auto* const entry : ordered) {
    const auto& [name, profile] = *entry;
    ColumnType type{name, ColumnKind::kUtf8, profile.num_lists > 0, profile.num_inner_lists > 0};
    if (const auto feature = declared.find(name); feature != declared.end()) {
      type.kind = KindOf(feature->second.kind);
      type.is_list = feature->second.is_list.value_or(type.is_list);
    } else {
      type.kind = InferKind(name, profile, faults);
    }
    types.push_back(std::move(type));
  }
  return types;
}

}  // namespace penstock::data::json_lines
