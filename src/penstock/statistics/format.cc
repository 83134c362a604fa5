#include "penstock/statistics/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "penstock/statistics/terminal_text.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::StringStatistics;

namespace {

constexpr int kMaxNameWidth = 40;
constexpr int kMaxValueWidth = 28;
constexpr int kMaxSparklineBuckets = 20;
constexpr double kManyZeros = 0.5;

enum Column {
  kName,
  kType,
  kCount,
  kMissing,
  kMean,
  kStdDev,
  kZeros,
  kMin,
  kMedian,
  kMax,
  kUnique,
  kTop,
  kShape
};
constexpr int kNumColumns = kShape + 1;
struct Line {
  std::array<std::string, kNumColumns> cells;
  std::array<bool, kNumColumns> is_alarming{};
  std::string& operator[](int column) { return cells[column]; }
  const std::string& operator[](int column) const { return cells[column]; }
};

const Line& Header() {
  static const Line header = {{"feature", "type", "count", "missing", "mean", "std dev", "zeros", "min",
                               "median", "max", "unique", "top value", "histogram"}};
  return header;
}

bool IsTextColumn(int column) { return column == kName || column == kType || column >= kTop; }

std::string FormatNumber(double value) {
  const double magnitude = std::abs(value);
  if (magnitude < 1e15 && value == std::trunc(value)) return fmt::format("{:.0f}", value == 0 ? 0 : value);
  if (magnitude >= 1e4 && magnitude < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

std::string FormatPercent(double part, double whole) {
  if (!(whole > 0)) return "-";
  const double percent = 100 * part / whole;
  // "0.0%" would hide that there are some, "100.0%" that there are others.
  if (percent > 0 && percent < 0.05) return "<0.1%";
  if (percent < 100 && percent >= 99.95) return ">99.9%";
  return fmt::format("{:.1f}%", percent);
}

std::string Sparkline(const std::vector<double>& heights) {
  static constexpr std::array<std::string_view, 9> kBlocks = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double highest = heights.empty() ? 0 : *std::max_element(heights.begin(), heights.end());
  std::string line;
  for (double height : heights) {
    // Rounded up, so that a bucket that holds anything shows.
    const double eighths = highest > 0 ? std::ceil(8 * std::max(height, 0.0) / highest) : 0;
    line += kBlocks[static_cast<size_t>(std::clamp(eighths, 0.0, 8.0))];
  }
  return line;
}

std::string NumericShape(const NumericStatistics& numeric) {
  std::vector<double> heights;
  for (const Histogram& histogram : numeric.histograms()) {
    if (histogram.type() != Histogram::STANDARD) continue;
    for (const Histogram::Bucket& bucket : histogram.buckets()) heights.push_back(bucket.sample_count());
    break;
  }
  return Sparkline(heights);
}

std::string RankShape(const StringStatistics& text) {
  std::vector<double> heights;
  for (const auto& bucket : text.rank_histogram().buckets()) {
    if (heights.size() == kMaxSparklineBuckets) break;
    heights.push_back(bucket.sample_count());
  }
  return Sparkline(heights);
}

void FillCommon(const CommonStatistics& common, Line& line) {
  line[kCount] = fmt::format("{}", common.num_non_missing());
  line[kMissing] = FormatPercent(static_cast<double>(common.num_missing()),
                                 static_cast<double>(common.num_missing() + common.num_non_missing()));
  line.is_alarming[kMissing] = common.num_missing() > 0;
}

void FillNumeric(const NumericStatistics& numeric, Line& line) {
  FillCommon(numeric.common_stats(), line);
  double num_nan = 0;
  for (const Histogram& histogram : numeric.histograms()) num_nan = static_cast<double>(histogram.num_nan());
  const double num_numbers = static_cast<double>(numeric.common_stats().tot_num_values()) - num_nan;
  if (num_numbers <= 0) return;
  line[kMean] = FormatNumber(numeric.mean());
  line[kStdDev] = FormatNumber(numeric.std_dev());
  line[kZeros] = FormatPercent(static_cast<double>(numeric.num_zeros()), num_numbers);
  line.is_alarming[kZeros] = static_cast<double>(numeric.num_zeros()) >= kManyZeros * num_numbers;
  line[kMin] = FormatNumber(numeric.min());
  line[kMedian] = FormatNumber(numeric.median());
  line[kMax] = FormatNumber(numeric.max());
  line[kShape] = NumericShape(numeric);
}

void FillString(const StringStatistics& text, Line& line) {
  FillCommon(text.common_stats(), line);
  line[kUnique] = fmt::format("{}", text.unique());
  if (text.top_values_size() > 0) {
    const auto& top = text.top_values(0);
    line[kTop] = fmt::format("{} ({})", TruncateToWidth(EscapeForTerminal(top.value()), kMaxValueWidth),
                             FormatNumber(top.frequency()));
  }
  line[kShape] = RankShape(text);
}

std::string NameOf(const FeatureNameStatistics& feature) {
  if (feature.has_name()) return feature.name();
  std::string name;
  for (const std::string& step : feature.path().step()) name += name.empty() ? step : "." + step;
  return name;
}

Line MakeLine(const FeatureNameStatistics& feature) {
  Line line;
  line.cells.fill("-");
  line[kShape] = "";
  line[kTop] = "";
  line[kName] = TruncateToWidth(EscapeForTerminal(NameOf(feature)), kMaxNameWidth);
  line[kType] = FeatureNameStatistics::Type_Name(feature.type());
  switch (feature.stats_case()) {
    case FeatureNameStatistics::kNumStats:
      FillNumeric(feature.num_stats(), line);
      break;
    case FeatureNameStatistics::kStringStats:
      FillString(feature.string_stats(), line);
      break;
    case FeatureNameStatistics::kBytesStats:
      FillCommon(feature.bytes_stats().common_stats(), line);
      break;
    case FeatureNameStatistics::kStructStats:
      FillCommon(feature.struct_stats().common_stats(), line);
      break;
    case FeatureNameStatistics::STATS_NOT_SET:
      break;
  }
  return line;
}

void AppendLine(const Line& line, const std::array<int, kNumColumns>& widths, const FormatOptions& options,
                std::string& out) {
  std::string text;
  for (int column = 0; column < kNumColumns; ++column) {
    const std::string padding(widths[column] - DisplayWidth(line[column]), ' ');
    if (column > 0) text += "  ";
    const bool is_red = options.colour && line.is_alarming[column];
    const std::string cell = is_red ? "\x1b[31m" + line[column] + "\x1b[0m" : line[column];
    text += IsTextColumn(column) ? cell + padding : padding + cell;
  }
  out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
}

void AppendDataset(const DatasetFeatureStatistics& dataset, const FormatOptions& options, std::string& out) {
  std::vector<Line> lines = {Header()};
  for (const FeatureNameStatistics& feature : dataset.features()) lines.push_back(MakeLine(feature));
  std::array<int, kNumColumns> widths{};
  for (const Line& line : lines) {
    for (int column = 0; column < kNumColumns; ++column) {
      widths[column] = std::max(widths[column], DisplayWidth(line[column]));
    }
  }
  const std::string name = dataset.name().empty() ? "" : EscapeForTerminal(dataset.name()) + ": ";
  out += fmt::format("{}{} examples, {} features\n", name, dataset.num_examples(), dataset.features_size());
  for (const Line& line : lines) AppendLine(line, widths, options, out);
}

}  // namespace

std::string FormatStatistics(const DatasetFeatureStatisticsList& statistics, const FormatOptions& options) {
  std::string out;
  for (const DatasetFeatureStatistics& dataset : statistics.datasets()) {
    if (!out.empty()) out += "\n";
    AppendDataset(dataset, options, out);
  }
  if (out.empty()) out = "No statistics\n";
  return out;
}

}  // namespace penstock::statistics
