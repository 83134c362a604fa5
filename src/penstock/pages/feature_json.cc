#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "penstock/pages/bounded_json.h"
#include "penstock/pages/feature_json_internal.h"

namespace penstock::pages {

namespace tfmd = ::tensorflow::metadata::v0;
using nlohmann::json;

namespace {

constexpr int kMaxCustomStatistics = 50;
constexpr int kMaxLevels = 16;

template <class Values, class Of>
json NumbersJson(const Values& values, Of of) {
  json numbers = json::array();
  for (const auto& value : values) numbers.push_back(NumberJson(of(value)));
  return numbers;
}

/// The most frequent first. The rank histogram holds more of them than the top values, where it is there.
template <class Text>
json ListedValuesJson(const Text& text, const CellLimits& limits, json& cell) {
  json values = json::array();
  const auto add = [&](std::string_view value, double count) {
    if (static_cast<int64_t>(values.size()) < limits.max_listed_values)
      values.push_back({CutText(value, limits.max_text_bytes), NumberJson(count)});
  };
  const int num_ranked = text.rank_histogram().buckets_size();
  if (num_ranked >= text.top_values_size()) {
    for (const auto& bucket : text.rank_histogram().buckets()) add(bucket.label(), bucket.sample_count());
  } else {
    for (const auto& top : text.top_values()) add(top.value(), top.frequency());
  }
  const int64_t num_listed = std::max(num_ranked, text.top_values_size());
  if (num_listed > limits.max_listed_values) {
    cell["num_listed"] = num_listed;
    double total = 0;
    for (const auto& bucket : text.rank_histogram().buckets()) total += bucket.sample_count();
    cell["total_listed"] = NumberJson(total);
  }
  return values;
}

template <class Histograms>
void AddHistograms(const Histograms& histograms, const CellLimits& limits, json& cell) {
  for (const tfmd::Histogram& histogram : histograms) {
    const char* key = histogram.type() == tfmd::Histogram::QUANTILES ? "quantiles" : "histogram";
    if (histogram.num_nan() > 0) cell["nan"] = histogram.num_nan();
    if (!cell.contains(key) && histogram.buckets_size() > 0)
      cell[key] = HistogramJson(histogram, limits.max_buckets);
  }
}

void AddCommon(const tfmd::CommonStatistics& common, const CellLimits& limits, json& cell) {
  cell["present"] = common.num_non_missing();
  cell["missing"] = common.num_missing();
  cell["values"] = {common.min_num_values(), common.max_num_values(), NumberJson(common.avg_num_values()),
                    common.tot_num_values()};
  if (common.max_num_values() != common.min_num_values() && common.num_values_histogram().buckets_size() > 0)
    cell["value_counts"] = HistogramJson(common.num_values_histogram(), limits.max_buckets);
  if (common.feature_list_length_histogram().buckets_size() > 0)
    cell["list_lengths"] = HistogramJson(common.feature_list_length_histogram(), limits.max_buckets);
  if (common.presence_and_valency_stats_size() > 1) {
    for (const auto& level : common.presence_and_valency_stats()) {
      if (cell["levels"].size() == kMaxLevels) break;
      cell["levels"].push_back({level.num_non_missing(), level.num_missing(), level.min_num_values(),
                                level.max_num_values(), level.tot_num_values()});
    }
  }
  if (common.has_weighted_common_stats()) {
    const auto& weighted = common.weighted_common_stats();
    cell["weighted"]["present"] = NumberJson(weighted.num_non_missing());
    cell["weighted"]["missing"] = NumberJson(weighted.num_missing());
    cell["weighted"]["total_values"] = NumberJson(weighted.tot_num_values());
  }
}

template <class Numeric>
void AddMoments(const Numeric& numeric, const CellLimits& limits, json& cell) {
  cell["mean"] = NumberJson(numeric.mean());
  cell["deviation"] = NumberJson(numeric.std_dev());
  cell["median"] = NumberJson(numeric.median());
  AddHistograms(numeric.histograms(), limits, cell);
}

void AddNumeric(const tfmd::NumericStatistics& numeric, const CellLimits& limits, json& cell) {
  AddCommon(numeric.common_stats(), limits, cell);
  cell["kind"] = "numeric";
  cell["zeros"] = numeric.num_zeros();
  cell["min"] = NumberJson(numeric.min());
  cell["max"] = NumberJson(numeric.max());
  AddMoments(numeric, limits, cell);
  if (numeric.has_weighted_numeric_stats())
    AddMoments(numeric.weighted_numeric_stats(), limits, cell["weighted"]);
}

void AddText(const tfmd::StringStatistics& text, const CellLimits& limits, json& cell) {
  AddCommon(text.common_stats(), limits, cell);
  cell["kind"] = "text";
  cell["unique"] = text.unique();
  cell["mean_length"] = NumberJson(text.avg_length());
  if (text.invalid_utf8_count() > 0) cell["invalid_utf8"] = text.invalid_utf8_count();
  cell["listed"] = ListedValuesJson(text, limits, cell);
  if (text.has_weighted_string_stats())
    cell["weighted"]["listed"] = ListedValuesJson(text.weighted_string_stats(), limits, cell["weighted"]);
}

void AddBytes(const tfmd::BytesStatistics& bytes, const CellLimits& limits, json& cell) {
  AddCommon(bytes.common_stats(), limits, cell);
  cell["kind"] = "bytes";
  cell["unique"] = bytes.unique();
  cell["mean_bytes"] = NumberJson(bytes.avg_num_bytes());
  cell["min_bytes"] = NumberJson(bytes.min_num_bytes());
  cell["max_bytes"] = NumberJson(
      bytes.max_num_bytes_int() > 0 ? static_cast<double>(bytes.max_num_bytes_int()) : bytes.max_num_bytes());
}

json CustomJson(const tfmd::CustomStatistic& custom, const CellLimits& limits) {
  json statistic = {{"name", CutText(custom.name(), limits.max_text_bytes)}};
  switch (custom.val_case()) {
    case tfmd::CustomStatistic::kNum:
      statistic["number"] = NumberJson(custom.num());
      break;
    case tfmd::CustomStatistic::kStr:
      statistic["text"] = CutText(custom.str(), 10 * limits.max_text_bytes);
      break;
    case tfmd::CustomStatistic::kHistogram:
      statistic["histogram"] = HistogramJson(custom.histogram(), limits.max_buckets);
      break;
    case tfmd::CustomStatistic::kRankHistogram:
      for (const auto& bucket : custom.rank_histogram().buckets()) {
        if (statistic["listed"].size() == 20) break;
        statistic["listed"].push_back(
            {CutText(bucket.label(), limits.max_text_bytes), NumberJson(bucket.sample_count())});
      }
      break;
    default:
      statistic["text"] = CutText(custom.any().type_url(), limits.max_text_bytes);
  }
  return statistic;
}

}  // namespace

json HistogramJson(const tfmd::Histogram& histogram, int max_buckets) {
  std::vector<double> edges, counts;
  for (const auto& bucket : histogram.buckets()) {
    if (edges.empty()) edges.push_back(bucket.low_value());
    if (bucket.low_value() > edges.back()) {
      edges.push_back(bucket.low_value());
      counts.push_back(0);
    }
    edges.push_back(bucket.high_value() >= edges.back() ? bucket.high_value() : edges.back());
    counts.push_back(bucket.sample_count());
  }
  const size_t stride = (counts.size() + max_buckets - 1) / std::max(max_buckets, 1);
  if (stride > 1) {
    std::vector<double> wide_edges, wide_counts;
    for (size_t i = 0; i < counts.size(); i += stride) {
      wide_edges.push_back(edges[i]);
      const size_t end = std::min(counts.size(), i + stride);
      double count = 0;
      for (size_t j = i; j < end; ++j) count += counts[j];
      wide_counts.push_back(count);
    }
    wide_edges.push_back(edges.back());
    edges = std::move(wide_edges);
    counts = std::move(wide_counts);
  }
  const auto same = [](double value) { return value; };
  return {{"edges", NumbersJson(edges, same)}, {"counts", NumbersJson(counts, same)}};
}

json FeatureJson(const tfmd::FeatureNameStatistics& feature, const CellLimits& limits) {
  json cell = {{"type", tfmd::FeatureNameStatistics::Type_Name(feature.type())}, {"kind", "none"}};
  switch (feature.stats_case()) {
    case tfmd::FeatureNameStatistics::kNumStats:
      AddNumeric(feature.num_stats(), limits, cell);
      break;
    case tfmd::FeatureNameStatistics::kStringStats:
      AddText(feature.string_stats(), limits, cell);
      break;
    case tfmd::FeatureNameStatistics::kBytesStats:
      AddBytes(feature.bytes_stats(), limits, cell);
      break;
    case tfmd::FeatureNameStatistics::kStructStats:
      AddCommon(feature.struct_stats().common_stats(), limits, cell);
      cell["kind"] = "struct";
      break;
    case tfmd::FeatureNameStatistics::STATS_NOT_SET:
      break;
  }
  for (const auto& custom : feature.custom_stats()) {
    if (cell["custom"].size() == kMaxCustomStatistics) break;
    cell["custom"].push_back(CustomJson(custom, limits));
  }
  return cell;
}

}  // namespace penstock::pages
