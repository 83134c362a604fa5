// FormatEvaluation: what a person reads of a result.
#include <algorithm>
#include <cmath>

#include "penstock/evaluation/evaluation_result.h"
#include "penstock/evaluation/metric_catalog.h"

namespace penstock::evaluation {
namespace {

constexpr size_t kMaxColumnsOfSlices = 4;

// Columns as wide as their widest cell; the first one to the left, numbers to the right.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      text +=
          i == 0 ? fmt::format("  {:<{}}", row[i], widths[i]) : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text.push_back('\n');
  }
  return text;
}

MetricDirection DirectionOf(const std::string& metric) {
  const Result<MetricSpec> spec = ParseMetric(metric);
  return spec.ok() ? spec->definition->direction : MetricDirection::kNone;
}

// Counts without decimals; a rate of 1 as 1.0000.
std::string Number(const std::string& metric, double value) {
  if (std::isnan(value)) return "-";
  const bool may_be_count = DirectionOf(metric) == MetricDirection::kNone;
  if (may_be_count && value == std::floor(value) && std::fabs(value) < 1e15)
    return fmt::format("{:.0f}", value);
  return fmt::format("{:.4f}", value);
}

std::string FormatOverall(const SliceMetrics& overall, bool has_baseline) {
  std::vector<std::vector<std::string>> rows{{"metric", "value"}};
  if (has_baseline) rows[0].insert(rows[0].end(), {"baseline", "change"});
  for (const MetricValue& metric : overall.metrics()) {
    rows.push_back({metric.name(), Number(metric.name(), metric.value())});
    if (!has_baseline) continue;
    const double change = metric.value() - metric.baseline();
    rows.back().push_back(Number(metric.name(), metric.baseline()));
    rows.back().push_back(std::isnan(change) ? "-" : fmt::format("{:+.4f}", change));
  }
  return FormatTable(rows);
}

// `metric` first, then the next ones of which one value is better than another.
std::vector<std::string> ColumnsOfSlices(const SliceMetrics& overall, const std::string& metric) {
  std::vector<std::string> columns{metric};
  for (const MetricValue& other : overall.metrics()) {
    if (columns.size() == kMaxColumnsOfSlices) break;
    if (other.name() != metric && DirectionOf(other.name()) != MetricDirection::kNone)
      columns.push_back(other.name());
  }
  return columns;
}

std::string FormatWorst(const EvaluationResult& result, const std::string& metric, int64_t count) {
  const auto worst = WorstSlices(result, metric, count);
  if (!worst.ok() || worst->empty()) return "";
  const std::vector<std::string> columns = ColumnsOfSlices(*OverallSlice(result), metric);
  std::vector<std::vector<std::string>> rows{{"slice", "examples"}};
  rows[0].insert(rows[0].end(), columns.begin(), columns.end());
  for (const SliceMetrics* slice : *worst) {
    rows.push_back({SliceName(*slice), fmt::format("{}", slice->num_examples())});
    for (const std::string& column : columns) {
      const MetricValue* value = FindMetric(*slice, column);
      rows.back().push_back(value == nullptr ? "-" : Number(column, value->value()));
    }
  }
  return fmt::format("Worst slices by {}\n{}", metric, FormatTable(rows));
}

}  // namespace

std::string FormatEvaluation(const EvaluationResult& result, std::string_view metric,
                             int64_t num_worst_slices) {
  const SliceMetrics* overall = OverallSlice(result);
  if (overall == nullptr) return "Nothing was evaluated.\n";
  std::string text = fmt::format("Split '{}': {} examples, {} slices", result.split(), result.num_examples(),
                                 result.slices_size());
  if (result.num_small_slices() > 0) {
    text += fmt::format(" ({} with fewer than {} examples left out)", result.num_small_slices(),
                        result.min_slice_size());
  }
  if (result.num_examples_without_label() > 0)
    text += fmt::format(", {} left out for want of a label", result.num_examples_without_label());
  text += "\n" + FormatOverall(*overall, result.has_baseline());

  std::string ranked_by(metric);
  for (const MetricValue& each : overall->metrics()) {
    if (!ranked_by.empty()) break;
    if (DirectionOf(each.name()) != MetricDirection::kNone) ranked_by = each.name();
  }
  text += FormatWorst(result, ranked_by, num_worst_slices);
  for (const ThresholdCheck& check : result.checks()) {
    text += fmt::format("{}  {}\n",
                        check.skipped()  ? "skipped"
                        : check.passed() ? "passed "
                                         : "FAILED ",
                        check.explanation());
  }
  return text;
}

}  // namespace penstock::evaluation
