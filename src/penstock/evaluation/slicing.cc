#include "penstock/evaluation/slicing.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include "penstock/base/near_miss.h"

namespace penstock::evaluation {
namespace {

// A text that reads as a number, as that number; TFMA compares slices so.
std::string Canonical(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return text;
  return fmt::format("{}", number);
}

SliceFeature::Kind KindOf(const arrow::DataType& type) {
  if (type.id() == arrow::Type::LIST) return KindOf(*static_cast<const arrow::ListType&>(type).value_type());
  if (arrow::is_integer(type.id())) return SliceFeature::Kind::kInt64;
  if (type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE) return SliceFeature::Kind::kDouble;
  return SliceFeature::Kind::kText;
}

Status AddSlicing(const tfma::SlicingSpec& spec, const std::vector<std::string>& known, bool skips_unknown,
                  std::set<std::string>& seen, std::vector<Slicing>& slicings) {
  Slicing slicing;
  std::set<std::string> columns(spec.feature_keys().begin(), spec.feature_keys().end());
  for (const auto& [name, value] : spec.feature_values()) {
    if (!columns.insert(name).second)
      return InvalidArgument("slicing_specs name '{}' both in feature_keys and in feature_values", name);
    slicing.values.emplace_back(name, value);
  }
  std::sort(slicing.values.begin(), slicing.values.end());
  if (!spec.slice_keys_sql().empty()) {
    if (!columns.empty()) return InvalidArgument("slicing_specs: give slice_keys_sql or features, not both");
    PENSTOCK_ASSIGN_OR_RETURN(combine::SliceQuery query, combine::ParseSliceQuery(spec.slice_keys_sql()));
    columns.insert(query.columns.begin(), query.columns.end());
    slicing.filter = std::move(query.filter);
    for (const std::string& column : slicing.filter ? slicing.filter->columns() : std::vector<std::string>{})
      if (std::find(known.begin(), known.end(), column) == known.end())
        return NotFound("slice_keys_sql names the column '{}', which is not in the data{}", column,
                        DidYouMean(column, known));
  }
  for (const std::string& column : columns) {
    if (std::find(known.begin(), known.end(), column) != known.end()) continue;
    if (skips_unknown) return OkStatus();
    return NotFound("slicing_specs name the column '{}', which is not in the data{}", column,
                    DidYouMean(column, known));
  }
  slicing.columns.assign(columns.begin(), columns.end());
  const std::string mark = fmt::format("{}|{}", fmt::join(slicing.columns, "\x1f"), spec.slice_keys_sql());
  std::string values;
  for (const auto& [name, value] : slicing.values) values += name + "\x1f" + value + "\x1e";
  if (seen.insert(mark + "|" + values).second) slicings.push_back(std::move(slicing));
  return OkStatus();
}

// The value that a spec asks for as TFMA reads it: a text that reads as a number is one, and nothing else.
SliceFeature AsTyped(const std::string& name, const std::string& text) {
  double real = 0;
  int64_t integer = 0;
  const char* const end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, integer);
      !text.empty() && read.ec == std::errc() && read.ptr == end)
    return {name, fmt::format("{}", integer), SliceFeature::Kind::kInt64};
  if (const auto read = std::from_chars(text.data(), end, real);
      text.find('.') != std::string::npos && read.ec == std::errc() && read.ptr == end)
    return {name, fmt::format("{}", real), SliceFeature::Kind::kDouble};
  return {name, text, SliceFeature::Kind::kText};
}

// The features of a slice as TFMA keeps them: booleans are 0 and 1, and a value that a spec asks for is
// written and typed as the spec has it. Nothing where the slice is not one of those asked for.
std::optional<SliceFeatures> TfmaFeatures(const combine::SliceKey& key, const Slicing& slicing,
                                          const arrow::Schema& schema) {
  SliceFeatures features;
  for (const auto& [name, value] : key.features) {
    const arrow::DataType& type = *schema.GetFieldByName(name)->type();
    const bool is_boolean = type.id() == arrow::Type::BOOL;
    SliceFeature feature{name, value, is_boolean ? SliceFeature::Kind::kInt64 : KindOf(type)};
    if (is_boolean) feature.value = value == "true" ? "1" : "0";
    for (const auto& [wanted_name, wanted_text] : slicing.values) {
      if (wanted_name != name) continue;
      SliceFeature wanted = AsTyped(name, wanted_text);
      const bool is_text = feature.kind == SliceFeature::Kind::kText;
      if (is_text != (wanted.kind == SliceFeature::Kind::kText)) return std::nullopt;
      if (is_text ? wanted.value != feature.value : Canonical(wanted.value) != Canonical(feature.value))
        return std::nullopt;
      feature = std::move(wanted);
    }
    features.push_back(std::move(feature));
  }
  return features;
}

// What Python takes for the same key: 3 and 3.0 are.
SliceFeatures Comparable(SliceFeatures features) {
  for (SliceFeature& feature : features) {
    if (feature.kind != SliceFeature::Kind::kDouble) continue;
    feature.value = Canonical(feature.value);
    feature.kind = SliceFeature::Kind::kInt64;
  }
  return features;
}

bool HasValues(const combine::SliceKey& key, const Slicing& slicing) {
  return std::all_of(slicing.values.begin(), slicing.values.end(), [&](const auto& wanted) {
    return std::any_of(key.features.begin(), key.features.end(), [&](const auto& has) {
      return has.first == wanted.first && Canonical(has.second) == Canonical(wanted.second);
    });
  });
}

std::optional<SliceFeatures> DocumentedFeatures(const combine::SliceKey& key, const Slicing& slicing,
                                                const arrow::Schema& schema) {
  if (!HasValues(key, slicing)) return std::nullopt;
  SliceFeatures features;
  for (const auto& [name, value] : key.features)
    features.push_back({name, value, KindOf(*schema.GetFieldByName(name)->type())});
  return features;
}

}  // namespace

std::string SliceText(const SliceFeatures& slice) {
  std::string text;
  for (const SliceFeature& feature : slice)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", feature.name, feature.value);
  return slice.empty() ? "Overall" : text;
}

Result<std::vector<Slicing>> SlicingsOf(const tfma::EvalConfig& config,
                                        const std::vector<std::string>& columns, bool skips_unknown) {
  std::vector<Slicing> slicings;
  std::set<std::string> seen;
  if (config.slicing_specs().empty() && config.cross_slicing_specs().empty()) return std::vector<Slicing>(1);
  for (const tfma::SlicingSpec& spec : config.slicing_specs())
    PENSTOCK_RETURN_IF_ERROR(AddSlicing(spec, columns, skips_unknown, seen, slicings));
  for (const tfma::CrossSlicingSpec& cross : config.cross_slicing_specs()) {
    PENSTOCK_RETURN_IF_ERROR(AddSlicing(cross.baseline_spec(), columns, skips_unknown, seen, slicings));
    for (const tfma::SlicingSpec& spec : cross.slicing_specs())
      PENSTOCK_RETURN_IF_ERROR(AddSlicing(spec, columns, skips_unknown, seen, slicings));
  }
  return slicings;
}

bool IsSliceOf(const SliceFeatures& slice, const tfma::SlicingSpec& spec) {
  if (slice.size() != static_cast<size_t>(spec.feature_keys_size()) + spec.feature_values().size()) {
    // A key given twice counts once.
    std::set<std::string> keys(spec.feature_keys().begin(), spec.feature_keys().end());
    if (slice.size() != keys.size() + spec.feature_values().size()) return false;
  }
  return std::all_of(slice.begin(), slice.end(), [&](const SliceFeature& feature) {
    const auto value = spec.feature_values().find(feature.name);
    if (value != spec.feature_values().end()) return Canonical(value->second) == Canonical(feature.value);
    return std::find(spec.feature_keys().begin(), spec.feature_keys().end(), feature.name) !=
           spec.feature_keys().end();
  });
}

Result<std::vector<SliceRows>> SliceBatch(const data::Batch& batch, const std::vector<Slicing>& slicings,
                                          int64_t max_slices, Compatibility compatibility) {
  const bool is_tfma = compatibility == Compatibility::kTfma;
  std::map<SliceFeatures, std::vector<int64_t>> slices;
  std::map<SliceFeatures, SliceFeatures> written;  // kTfma: of equal keys the first one is shown.
  for (const Slicing& slicing : slicings) {
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<combine::RowGroup> groups,
                              combine::GroupRows(batch, slicing.columns, max_slices));
    std::vector<bool> holds;
    if (slicing.filter.has_value()) {
      PENSTOCK_ASSIGN_OR_RETURN(holds, slicing.filter->Holds(batch));
    }
    for (combine::RowGroup& group : groups) {
      auto features = (is_tfma ? TfmaFeatures : DocumentedFeatures)(group.key, slicing, *batch->schema());
      if (!features.has_value()) continue;
      if (slicing.filter.has_value())
        std::erase_if(group.rows, [&](int64_t row) { return !holds[static_cast<size_t>(row)]; });
      if (group.rows.empty() && !(slicing.columns.empty() && !slicing.filter)) continue;
      if (is_tfma) features = written.try_emplace(Comparable(*features), *features).first->second;
      std::vector<int64_t>& rows = slices[*std::move(features)];
      if (rows.empty()) {
        rows = std::move(group.rows);
        continue;
      }
      // Another slicing gave the same slice: a row is in it once.
      std::vector<int64_t> both;
      std::set_union(rows.begin(), rows.end(), group.rows.begin(), group.rows.end(),
                     std::back_inserter(both));
      rows = std::move(both);
    }
  }
  std::vector<SliceRows> all;
  for (auto& [slice, rows] : slices) all.push_back({slice, std::move(rows)});
  return all;
}

}  // namespace penstock::evaluation
