#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "penstock/data/example_diff.h"
#include "penstock/data/json_lines/json_text.h"

namespace penstock::data {
namespace {

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i)
      text += i == 0 ? fmt::format("{:<{}}", row[i], widths[i]) : fmt::format("  {:>{}}", row[i], widths[i]);
    text += '\n';
  }
  return text;
}

std::string NamesJson(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) {
    if (text.size() > 1) text += ", ";
    json_lines::AppendJsonText(name, text);
  }
  return text + "]";
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  json_lines::AppendJsonText(text, quoted);
  return quoted;
}

}  // namespace

std::string FormatExampleDiff(const ExampleDiff& diff, bool all_features) {
  const MatchStats& stats = diff.match_stats;
  std::string text = Table({
      {"", "base", "test"},
      {"examples with an identifier", fmt::format("{}", stats.base_with_id_count),
       fmt::format("{}", stats.test_with_id_count)},
      {"examples without one", fmt::format("{}", stats.base_missing_id_count),
       fmt::format("{}", stats.test_missing_id_count)},
      {"identifiers that only it lacks", fmt::format("{}", stats.ids_missing_in_base_count),
       fmt::format("{}", stats.ids_missing_in_test_count)},
  });
  text += fmt::format("{} identifiers, {} of several examples; {} pairs of examples\n\n",
                      stats.identifiers_count, stats.duplicate_id_count, stats.matching_pairs_count);
  std::vector<std::vector<std::string>> rows = {
      {"feature", "base", "test", "match", "base only", "test only", "mismatch", "differ"}};
  for (const FeatureSkew& skew : diff.skew_results) {
    if (!all_features && skew.diff_count() == 0) continue;
    std::vector<std::string> row = {skew.feature_name};
    for (const int64_t count : {skew.base_count, skew.test_count, skew.match_count, skew.base_only,
                                skew.test_only, skew.mismatch_count, skew.diff_count()})
      row.push_back(fmt::format("{}", count));
    rows.push_back(std::move(row));
  }
  text += rows.size() == 1 ? "No feature differs.\n" : Table(rows);
  for (const auto& [feature, counts] : diff.confusion_counts) {
    text += '\n';
    std::vector<std::vector<std::string>> pairs = {{feature + " in base", "in test", "pairs"}};
    for (const auto& [values, count] : counts)
      pairs.push_back({values.first, values.second, fmt::format("{}", count)});
    text += Table(pairs);
  }
  for (const SkewPair& pair : diff.skew_pairs) {
    std::vector<std::string> names = pair.mismatched_features;
    names.insert(names.end(), pair.base_only_features.begin(), pair.base_only_features.end());
    names.insert(names.end(), pair.test_only_features.begin(), pair.test_only_features.end());
    text +=
        fmt::format("\ndiffer in {}\n  base: {}\n  test: {}\n", fmt::join(names, ", "), pair.base, pair.test);
  }
  return text;
}

std::string ExampleDiffJson(const ExampleDiff& diff) {
  const MatchStats& stats = diff.match_stats;
  std::string text = fmt::format(
      "{{\"match_stats\": {{\"base_with_id_count\": {}, \"test_with_id_count\": {}, \"identifiers_count\": "
      "{}, "
      "\"ids_missing_in_base_count\": {}, \"ids_missing_in_test_count\": {}, \"matching_pairs_count\": {}, "
      "\"base_missing_id_count\": {}, \"test_missing_id_count\": {}, \"duplicate_id_count\": {}}}",
      stats.base_with_id_count, stats.test_with_id_count, stats.identifiers_count,
      stats.ids_missing_in_base_count, stats.ids_missing_in_test_count, stats.matching_pairs_count,
      stats.base_missing_id_count, stats.test_missing_id_count, stats.duplicate_id_count);
  text += ", \"skew_results\": [";
  const char* separator = "";
  for (const FeatureSkew& skew : diff.skew_results) {
    text += fmt::format(
        "{}{{\"feature_name\": {}, \"base_count\": {}, \"test_count\": {}, \"match_count\": {}, "
        "\"base_only\": {}, "
        "\"test_only\": {}, \"mismatch_count\": {}, \"diff_count\": {}}}",
        separator, Quoted(skew.feature_name), skew.base_count, skew.test_count, skew.match_count,
        skew.base_only, skew.test_only, skew.mismatch_count, skew.diff_count());
    separator = ", ";
  }
  text += "], \"skew_pairs\": [";
  separator = "";
  for (const SkewPair& pair : diff.skew_pairs) {
    text += fmt::format(
        "{}{{\"base\": {}, \"test\": {}, \"base_only_features\": {}, \"test_only_features\": {}, "
        "\"mismatched_features\": {}}}",
        separator, pair.base, pair.test, NamesJson(pair.base_only_features),
        NamesJson(pair.test_only_features), NamesJson(pair.mismatched_features));
    separator = ", ";
  }
  text += "], \"confusion_counts\": [";
  separator = "";
  for (const auto& [feature, counts] : diff.confusion_counts) {
    for (const auto& [values, count] : counts) {
      text += fmt::format("{}{{\"feature_name\": {}, \"base\": {}, \"test\": {}, \"count\": {}}}", separator,
                          Quoted(feature), Quoted(values.first), Quoted(values.second), count);
      separator = ", ";
    }
  }
  return text + "]}\n";
}

}  // namespace penstock::data
