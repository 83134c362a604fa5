#include "penstock/pages/diff_page.h"

#include <algorithm>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/pages/bounded_json.h"

namespace penstock::pages {
namespace {

using nlohmann::json;

constexpr size_t kMaxTextBytes = 200;
constexpr size_t kMaxNameBytes = 1000;

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// Cuts a sorted list and notes how much of it is left out.
template <class List>
void Bound(List& list, int64_t max_size, std::string_view what, json& notes) {
  const auto size = static_cast<int64_t>(list.size());
  if (size <= max_size) return;
  notes.push_back(fmt::format("{} of {} {} are shown", max_size, size, what));
  list.resize(static_cast<size_t>(max_size));
}

json FeatureList(const json& results, const DiffLimits& limits, json& notes) {
  std::vector<json> sorted(results.begin(), results.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const json& a, const json& b) {
    return a.at("diff_count").get<int64_t>() > b.at("diff_count").get<int64_t>();
  });
  Bound(sorted, limits.max_features, "features", notes);
  json features = json::array();
  for (const json& result : sorted)
    features.push_back({{"name", CutText(result.at("feature_name").get<std::string>(), kMaxNameBytes)},
                        {"base", result.at("base_count")},
                        {"test", result.at("test_count")},
                        {"match", result.at("match_count")},
                        {"base_only", result.at("base_only")},
                        {"test_only", result.at("test_only")},
                        {"mismatch", result.at("mismatch_count")}});
  return features;
}

/// A value as the page shows it; null where that side has none.
json Shown(const json& example, const std::string& column) {
  const auto value = example.find(column);
  if (value == example.end() || value->is_null()) return nullptr;
  return CutText(value->is_string() ? value->get<std::string>() : Dump(*value), kMaxTextBytes);
}

/// [column, base, test, what] of each column of a pair: the identifiers, those that differ, the others.
json PairRows(const json& pair, const std::vector<std::string>& identifiers, const DiffLimits& limits) {
  const json& base = pair.at("base");
  const json& test = pair.at("test");
  json rows = json::array();
  std::set<std::string> shown;
  const std::pair<const char*, const char*> kinds[] = {{"mismatched_features", "mismatch"},
                                                       {"base_only_features", "base_only"},
                                                       {"test_only_features", "test_only"}};
  const auto add = [&](const std::string& column, const char* kind) {
    if (static_cast<int64_t>(rows.size()) < limits.max_columns_of_a_pair)
      rows.push_back({CutText(column, kMaxNameBytes), Shown(base, column), Shown(test, column), kind});
  };
  for (const std::string& name : identifiers) {
    shown.insert(name);
    add(name, "identifier");
  }
  for (const auto& [list, kind] : kinds)
    for (const json& name : pair.at(list)) {
      shown.insert(name.get<std::string>());
      add(name.get<std::string>(), kind);
    }
  std::set<std::string> others;
  for (const json* example : {&base, &test})
    for (const auto& [column, value] : example->items())
      if (!shown.contains(column)) others.insert(column);
  for (const std::string& column : others) add(column, "same");
  return rows;
}

json ConfusionList(const json& counts, const DiffLimits& limits, json& notes) {
  std::vector<json> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const json& a, const json& b) {
    return a.at("count").get<int64_t>() > b.at("count").get<int64_t>();
  });
  Bound(sorted, limits.max_confusions, "pairs of values", notes);
  json confusions = json::array();
  for (const json& count : sorted)
    confusions.push_back({CutText(count.at("feature_name").get<std::string>(), kMaxNameBytes),
                          CutText(count.at("base").get<std::string>(), kMaxTextBytes),
                          CutText(count.at("test").get<std::string>(), kMaxTextBytes), count.at("count")});
  return confusions;
}

}  // namespace

Result<json> DiffPageData(std::string_view diff, const DiffNames& names, const DiffLimits& limits) {
  const json read = json::parse(diff, nullptr, /*allow_exceptions=*/false);
  if (!read.is_object())
    return DataLoss("The comparison is no JSON object, as penstock data diff --json prints");
  try {
    json notes = json::array();
    json page = {{"page", "diff"},
                 {"base", CutText(names.base, kMaxNameBytes)},
                 {"test", CutText(names.test, kMaxNameBytes)},
                 {"match", read.at("match_stats")},
                 {"features", FeatureList(read.at("skew_results"), limits, notes)},
                 {"confusions", ConfusionList(read.at("confusion_counts"), limits, notes)},
                 {"pairs", json::array()}};
    std::vector<json> pairs(read.at("skew_pairs").begin(), read.at("skew_pairs").end());
    Bound(pairs, limits.max_pairs, "pairs of the sample", notes);
    for (const json& pair : pairs) page["pairs"].push_back(PairRows(pair, names.identifiers, limits));
    page["notes"] = std::move(notes);
    return page;
  } catch (const json::exception& error) {
    return DataLoss("The comparison is not what penstock data diff --json prints: {}", error.what());
  }
}

}  // namespace penstock::pages
