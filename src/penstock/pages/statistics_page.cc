#include "penstock/pages/statistics_page.h"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "penstock/pages/anomalies_json_internal.h"
#include "penstock/pages/bounded_json.h"
#include "penstock/pages/feature_json_internal.h"

namespace penstock::pages {

namespace tfmd = ::tensorflow::metadata::v0;
using nlohmann::json;

namespace {

using Steps = std::vector<std::string>;

/// The features of all datasets in the order in which they were first seen.
class FeatureList {
 public:
  int IndexOf(Steps steps) {
    const auto [entry, is_new] = index_.try_emplace(std::move(steps), static_cast<int>(index_.size()));
    if (is_new) in_order_.push_back(&entry->first);
    return entry->second;
  }
  int IndexOf(const tfmd::Path& path) { return IndexOf(Steps(path.step().begin(), path.step().end())); }
  int IndexOf(const tfmd::FeatureNameStatistics& feature) {
    return feature.has_path() ? IndexOf(feature.path()) : IndexOf(Steps{feature.name()});
  }
  json ToJson(size_t max_name_bytes) const {
    json features = json::array();
    for (const Steps* steps : in_order_) {
      json path = json::array();
      for (const std::string& step : *steps) path.push_back(CutText(step, max_name_bytes));
      features.push_back(std::move(path));
    }
    return features;
  }

 private:
  std::map<Steps, int> index_;
  std::vector<const Steps*> in_order_;
};

/// A dataset of one of the files.
struct Source {
  size_t file = 0;
  bool is_whole = false;
  const tfmd::DatasetFeatureStatistics* dataset = nullptr;
};

std::vector<Source> ListSources(const std::vector<NamedStatistics>& files) {
  std::vector<Source> sources;
  for (size_t file = 0; file < files.size(); ++file) {
    const auto& datasets = files[file].statistics->datasets();
    const bool is_sliced = datasets.size() > 1 &&
                           std::any_of(datasets.begin(), datasets.end(),
                                       [](const auto& dataset) { return dataset.name() == "All Examples"; });
    for (const auto& dataset : datasets)
      sources.push_back({file, !is_sliced || dataset.name() == "All Examples", &dataset});
  }
  return sources;
}

/// The whole datasets and the largest slices that fit; how many were left out is noted.
std::vector<Source> Choose(std::vector<Source> sources, const PageLimits& limits, json& notes) {
  const size_t num_sources = sources.size();
  std::stable_sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
    if (a.is_whole || b.is_whole) return a.is_whole && !b.is_whole;
    return a.dataset->num_examples() > b.dataset->num_examples();
  });
  int64_t num_cells = 0;
  size_t num_kept = 0;
  for (const Source& source : sources) {
    num_cells += source.dataset->features_size();
    if (num_kept == static_cast<size_t>(limits.max_datasets)) break;
    if (num_kept > 0 && num_cells > limits.max_cells) break;
    ++num_kept;
  }
  sources.resize(num_kept);
  if (num_kept < num_sources) {
    notes.push_back(fmt::format("{} of {} datasets are not on this page: the slices with the fewest examples",
                                num_sources - num_kept, num_sources));
  }
  return sources;
}

CellLimits LimitCells(const std::vector<Source>& sources, const PageLimits& limits) {
  int64_t num_listing = 1;
  for (const Source& source : sources) {
    for (const auto& feature : source.dataset->features()) num_listing += feature.has_string_stats();
  }
  return {std::max<int64_t>(10, limits.max_listed_values / num_listing), limits.max_buckets,
          static_cast<size_t>(limits.max_text_bytes)};
}

json CrossJson(const tfmd::DatasetFeatureStatistics& dataset, FeatureList& features) {
  constexpr int kMaxPairs = 20'000;
  json pairs = json::array();
  for (const auto& cross : dataset.cross_features()) {
    if (!cross.has_num_cross_stats() || pairs.size() == kMaxPairs) continue;
    const auto& numbers = cross.num_cross_stats();
    pairs.push_back({features.IndexOf(cross.path_x()), features.IndexOf(cross.path_y()),
                     NumberJson(numbers.correlation()), NumberJson(numbers.covariance())});
  }
  return pairs;
}

std::string LabelText(const tfmd::LiftSeries& series, size_t max_bytes) {
  switch (series.y_value_case()) {
    case tfmd::LiftSeries::kYInt:
      return fmt::format("{}", series.y_int());
    case tfmd::LiftSeries::kYString:
      return CutText(series.y_string(), max_bytes);
    case tfmd::LiftSeries::kYBucket:
      return fmt::format("{} to {}", series.y_bucket().low_value(), series.y_bucket().high_value());
    default:
      return "";
  }
}

/// [feature, label feature, label, [[value, lift, how often both], ...]]: how much more frequent the label is
/// among examples with the value.
json LiftJson(const tfmd::DatasetFeatureStatistics& dataset, size_t max_bytes, FeatureList& features) {
  constexpr int kMaxSeries = 20'000;
  constexpr int kMaxValues = 12;
  json all = json::array();
  for (const auto& cross : dataset.cross_features()) {
    for (const auto& series : cross.categorical_cross_stats().lift().lift_series()) {
      if (all.size() == kMaxSeries) return all;
      json values = json::array();
      for (const auto& value : series.lift_values()) {
        if (values.size() == kMaxValues) break;
        const std::string text = value.x_value_case() == tfmd::LiftSeries::LiftValue::kXInt
                                     ? fmt::format("{}", value.x_int())
                                     : CutText(value.x_string(), max_bytes);
        values.push_back(
            {text, NumberJson(value.lift()), NumberJson(static_cast<double>(value.x_and_y_count()))});
      }
      all.push_back({features.IndexOf(cross.path_x()), features.IndexOf(cross.path_y()),
                     LabelText(series, max_bytes), std::move(values)});
    }
  }
  return all;
}

json DatasetJson(const Source& source, const CellLimits& limits, size_t max_name_bytes,
                 FeatureList& features) {
  const auto& dataset = *source.dataset;
  json cells = json::array();
  for (const auto& feature : dataset.features()) {
    const size_t index = features.IndexOf(feature);
    while (cells.size() <= index) cells.push_back(nullptr);
    cells[index] = FeatureJson(feature, limits);
  }
  json made = {{"file", source.file},
               {"name", CutText(dataset.name(), max_name_bytes)},
               {"is_whole", source.is_whole},
               {"num_examples", dataset.num_examples()},
               {"cells", std::move(cells)}};
  if (dataset.weighted_num_examples() > 0)
    made["weighted_num_examples"] = NumberJson(dataset.weighted_num_examples());
  if (dataset.cross_features_size() > 0) {
    made["correlations"] = CrossJson(dataset, features);
    made["lifts"] = LiftJson(dataset, limits.max_text_bytes, features);
  }
  return made;
}

}  // namespace

Result<json> StatisticsPageData(const std::vector<NamedStatistics>& files, const tfmd::Anomalies* anomalies,
                                bool starts_with_anomalies, const PageLimits& limits) {
  if (files.empty()) return InvalidArgument("There are no statistics to show");
  json notes = json::array();
  const std::vector<Source> sources = Choose(ListSources(files), limits, notes);
  const CellLimits cell_limits = LimitCells(sources, limits);
  FeatureList features;
  json datasets = json::array();
  for (const Source& source : sources)
    datasets.push_back(DatasetJson(source, cell_limits, limits.max_name_bytes, features));
  json file_names = json::array();
  for (const auto& file : files) file_names.push_back(CutText(file.name, limits.max_name_bytes));
  json data = {{"version", 1},
               {"page", "statistics"},
               {"starts_with_anomalies", starts_with_anomalies},
               {"files", std::move(file_names)},
               {"datasets", std::move(datasets)},
               {"anomalies", nullptr}};
  if (anomalies != nullptr) {
    data["anomalies"] =
        AnomaliesJson(*anomalies, [&features](const tfmd::Path& path) { return features.IndexOf(path); });
  }
  data["features"] = features.ToJson(limits.max_name_bytes);
  data["notes"] = std::move(notes);
  return data;
}

}  // namespace penstock::pages
