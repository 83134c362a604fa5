#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/validation/feature_path.h"

namespace penstock::validation {

namespace tfmd = ::tensorflow::metadata::v0;

/// The least and the most values an example has, at one level of nesting.
struct ValueCountRange {
  int64_t min = 0;
  int64_t max = 0;
};

/// A value and in how many places it was seen (by weight where the view is).
struct ListedValue {
  std::string_view text;
  double count = 0;
};

/// What the statistics say of one feature, weighted or not. Refers to the proto, which must outlive it. Read
/// only.
class FeatureView {
 public:
  FeatureView(const tfmd::FeatureNameStatistics& statistics, FeaturePath path, bool by_weight,
              double num_examples)
      : statistics_(&statistics),
        path_(std::move(path)),
        key_(path_.Serialize()),
        by_weight_(by_weight),
        num_examples_(num_examples) {}

  const FeaturePath& path() const { return path_; }
  /// The serialized path.
  const std::string& key() const { return key_; }
  const tfmd::FeatureNameStatistics& statistics() const { return *statistics_; }
  tfmd::FeatureNameStatistics::Type type() const { return statistics_->type(); }
  /// The schema's word for the type: STRING and BYTES are both BYTES.
  tfmd::FeatureType SchemaType() const;

  /// False for composite features, which have custom statistics only.
  bool HasCommon() const;
  /// An empty message where there are none.
  const tfmd::CommonStatistics& Common() const;

  double NumPresent() const;
  double NumMissing() const;
  /// Per level of nesting; never empty.
  std::vector<double> NumMissingByLevel() const;
  std::vector<ValueCountRange> ValueCountsByLevel() const;
  bool IsNested() const { return Common().presence_and_valency_stats_size() > 1; }
  /// nullopt without examples.
  std::optional<double> FractionPresent() const;
  double TotalNumValues() const;
  /// nullopt where distinct values were not counted.
  std::optional<int64_t> NumUnique() const;

  bool HasInvalidUtf8() const { return statistics_->string_stats().invalid_utf8_count() > 0; }
  /// Of the rank histogram, sorted by bytes; of a repeated label the first.
  std::vector<ListedValue> ListedValues() const;
  /// Of numbers; null where there is none of that type.
  const tfmd::Histogram* HistogramOf(tfmd::Histogram::HistogramType type) const;
  /// Null where there is none of that name.
  const tfmd::CustomStatistic* CustomStatistic(std::string_view name) const;

 private:
  const tfmd::FeatureNameStatistics* statistics_;
  FeaturePath path_;
  std::string key_;
  bool by_weight_;
  double num_examples_;
};

/// A dataset's features as the tree they form. Refers to the proto, which must outlive it. Read only; any
/// thread.
class DatasetView {
 public:
  /// kInvalidArgument where features are named twice, not at all, or some by name and some by path.
  static Result<DatasetView> Create(const tfmd::DatasetFeatureStatistics& statistics, bool by_weight);
  /// Whether every feature has weighted statistics, so that they can be used throughout.
  static bool HasWeights(const tfmd::DatasetFeatureStatistics& statistics);

  double num_examples() const { return num_examples_; }
  const FeatureView& feature(int index) const { return features_[index]; }
  /// Features with statistics that lie in no struct, in the order of the proto.
  std::span<const int> roots() const { return roots_; }
  /// The fields of a struct, sorted by path.
  std::span<const int> children(int index) const { return children_[index]; }
  /// Null where there is none.
  const FeatureView* Find(const std::string& key) const;
  /// Whether `key` is a feature that any statistics were computed for.
  bool HasStatistics(const std::string& key) const;

 private:
  DatasetView() = default;
  Status AddByPath(const tfmd::DatasetFeatureStatistics& statistics, bool by_weight);
  Status AddByName(const tfmd::DatasetFeatureStatistics& statistics, bool by_weight);
  Status Add(const tfmd::FeatureNameStatistics& feature, FeaturePath path, bool by_weight);
  void LinkTree();

  double num_examples_ = 0;
  std::vector<FeatureView> features_;
  std::vector<std::vector<int>> children_;
  std::vector<int> roots_;
  std::unordered_map<std::string, int> by_key_;
};

}  // namespace penstock::validation
