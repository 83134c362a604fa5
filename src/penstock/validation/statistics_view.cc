#include <algorithm>
#include <limits>

#include "penstock/validation/statistics_view_internal.h"

namespace penstock::validation {
namespace {

/// TFDV writes such an entry for a column without any value: it says nothing, not even a type.
bool IsEmpty(const tfmd::FeatureNameStatistics& feature) {
  return feature.stats_case() == tfmd::FeatureNameStatistics::STATS_NOT_SET && feature.custom_stats().empty();
}

const tfmd::CommonStatistics* CommonOf(const tfmd::FeatureNameStatistics& feature) {
  switch (feature.stats_case()) {
    case tfmd::FeatureNameStatistics::kNumStats:
      return &feature.num_stats().common_stats();
    case tfmd::FeatureNameStatistics::kStringStats:
      return &feature.string_stats().common_stats();
    case tfmd::FeatureNameStatistics::kBytesStats:
      return &feature.bytes_stats().common_stats();
    case tfmd::FeatureNameStatistics::kStructStats:
      return &feature.struct_stats().common_stats();
    default:
      return nullptr;
  }
}

int64_t Saturated(uint64_t count) {
  return static_cast<int64_t>(std::min<uint64_t>(count, std::numeric_limits<int64_t>::max()));
}

}  // namespace

tfmd::FeatureType FeatureView::SchemaType() const {
  switch (type()) {
    case tfmd::FeatureNameStatistics::BYTES:
    case tfmd::FeatureNameStatistics::STRING:
      return tfmd::BYTES;
    case tfmd::FeatureNameStatistics::INT:
      return tfmd::INT;
    case tfmd::FeatureNameStatistics::FLOAT:
      return tfmd::FLOAT;
    case tfmd::FeatureNameStatistics::STRUCT:
      return tfmd::STRUCT;
    default:
      return tfmd::TYPE_UNKNOWN;
  }
}

bool FeatureView::HasCommon() const { return CommonOf(*statistics_) != nullptr; }

const tfmd::CommonStatistics& FeatureView::Common() const {
  const tfmd::CommonStatistics* common = CommonOf(*statistics_);
  return common == nullptr ? tfmd::CommonStatistics::default_instance() : *common;
}

double FeatureView::NumPresent() const {
  return by_weight_ ? Common().weighted_common_stats().num_non_missing()
                    : static_cast<double>(Common().num_non_missing());
}

double FeatureView::NumMissing() const {
  return by_weight_ ? Common().weighted_common_stats().num_missing()
                    : static_cast<double>(Common().num_missing());
}

std::vector<double> FeatureView::NumMissingByLevel() const {
  std::vector<double> levels;
  if (by_weight_) {
    for (const auto& level : Common().weighted_presence_and_valency_stats())
      levels.push_back(level.num_missing());
  } else {
    for (const auto& level : Common().presence_and_valency_stats()) levels.push_back(level.num_missing());
  }
  if (levels.empty()) levels.push_back(NumMissing());
  return levels;
}

std::vector<ValueCountRange> FeatureView::ValueCountsByLevel() const {
  const tfmd::CommonStatistics& common = Common();
  std::vector<ValueCountRange> levels;
  for (const auto& level : common.presence_and_valency_stats())
    levels.push_back({Saturated(level.min_num_values()), Saturated(level.max_num_values())});
  if (levels.empty())
    levels.push_back({Saturated(common.min_num_values()), Saturated(common.max_num_values())});
  return levels;
}

std::optional<double> FeatureView::FractionPresent() const {
  if (num_examples_ <= 0) return std::nullopt;
  // Weights need not add up exactly: nothing missing is all of them, whatever the quotient says.
  if (NumMissing() == 0) return 1.0;
  return NumPresent() / num_examples_;
}

double FeatureView::TotalNumValues() const {
  const tfmd::CommonStatistics& common = Common();
  if (by_weight_) return common.weighted_common_stats().tot_num_values();
  // Older statistics lack the total.
  if (common.tot_num_values() == 0)
    return static_cast<double>(common.num_non_missing()) * static_cast<double>(common.avg_num_values());
  return static_cast<double>(common.tot_num_values());
}

std::optional<int64_t> FeatureView::NumUnique() const {
  if (!statistics_->has_string_stats()) return std::nullopt;
  return Saturated(statistics_->string_stats().unique());
}

std::vector<ListedValue> FeatureView::ListedValues() const {
  const tfmd::StringStatistics& strings = statistics_->string_stats();
  const tfmd::RankHistogram& histogram =
      by_weight_ ? strings.weighted_string_stats().rank_histogram() : strings.rank_histogram();
  std::vector<ListedValue> values;
  values.reserve(histogram.buckets_size());
  for (const auto& bucket : histogram.buckets()) values.push_back({bucket.label(), bucket.sample_count()});
  const auto by_text = [](const ListedValue& a, const ListedValue& b) { return a.text < b.text; };
  std::stable_sort(values.begin(), values.end(), by_text);
  const auto same_text = [](const ListedValue& a, const ListedValue& b) { return a.text == b.text; };
  values.erase(std::unique(values.begin(), values.end(), same_text), values.end());
  return values;
}

const tfmd::Histogram* FeatureView::HistogramOf(tfmd::Histogram::HistogramType type) const {
  if (!statistics_->has_num_stats()) return nullptr;
  const auto& histograms = by_weight_ ? statistics_->num_stats().weighted_numeric_stats().histograms()
                                      : statistics_->num_stats().histograms();
  for (const tfmd::Histogram& histogram : histograms)
    if (histogram.type() == type) return &histogram;
  return nullptr;
}

const tfmd::CustomStatistic* FeatureView::CustomStatistic(std::string_view name) const {
  for (const tfmd::CustomStatistic& custom : statistics_->custom_stats())
    if (custom.name() == name) return &custom;
  return nullptr;
}

bool DatasetView::HasWeights(const tfmd::DatasetFeatureStatistics& statistics) {
  if (statistics.weighted_num_examples() == 0) return false;
  return std::all_of(statistics.features().begin(), statistics.features().end(), [](const auto& feature) {
    const tfmd::CommonStatistics* common = CommonOf(feature);
    // Composite features have no counts that could be weighted.
    if (common == nullptr) return true;
    return common->has_weighted_common_stats() &&
           common->presence_and_valency_stats_size() == common->weighted_presence_and_valency_stats_size();
  });
}

Result<DatasetView> DatasetView::Create(const tfmd::DatasetFeatureStatistics& statistics, bool by_weight) {
  DatasetView view;
  view.num_examples_ =
      by_weight ? statistics.weighted_num_examples() : static_cast<double>(statistics.num_examples());
  view.features_.reserve(statistics.features_size());
  view.by_key_.reserve(statistics.features_size());
  const auto num_by_path = std::count_if(statistics.features().begin(), statistics.features().end(),
                                         [](const auto& feature) { return feature.has_path(); });
  if (num_by_path != 0 && num_by_path != statistics.features_size())
    return InvalidArgument("Statistics name {} features by path and {} by name: they must all do the same",
                           num_by_path, statistics.features_size() - num_by_path);
  if (num_by_path != 0) {
    PENSTOCK_RETURN_IF_ERROR(view.AddByPath(statistics, by_weight));
  } else {
    PENSTOCK_RETURN_IF_ERROR(view.AddByName(statistics, by_weight));
  }
  view.LinkTree();
  return view;
}

Status DatasetView::AddByPath(const tfmd::DatasetFeatureStatistics& statistics, bool by_weight) {
  for (const auto& feature : statistics.features()) {
    if (feature.path().step().empty()) return InvalidArgument("Statistics hold a feature with an empty path");
    PENSTOCK_RETURN_IF_ERROR(Add(feature, FeaturePath(feature.path()), by_weight));
  }
  return OkStatus();
}

Status DatasetView::AddByName(const tfmd::DatasetFeatureStatistics& statistics, bool by_weight) {
  std::unordered_map<std::string_view, const tfmd::FeatureNameStatistics*> structs;
  for (const auto& feature : statistics.features())
    if (feature.type() == tfmd::FeatureNameStatistics::STRUCT && !IsEmpty(feature))
      structs.emplace(feature.name(), &feature);
  for (const auto& feature : statistics.features()) {
    if (IsEmpty(feature)) continue;
    // "a.b" is the field b of a only where a is a struct: a dot may also stand in a column's own name.
    const std::string& name = feature.name();
    std::vector<std::string> steps;
    size_t begin = 0;
    if (!structs.empty()) {
      for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
        if (!structs.contains(std::string_view(name).substr(0, dot))) continue;
        steps.push_back(name.substr(begin, dot - begin));
        begin = dot + 1;
      }
    }
    steps.push_back(name.substr(begin));
    PENSTOCK_RETURN_IF_ERROR(Add(feature, FeaturePath(std::move(steps)), by_weight));
  }
  return OkStatus();
}

Status DatasetView::Add(const tfmd::FeatureNameStatistics& feature, FeaturePath path, bool by_weight) {
  features_.emplace_back(feature, std::move(path), by_weight, num_examples_);
  if (!by_key_.emplace(features_.back().key(), static_cast<int>(features_.size()) - 1).second)
    return InvalidArgument("Statistics hold the feature '{}' twice", features_.back().key());
  return OkStatus();
}

void DatasetView::LinkTree() {
  children_.resize(features_.size());
  for (int index = 0; index < static_cast<int>(features_.size()); ++index) {
    const FeaturePath& path = features_[index].path();
    const auto parent = path.size() == 1 ? by_key_.end() : by_key_.find(path.Parent().Serialize());
    if (parent != by_key_.end()) children_[parent->second].push_back(index);
    if (parent == by_key_.end() && !IsEmpty(features_[index].statistics())) roots_.push_back(index);
  }
  for (std::vector<int>& children : children_)
    std::sort(children.begin(), children.end(),
              [this](int a, int b) { return features_[a].path() < features_[b].path(); });
}

const FeatureView* DatasetView::Find(const std::string& key) const {
  const auto entry = by_key_.find(key);
  return entry == by_key_.end() ? nullptr : &features_[entry->second];
}

bool DatasetView::HasStatistics(const std::string& key) const {
  const FeatureView* feature = Find(key);
  return feature != nullptr && !IsEmpty(feature->statistics());
}

}  // namespace penstock::validation
