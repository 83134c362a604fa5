#include "penstock/statistics/sliced_statistics.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "penstock/base/near_miss.h"
#include "penstock/base/utf8.h"

namespace penstock::statistics {

namespace {

const arrow::DataType& ValueType(const arrow::DataType& type) {
  const bool is_list = type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
  return is_list ? *type.field(0)->type() : type;
}

bool IsText(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY ||
         type.id() == arrow::Type::LARGE_STRING || type.id() == arrow::Type::LARGE_BINARY;
}

template <class Number>
Result<std::string> NormalizeNumber(const std::string& text, const std::string& feature, const char* kind) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument("The slice value '{}' of feature '{}' is not {}, as the feature's values are",
                           text, feature, kind);
  }
  return fmt::format("{}", value);
}

/// The text that combine::SliceKey has for the value that `text` means.
Result<std::string> KeyText(const std::string& text, const arrow::Field& field) {
  switch (ValueType(*field.type()).id()) {
    case arrow::Type::INT64:
      return NormalizeNumber<int64_t>(text, field.name(), "an integer");
    case arrow::Type::FLOAT:
      return NormalizeNumber<float>(text, field.name(), "a number");
    case arrow::Type::DOUBLE:
      return NormalizeNumber<double>(text, field.name(), "a number");
    default:
      return text;
  }
}

}  // namespace

Result<SlicedStatistics> SlicedStatistics::Make(const arrow::Schema& schema,
                                                const StatisticsOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(DatasetStatistics combiner, DatasetStatistics::Make(schema, options));
  // The bound is checked here, where the option's name is known.
  SlicedStatistics sliced(Fold(std::move(combiner), {}, std::numeric_limits<int64_t>::max()),
                          options.max_slices);
  for (const SliceSpec& spec : options.slices) PENSTOCK_RETURN_IF_ERROR(sliced.AddSlicing(spec, schema));
  return sliced;
}

std::vector<std::string> SlicedStatistics::AbsentFeatures(const arrow::Schema& schema,
                                                          const StatisticsOptions& options) {
  std::set<std::string> absent;
  const auto look_for = [&](const std::string& name) {
    if (schema.GetFieldIndex(name) < 0) absent.insert(name);
  };
  for (const SliceSpec& spec : options.slices) {
    for (const std::string& name : spec.feature_keys) look_for(name);
    for (const auto& [name, value] : spec.feature_values) look_for(name);
  }
  return {absent.begin(), absent.end()};
}

Status SlicedStatistics::AddQuery(const std::string& sql, const arrow::Schema& schema) {
  for (const Slicing& earlier : slicings_)
    if (earlier.sql == sql) return OkStatus();
  auto query = combine::ParseSliceQuery(sql);
  if (!query.ok()) return Annotate(query.status(), "The slices '" + sql + "'");
  Slicing slicing{{}, sql, std::move(query->filter)};
  std::vector<std::string> read = query->columns;
  if (slicing.filter.has_value())
    for (const std::string& column : slicing.filter->columns()) read.push_back(column);
  for (const std::string& column : read)
    if (schema.GetFieldIndex(column) < 0)
      return NotFound("The feature '{}' of the slices '{}' is not in the data{}", column, sql,
                      DidYouMean(column, schema.field_names()));
  for (size_t i = 0; i < query->columns.size(); ++i) {
    const arrow::DataType& type = ValueType(*schema.GetFieldByName(query->columns[i])->type());
    if (type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE)
      real_features_.push_back(query->names[i]);
    slicing.features.push_back({query->names[i], query->columns[i], true, ""});
  }
  slicings_.push_back(std::move(slicing));
  return OkStatus();
}

Status SlicedStatistics::AddSlicing(const SliceSpec& spec, const arrow::Schema& schema) {
  if (!spec.sql.empty()) return AddQuery(spec.sql, schema);
  std::map<std::string, SliceFeature> by_name;
  bool matches_nothing = false;
  for (const std::string& name : spec.feature_keys) by_name[name] = {name, name, true, ""};
  for (const auto& [name, value] : spec.feature_values) by_name[name] = {name, name, false, value};
  for (auto& [name, feature] : by_name) {
    const int column = schema.GetFieldIndex(name);
    // No example has the feature, so none is in such a slice.
    if (column < 0) return OkStatus();
    const arrow::Field& field = *schema.field(column);
    const arrow::DataType& type = ValueType(*field.type());
    if (type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE) real_features_.push_back(name);
    if (feature.takes_all) continue;
    PENSTOCK_ASSIGN_OR_RETURN(feature.value, KeyText(feature.value, field));
    matches_nothing = matches_nothing || (spec.texts_match_nothing && IsText(type));
  }
  if (by_name.empty() || matches_nothing) return OkStatus();
  Slicing& slicing = slicings_.emplace_back();
  for (auto& [name, feature] : by_name) slicing.features.push_back(std::move(feature));
  return OkStatus();
}

bool SlicedStatistics::Covers(const Slicing& slicing, const combine::SliceKey& key) {
  const std::vector<SliceFeature>& features = slicing.features;
  // What a condition lets pass is not known by the key.
  if (slicing.filter.has_value() || features.size() != key.features.size()) return false;
  for (size_t i = 0; i < features.size(); ++i) {
    if (features[i].name != key.features[i].first) return false;
    if (!features[i].takes_all && features[i].value != key.features[i].second) return false;
  }
  return true;
}

Status SlicedStatistics::AddSlices(size_t slicing, const combine::Batch& batch, State& state) const {
  const Slicing& cut = slicings_[slicing];
  std::vector<std::string> columns;
  bool takes_all = !cut.filter.has_value();
  for (const SliceFeature& feature : cut.features) {
    columns.push_back(feature.column);
    takes_all = takes_all && feature.takes_all;
  }
  // Values that are not asked for are no slices, however many they are.
  const int64_t max_groups = takes_all ? max_slices_ + 1 : std::numeric_limits<int64_t>::max();
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<combine::RowGroup> groups,
                            combine::GroupRows(batch, columns, max_groups));
  std::vector<bool> holds;
  if (cut.filter.has_value()) {
    PENSTOCK_ASSIGN_OR_RETURN(holds, cut.filter->Holds(batch));
  }
  for (combine::RowGroup& group : groups) {
    for (size_t i = 0; i < cut.features.size(); ++i) group.key.features[i].first = cut.features[i].name;
    if (cut.filter.has_value()) {
      std::erase_if(group.rows, [&](int64_t row) { return !holds[static_cast<size_t>(row)]; });
      if (group.rows.empty()) continue;
    } else if (!Covers(cut, group.key)) {
      continue;
    }
    const auto earlier = slicings_.begin() + static_cast<std::ptrdiff_t>(slicing);
    const auto covers = [&](const Slicing& other) { return Covers(other, group.key); };
    if (std::any_of(slicings_.begin(), earlier, covers)) continue;
    auto& slice = combine::StateAt(fold_.combiner(), group.key, state);
    PENSTOCK_RETURN_IF_ERROR(combine::AddSomeRows(fold_.combiner(), batch, group.rows, slice));
    PENSTOCK_RETURN_IF_ERROR(CheckNumSlices(state));
  }
  return OkStatus();
}

Status SlicedStatistics::CheckNumSlices(const State& state) const {
  // All examples are one key more.
  if (static_cast<int64_t>(state.size()) <= max_slices_ + 1) return OkStatus();
  return InvalidArgument(
      "There are more than {} slices; slice by features with fewer values, or raise the statistics option "
      "max_slices",
      max_slices_);
}

Status SlicedStatistics::Merge(const State& from, State& into) const {
  PENSTOCK_RETURN_IF_ERROR(fold_.Merge(from, into));
  FitIntoMemory(into);
  return CheckNumSlices(into);
}

int64_t SlicedStatistics::StateBytes(const State& state) const {
  int64_t bytes = 0;
  for (const auto& [key, slice] : state) bytes += fold_.combiner().StateBytes(slice);
  return bytes;
}

void SlicedStatistics::FitIntoMemory(State& state) const {
  const int64_t limit = memory_limit() / kNumStatesInMemory;
  if (StateBytes(state) <= limit) return;
  const int64_t share = limit / static_cast<int64_t>(state.size());
  for (auto& [key, slice] : state) fold_.combiner().FitInto(share, slice);
}

Status SlicedStatistics::Add(const combine::Batch& batch, State& state) const {
  auto& all = combine::StateAt(fold_.combiner(), combine::SliceKey(), state);
  PENSTOCK_RETURN_IF_ERROR(fold_.combiner().Add(batch, all));
  for (size_t i = 0; i < slicings_.size(); ++i) PENSTOCK_RETURN_IF_ERROR(AddSlices(i, batch, state));
  FitIntoMemory(state);
  return OkStatus();
}

Result<std::string> SlicedStatistics::NameOf(const combine::SliceKey& key) const {
  if (key.IsOverall()) return std::string(kAllExamplesName);
  std::string name;
  for (const auto& [feature, value] : key.features) {
    if (!IsUtf8(value)) {
      return InvalidArgument(
          "A value of feature '{}' to slice by is not UTF-8; it cannot be part of a slice's name", feature);
    }
    const bool is_real =
        std::find(real_features_.begin(), real_features_.end(), feature) != real_features_.end();
    const bool looks_whole = value.find_first_not_of("-0123456789") == std::string::npos;
    name +=
        fmt::format("{}{}_{}{}", name.empty() ? "" : "_", feature, value, is_real && looks_whole ? ".0" : "");
  }
  return name;
}

Result<SlicedStatistics::Output> SlicedStatistics::Finish(const State& state) const {
  Output list;
  const auto add = [&](const combine::SliceKey& key, const DatasetStatistics::State& slice) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(auto statistics, fold_.combiner().Finish(slice));
    PENSTOCK_ASSIGN_OR_RETURN(*statistics.mutable_name(), NameOf(key));
    *list.add_datasets() = std::move(statistics);
    return OkStatus();
  };
  // Without any example there is no state, but a dataset none the less.
  if (!state.contains({})) PENSTOCK_RETURN_IF_ERROR(add({}, fold_.combiner().NewState()));
  for (const auto& [key, slice] : state) PENSTOCK_RETURN_IF_ERROR(add(key, slice));
  return list;
}

Digest SlicedStatistics::Fingerprint() const {
  DigestBuilder builder;
  builder.Add("SlicedStatistics/2").Add(fold_.Fingerprint()).Add(max_slices_);
  for (const Slicing& slicing : slicings_) {
    builder.Add(static_cast<int64_t>(slicing.features.size())).Add(slicing.sql);
    for (const SliceFeature& feature : slicing.features)
      builder.Add(feature.name).Add(feature.column).Add(int64_t{feature.takes_all}).Add(feature.value);
  }
  return builder.Finish();
}

static_assert(combine::Combiner<SlicedStatistics>);

}  // namespace penstock::statistics
