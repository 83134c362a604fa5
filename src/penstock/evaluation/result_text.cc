#include "penstock/evaluation/result_text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace penstock::evaluation {
namespace {

constexpr size_t kMaxColumns = 6;

std::string Number(double value) {
  if (std::isnan(value)) return "-";
  return fmt::format("{:.6g}", value);
}

std::string Shown(const MetricValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return Number(*number);
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
    std::vector<std::string> texts;
    for (const double each : *numbers) texts.push_back(Number(each));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  }
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* matrices = ValueAs<ConfusionMatrices>(value)) {
    std::string text;
    for (size_t i = 0; i < matrices->thresholds.size() && i < 4; ++i)
      text += fmt::format("{}@{:.4g}: tp {} fp {} tn {} fn {}", i == 0 ? "" : "; ", matrices->thresholds[i],
                          Number(matrices->tp[i]), Number(matrices->fp[i]), Number(matrices->tn[i]),
                          Number(matrices->fn[i]));
    return text;
  }
  if (const auto* attributions = ValueAs<Attributions>(value)) {
    std::string text;
    for (const auto& [feature, numbers] : attributions->by_feature)
      if (!numbers.empty())
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", feature, Number(numbers[0]));
    return text;
  }
  return "(see the files)";
}

std::string NameOf(const SliceResult& slice) {
  if (!slice.is_cross) return SliceText(slice.slice);
  return fmt::format("{} - {}", SliceText(slice.baseline_slice), SliceText(slice.slice));
}

// Columns as wide as their widest cell; the first to the left, the others to the right.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += i == 0 ? fmt::format("{:<{}}", row[i], widths[i]) : fmt::format("  {:>{}}", row[i], widths[i]);
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += line + "\n";
  }
  return text;
}

std::string FirstSlice(const SliceResult& slice) {
  std::vector<std::vector<std::string>> rows = {{NameOf(slice), "value", "95% interval", "change"}};
  for (const auto& [key, value] : slice.metrics) {
    if (key.is_diff) continue;
    std::string interval, change;
    const auto found = slice.intervals.find(key);
    if (found != slice.intervals.end() && found->second.lower.size() == 1)
      interval = fmt::format("{} to {}", Number(found->second.lower[0]), Number(found->second.upper[0]));
    MetricKey diff = key;
    diff.is_diff = true;
    const auto changed = slice.metrics.find(diff);
    if (changed != slice.metrics.end())
      if (const auto* number = std::get_if<double>(&changed->second))
        change = fmt::format("{:+.6g}", *number);
    rows.push_back({ShownKey(key), Shown(value), interval, change});
  }
  for (const auto& [key, value] : slice.metrics) {
    MetricKey plain = key;
    plain.is_diff = false;
    if (key.is_diff && slice.metrics.count(plain) == 0) rows.push_back({ShownKey(key), Shown(value)});
  }
  if (!slice.error.empty()) rows.push_back({slice.error});
  return Table(rows);
}

// The columns of the table of slices.
std::vector<MetricKey> ColumnsOf(const std::vector<SliceResult>& slices, const TextOptions& options) {
  std::vector<MetricKey> columns;
  for (const SliceResult& slice : slices) {
    for (const auto& [key, value] : slice.metrics) {
      if (!std::holds_alternative<double>(value) || key.is_diff) continue;
      const bool is_wanted =
          std::find(options.metrics.begin(), options.metrics.end(), key.name) != options.metrics.end();
      const bool is_known = std::find(columns.begin(), columns.end(), key) != columns.end();
      if (is_known || (!options.metrics.empty() && !is_wanted)) continue;
      if (options.metrics.empty() && columns.size() >= kMaxColumns) continue;
      columns.push_back(key);
    }
  }
  return columns;
}

MetricDirection DirectionOf(const std::string& metric,
                            const std::map<std::string, MetricDirection>& directions) {
  const auto found = directions.find(metric);
  if (found != directions.end()) return found->second;
  for (const auto& [class_name, each] : AllMetricClasses())
    if (each.name == metric) return each.direction;
  return MetricDirection::kNone;
}

// What slices are ranked by: the first metric asked for, auc where it is there, else the first that has a
// better way.
std::optional<MetricKey> WorstBy(const std::vector<SliceResult>& slices,
                                 const std::map<std::string, MetricDirection>& directions,
                                 const TextOptions& options) {
  std::optional<MetricKey> first;
  for (const auto& [key, value] : slices[0].metrics) {
    if (!std::holds_alternative<double>(value) || key.is_diff || key.model == "baseline") continue;
    if (DirectionOf(key.name, directions) == MetricDirection::kNone) continue;
    if (!options.metrics.empty() && key.name == options.metrics[0]) return key;
    if (options.metrics.empty() && key.name == "auc") return key;
    if (!first) first = key;
  }
  return first;
}

}  // namespace

std::string ShownKey(const MetricKey& key) {
  std::string text = key.model.empty() ? "" : key.model + "/";
  if (!key.output.empty()) text += key.output + "/";
  text += key.name;
  if (key.is_diff) text += "|diff";
  const std::string sub_key = key.SubKeyText();
  return sub_key.empty() ? text : fmt::format("{} ({})", text, sub_key);
}

std::string FormatResults(const std::vector<SliceResult>& slices,
                          const std::map<std::string, MetricDirection>& directions,
                          const TextOptions& options) {
  if (slices.empty()) return "There are no slices.\n";
  std::string text = FirstSlice(slices[0]);
  if (slices.size() == 1) return text;
  const std::vector<MetricKey> columns = ColumnsOf(slices, options);
  std::vector<std::vector<std::string>> rows(1, {"slice", "examples"});
  for (const MetricKey& key : columns) rows[0].push_back(ShownKey(key));
  const std::optional<MetricKey> by = WorstBy(slices, directions, options);
  const auto badness = [&](const SliceResult& slice) {
    const auto found = by ? slice.metrics.find(*by) : slice.metrics.end();
    const double* value = found == slice.metrics.end() ? nullptr : std::get_if<double>(&found->second);
    if (value == nullptr || std::isnan(*value)) return -std::numeric_limits<double>::infinity();
    const MetricDirection direction = DirectionOf(by->name, directions);
    return direction == MetricDirection::kHigherIsBetter  ? -*value
           : direction == MetricDirection::kLowerIsBetter ? *value
                                                          : std::fabs(*value - 1);
  };
  std::vector<const SliceResult*> ordered;
  for (const SliceResult& slice : slices)
    if (!slice.is_too_small && (slice.is_cross || !slice.slice.empty())) ordered.push_back(&slice);
  std::stable_sort(ordered.begin(), ordered.end(), [&](const SliceResult* a, const SliceResult* b) {
    return a->is_cross != b->is_cross ? b->is_cross : badness(*a) > badness(*b);
  });
  if (by) text += fmt::format("\nWorst slices by {} (of {}):", ShownKey(*by), ordered.size());
  const auto num_shown = std::min(ordered.size(), static_cast<size_t>(options.max_slices));
  for (size_t i = 0; i < num_shown; ++i) {
    const SliceResult& slice = *ordered[i];
    std::vector<std::string>& row = rows.emplace_back(
        std::vector<std::string>{NameOf(slice), slice.is_cross ? "" : fmt::format("{}", slice.num_examples)});
    for (const MetricKey& key : columns) {
      const auto found = slice.metrics.find(key);
      row.push_back(found == slice.metrics.end() ? "" : Shown(found->second));
    }
  }
  text += "\n" + Table(rows);
  if (num_shown < ordered.size()) text += fmt::format("({} more slices)\n", ordered.size() - num_shown);
  return text;
}

std::string FormatComparison(const std::vector<SliceResult>& a, const std::vector<SliceResult>& b,
                             const TextOptions& options) {
  std::vector<std::vector<std::string>> rows = {{"slice", "metric", "first", "second", "difference"}};
  std::map<std::string, const SliceResult*> others;
  for (const SliceResult& slice : b) others[NameOf(slice)] = &slice;
  std::vector<std::string> alone;
  for (const SliceResult& slice : a) {
    const auto other = others.find(NameOf(slice));
    if (other == others.end()) {
      alone.push_back(NameOf(slice));
      continue;
    }
    for (const auto& [key, value] : slice.metrics) {
      const bool is_wanted =
          options.metrics.empty() ||
          std::find(options.metrics.begin(), options.metrics.end(), key.name) != options.metrics.end();
      const auto found = other->second->metrics.find(key);
      const double* mine = std::get_if<double>(&value);
      const double* theirs =
          found == other->second->metrics.end() ? nullptr : std::get_if<double>(&found->second);
      if (!is_wanted || mine == nullptr || theirs == nullptr) continue;
      rows.push_back({NameOf(slice), ShownKey(key), Number(*mine), Number(*theirs),
                      fmt::format("{:+.6g}", *theirs - *mine)});
    }
    others.erase(other);
  }
  std::string text = Table(rows);
  for (const std::string& name : alone) text += fmt::format("only in the first: {}\n", name);
  for (const auto& [name, slice] : others) text += fmt::format("only in the second: {}\n", name);
  return text;
}

}  // namespace penstock::evaluation
