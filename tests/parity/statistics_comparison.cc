#include "statistics_comparison.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <arrow/api.h>
#include <fmt/format.h>

#include "penstock/base/arrow_status.h"

namespace penstock::parity {

using tensorflow::metadata::v0::BytesStatistics;
using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::StringStatistics;

namespace {

/// TFDV adds weights of FLOAT features up in single precision, batch by batch.
constexpr double kSingle = 1e-6;

template <class Array>
void AppendNumbers(const arrow::Array& array, std::vector<double>& numbers) {
  const auto& values = static_cast<const Array&>(array);
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) continue;
    const auto number = static_cast<double>(values.Value(i));
    if (!std::isnan(number)) numbers.push_back(number);
  }
}

Status AppendColumn(const arrow::Array& column, const std::string& name, SortedColumns& columns) {
  std::vector<double>& numbers = columns[name];
  switch (column.type_id()) {
    case arrow::Type::LIST: {
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto values,
                                      static_cast<const arrow::ListArray&>(column).Flatten());
      return AppendColumn(*values, name, columns);
    }
    case arrow::Type::STRUCT:
      for (int i = 0; i < column.type()->num_fields(); ++i) {
        PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto values,
                                        static_cast<const arrow::StructArray&>(column).GetFlattenedField(i));
        PENSTOCK_RETURN_IF_ERROR(
            AppendColumn(*values, name + "." + column.type()->field(i)->name(), columns));
      }
      break;
    case arrow::Type::INT64:
      AppendNumbers<arrow::Int64Array>(column, numbers);
      break;
    case arrow::Type::FLOAT:
      AppendNumbers<arrow::FloatArray>(column, numbers);
      break;
    case arrow::Type::DOUBLE:
      AppendNumbers<arrow::DoubleArray>(column, numbers);
      break;
    default:
      break;
  }
  return OkStatus();
}

template <class Levels>
std::string LevelsText(const Levels& levels) {
  std::string text;
  for (const auto& level : levels) text += "{ " + level.ShortDebugString() + " }";
  return text;
}

/// Compares one feature and keeps what differs.
class FeatureComparison {
 public:
  FeatureComparison(std::string feature, const std::vector<double>& truth, double epsilon,
                    bool compare_quantile_counts, std::vector<std::string>& differences)
      : feature_(std::move(feature)),
        truth_(truth),
        // Two ranks besides: positions between values, and TFDV's linear interpolation of 1000 quantiles.
        rank_tolerance_(epsilon * static_cast<double>(truth.size()) + 2),
        compare_quantile_counts_(compare_quantile_counts),
        differences_(differences) {}

  void Compare(const FeatureNameStatistics& expected, const FeatureNameStatistics& actual) {
    Equal("type", FeatureNameStatistics::Type_Name(expected.type()),
          FeatureNameStatistics::Type_Name(actual.type()));
    CompareCustom(expected, actual);
    Equal("kind of statistics", static_cast<int>(expected.stats_case()),
          static_cast<int>(actual.stats_case()));
    if (expected.stats_case() != actual.stats_case()) return;
    switch (expected.stats_case()) {
      case FeatureNameStatistics::kNumStats:
        return CompareNumeric(expected.num_stats(), actual.num_stats());
      case FeatureNameStatistics::kStringStats:
        return CompareString(expected.string_stats(), actual.string_stats());
      case FeatureNameStatistics::kBytesStats:
        return CompareBytes(expected.bytes_stats(), actual.bytes_stats());
      default:
        return;
    }
  }

 private:
  template <class T>
  void Equal(const std::string& what, const T& expected, const T& actual) {
    if (!(expected == actual)) Differ(what, fmt::format("{}", expected), fmt::format("{}", actual));
  }
  void Near(const std::string& what, double expected, double actual, double relative) {
    if (expected == actual || (std::isnan(expected) && std::isnan(actual))) return;
    const double largest = std::max(std::abs(expected), std::abs(actual));
    if (std::abs(expected - actual) <= relative * largest) return;
    Differ(what, fmt::format("{}", expected), fmt::format("{}", actual));
  }
  /// TFDV keeps FLOAT features in single precision, and we a CSV's in double.
  void Extreme(const std::string& what, double expected, double actual) {
    if (expected != actual && static_cast<float>(actual) != expected) {
      Differ(what, fmt::format("{}", expected), fmt::format("{}", actual));
    }
  }
  void Differ(const std::string& what, const std::string& expected, const std::string& actual) {
    differences_.push_back(fmt::format("{}: {} is {}, expected {}", feature_, what, actual, expected));
  }

  void CompareCommon(const CommonStatistics& expected, const CommonStatistics& actual) {
    Equal("num_non_missing", expected.num_non_missing(), actual.num_non_missing());
    Equal("num_missing", expected.num_missing(), actual.num_missing());
    Equal("min_num_values", expected.min_num_values(), actual.min_num_values());
    Equal("max_num_values", expected.max_num_values(), actual.max_num_values());
    Equal("tot_num_values", expected.tot_num_values(), actual.tot_num_values());
    Near("avg_num_values", expected.avg_num_values(), actual.avg_num_values(), 1e-6);
    CompareWeightedCommon(expected, actual);
    Equal("presence_and_valency_stats", LevelsText(expected.presence_and_valency_stats()),
          LevelsText(actual.presence_and_valency_stats()));
    Equal("weighted_presence_and_valency_stats", LevelsText(expected.weighted_presence_and_valency_stats()),
          LevelsText(actual.weighted_presence_and_valency_stats()));
    const Histogram& lengths = expected.num_values_histogram();
    Equal("num_values_histogram type", Histogram::HistogramType_Name(lengths.type()),
          Histogram::HistogramType_Name(actual.num_values_histogram().type()));
    // Lengths are few and so exact on both sides.
    CompareBuckets("num_values_histogram", lengths, actual.num_values_histogram(), 1e-9);
  }

  void CompareWeightedCommon(const CommonStatistics& expected, const CommonStatistics& actual) {
    Equal("weighted_common_stats", expected.has_weighted_common_stats(), actual.has_weighted_common_stats());
    const auto& a = expected.weighted_common_stats();
    const auto& b = actual.weighted_common_stats();
    Near("weighted num_non_missing", a.num_non_missing(), b.num_non_missing(), kSingle);
    Near("weighted num_missing", a.num_missing(), b.num_missing(), 1e-6);
    Near("weighted avg_num_values", a.avg_num_values(), b.avg_num_values(), kSingle);
    Near("weighted tot_num_values", a.tot_num_values(), b.tot_num_values(), kSingle);
  }

  /// Custom statistics in any order; none that are not expected.
  void CompareCustom(const FeatureNameStatistics& expected, const FeatureNameStatistics& actual) {
    const auto texts = [](const FeatureNameStatistics& feature) {
      std::multiset<std::string> all;
      for (auto custom : feature.custom_stats()) {
        // To 9 digits, so that rounding does not matter.
        const std::string number = fmt::format("{:.9g}", custom.num());
        custom.clear_num();
        all.insert(custom.ShortDebugString() + " " + number);
      }
      return all;
    };
    Equal("custom_stats", fmt::format("{}", fmt::join(texts(expected), "; ")),
          fmt::format("{}", fmt::join(texts(actual), "; ")));
  }

  void CompareWeightedNumeric(const NumericStatistics& expected, const NumericStatistics& actual) {
    Equal("weighted_numeric_stats", expected.has_weighted_numeric_stats(),
          actual.has_weighted_numeric_stats());
    if (!expected.has_weighted_numeric_stats() || !actual.has_weighted_numeric_stats()) return;
    const auto& a = expected.weighted_numeric_stats();
    const auto& b = actual.weighted_numeric_stats();
    Near("weighted mean", a.mean(), b.mean(), kSingle);
    Near("weighted std_dev", a.std_dev(), b.std_dev(), kSingle);
    Near("weighted median", a.median(), b.median(), 1e-6);
    Equal("number of weighted histograms", a.histograms_size(), b.histograms_size());
    for (int i = 0; i < std::min(a.histograms_size(), b.histograms_size()); ++i)
      CompareWeightedHistogram(a.histograms(i), b.histograms(i));
  }

  /// Bounds as of few values; counts within epsilon of the whole weight, as TFDV interpolates them.
  void CompareWeightedHistogram(const Histogram& expected, const Histogram& actual) {
    Equal("weighted num_nan", expected.num_nan(), actual.num_nan());
    Equal("weighted buckets", expected.buckets_size(), actual.buckets_size());
    if (expected.buckets_size() != actual.buckets_size()) return;
    double total = 0;
    for (const auto& bucket : expected.buckets()) total += bucket.sample_count();
    double difference = 0;
    for (int i = 0; i < expected.buckets_size(); ++i) {
      Near("weighted bucket low", expected.buckets(i).low_value(), actual.buckets(i).low_value(), 1e-6);
      Near("weighted bucket high", expected.buckets(i).high_value(), actual.buckets(i).high_value(), 1e-6);
      difference += expected.buckets(i).sample_count() - actual.buckets(i).sample_count();
      if (std::abs(difference) > rank_tolerance_ / static_cast<double>(truth_.size()) * total)
        Differ("weight up to a bucket", fmt::format("{}", 0), fmt::format("{} off", difference));
    }
    if (std::abs(difference) > 1e-6 * total)
      Differ("weight of a histogram", "equal", fmt::format("{} off", difference));
  }

  void CompareWeightedString(const StringStatistics& expected, const StringStatistics& actual) {
    Equal("weighted_string_stats", expected.has_weighted_string_stats(), actual.has_weighted_string_stats());
    const auto& a = expected.weighted_string_stats();
    const auto& b = actual.weighted_string_stats();
    Equal("number of weighted top values", a.top_values_size(), b.top_values_size());
    for (int i = 0; i < std::min(a.top_values_size(), b.top_values_size()); ++i) {
      Equal("weighted top value", a.top_values(i).value(), b.top_values(i).value());
      Near("weight of a top value", a.top_values(i).frequency(), b.top_values(i).frequency(), kSingle);
    }
    Equal("number of weighted ranks", a.rank_histogram().buckets_size(), b.rank_histogram().buckets_size());
    for (int i = 0; i < std::min(a.rank_histogram().buckets_size(), b.rank_histogram().buckets_size()); ++i) {
      Equal("weighted rank", a.rank_histogram().buckets(i).label(), b.rank_histogram().buckets(i).label());
      Near("weight of a rank", a.rank_histogram().buckets(i).sample_count(),
           b.rank_histogram().buckets(i).sample_count(), kSingle);
    }
  }

  void CompareBuckets(const std::string& what, const Histogram& expected, const Histogram& actual,
                      double relative) {
    Equal(what + " buckets", expected.buckets_size(), actual.buckets_size());
    if (expected.buckets_size() != actual.buckets_size()) return;
    for (int i = 0; i < expected.buckets_size(); ++i) {
      const std::string bucket = fmt::format("{} bucket {}", what, i);
      Near(bucket + " low", expected.buckets(i).low_value(), actual.buckets(i).low_value(), relative);
      Near(bucket + " high", expected.buckets(i).high_value(), actual.buckets(i).high_value(), relative);
      if (compare_quantile_counts_) {
        Near(bucket + " count", expected.buckets(i).sample_count(), actual.buckets(i).sample_count(),
             relative);
      }
    }
  }

  /// How far `position` (of all values in order) is from where `value` stands.
  double RankError(double value, double position) const {
    const auto [below, above] = std::equal_range(truth_.begin(), truth_.end(), value);
    const auto num_below = static_cast<double>(below - truth_.begin());
    const auto num_up_to = static_cast<double>(above - truth_.begin());
    return std::max({0.0, num_below - position, position - num_up_to});
  }
  void CheckRank(const std::string& what, double value, double position) {
    if (RankError(value, position) <= rank_tolerance_) return;
    differences_.push_back(fmt::format("{}: {} is {}, which is {} ranks from {} of {}", feature_, what, value,
                                       RankError(value, position), position, truth_.size()));
  }

  void CompareNumeric(const NumericStatistics& expected, const NumericStatistics& actual) {
    CompareCommon(expected.common_stats(), actual.common_stats());
    CompareWeightedNumeric(expected, actual);
    Near("mean", expected.mean(), actual.mean(), 1e-12);
    Near("std_dev", expected.std_dev(), actual.std_dev(), 1e-9);
    Equal("num_zeros", expected.num_zeros(), actual.num_zeros());
    Extreme("min", expected.min(), actual.min());
    Extreme("max", expected.max(), actual.max());
    Equal("number of histograms", expected.histograms_size(), actual.histograms_size());
    if (expected.histograms_size() != actual.histograms_size()) return;
    for (int i = 0; i < expected.histograms_size(); ++i) {
      Equal("num_nan", expected.histograms(i).num_nan(), actual.histograms(i).num_nan());
      Equal("histogram type", Histogram::HistogramType_Name(expected.histograms(i).type()),
            Histogram::HistogramType_Name(actual.histograms(i).type()));
    }
    if (truth_.empty()) return;
    CheckRank("median (expected)", expected.median(), static_cast<double>(truth_.size()) / 2);
    CheckRank("median", actual.median(), static_cast<double>(truth_.size()) / 2);
    if (expected.histograms_size() != 2) return;
    CompareStandard(expected.histograms(0), actual.histograms(0));
    CompareQuantiles(expected.histograms(1), actual.histograms(1));
  }

  void CompareStandard(const Histogram& expected, const Histogram& actual) {
    Equal("STANDARD buckets", expected.buckets_size(), actual.buckets_size());
    if (expected.buckets_size() != actual.buckets_size()) return;
    double expected_up_to = 0;
    double actual_up_to = 0;
    for (int i = 0; i < expected.buckets_size(); ++i) {
      // TFDV computes bounds of FLOAT features in single precision.
      const double slack = 1e-6 * (truth_.back() - truth_.front());
      const double bound = expected.buckets(i).high_value();
      if (!(std::abs(bound - actual.buckets(i).high_value()) <= slack)) {
        Near(fmt::format("STANDARD bucket {} high", i), bound, actual.buckets(i).high_value(), 1e-6);
      }
      expected_up_to += expected.buckets(i).sample_count();
      actual_up_to += actual.buckets(i).sample_count();
      CheckCount(fmt::format("STANDARD count up to bucket {} (expected)", i),
                 expected.buckets(i).high_value(), expected_up_to);
      CheckCount(fmt::format("STANDARD count up to bucket {}", i), actual.buckets(i).high_value(),
                 actual_up_to);
    }
  }
  /// Which side of a bound a value on it counts differs by TFDV's version, and by the precision of the bound.
  void CheckCount(const std::string& what, double bound, double count) {
    const double slack = 1e-6 * (truth_.back() - truth_.front());
    const auto num_below =
        static_cast<double>(std::lower_bound(truth_.begin(), truth_.end(), bound - slack) - truth_.begin());
    const auto num_up_to =
        static_cast<double>(std::upper_bound(truth_.begin(), truth_.end(), bound + slack) - truth_.begin());
    if (count >= num_below - rank_tolerance_ && count <= num_up_to + rank_tolerance_) return;
    differences_.push_back(
        fmt::format("{}: {} is {}, in truth {} to {}", feature_, what, count, num_below, num_up_to));
  }

  void CompareQuantiles(const Histogram& expected, const Histogram& actual) {
    Equal("QUANTILES buckets", expected.buckets_size(), actual.buckets_size());
    if (expected.buckets_size() != actual.buckets_size() || expected.buckets_size() == 0) return;
    const auto num_values = static_cast<double>(truth_.size());
    for (int i = 0; i < expected.buckets_size(); ++i) {
      const std::string bucket = fmt::format("QUANTILES bucket {}", i);
      const double position = num_values * (i + 1) / expected.buckets_size();
      CheckRank(bucket + " high (expected)", expected.buckets(i).high_value(), position);
      CheckRank(bucket + " high", actual.buckets(i).high_value(), position);
      if (compare_quantile_counts_ && std::abs(expected.buckets(i).sample_count() -
                                               actual.buckets(i).sample_count()) > 2 * rank_tolerance_) {
        Differ(bucket + " count", fmt::format("{}", expected.buckets(i).sample_count()),
               fmt::format("{}", actual.buckets(i).sample_count()));
      }
    }
  }

  void CompareString(const StringStatistics& expected, const StringStatistics& actual) {
    CompareCommon(expected.common_stats(), actual.common_stats());
    CompareWeightedString(expected, actual);
    Equal("unique", expected.unique(), actual.unique());
    Near("avg_length", expected.avg_length(), actual.avg_length(), 1e-6);
    Equal("invalid_utf8_count", expected.invalid_utf8_count(), actual.invalid_utf8_count());
    Equal("number of top values", expected.top_values_size(), actual.top_values_size());
    for (int i = 0; i < std::min(expected.top_values_size(), actual.top_values_size()); ++i) {
      Equal(fmt::format("top value {}", i), expected.top_values(i).value(), actual.top_values(i).value());
      Equal(fmt::format("frequency of top value {}", i), expected.top_values(i).frequency(),
            actual.top_values(i).frequency());
    }
    const auto& expected_ranks = expected.rank_histogram();
    const auto& actual_ranks = actual.rank_histogram();
    Equal("number of ranks", expected_ranks.buckets_size(), actual_ranks.buckets_size());
    for (int i = 0; i < std::min(expected_ranks.buckets_size(), actual_ranks.buckets_size()); ++i) {
      Equal(fmt::format("rank {}", i), expected_ranks.buckets(i).SerializeAsString(),
            actual_ranks.buckets(i).SerializeAsString());
    }
  }

  void CompareBytes(const BytesStatistics& expected, const BytesStatistics& actual) {
    CompareCommon(expected.common_stats(), actual.common_stats());
    Near("avg_num_bytes", expected.avg_num_bytes(), actual.avg_num_bytes(), 1e-6);
    Equal("min_num_bytes", expected.min_num_bytes(), actual.min_num_bytes());
    Equal("max_num_bytes", expected.max_num_bytes(), actual.max_num_bytes());
    Equal("max_num_bytes_int", expected.max_num_bytes_int(), actual.max_num_bytes_int());
  }

  const std::string feature_;
  const std::vector<double>& truth_;
  const double rank_tolerance_;
  const bool compare_quantile_counts_;
  std::vector<std::string>& differences_;
};

std::map<std::string, const FeatureNameStatistics*> ByName(const DatasetFeatureStatistics& dataset) {
  std::map<std::string, const FeatureNameStatistics*> features;
  for (const FeatureNameStatistics& feature : dataset.features()) {
    const std::string path = fmt::format("{}", fmt::join(feature.path().step(), "."));
    features[path.empty() ? feature.name() : path] = &feature;
  }
  return features;
}

}  // namespace

Result<SortedColumns> ReadSortedColumns(const data::Dataset& dataset) {
  SortedColumns columns;
  const auto reader = data::ReadSequentially(dataset);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch.has_value()) break;
    for (int i = 0; i < (*batch)->num_columns(); ++i) {
      PENSTOCK_RETURN_IF_ERROR(AppendColumn(*(*batch)->column(i), (*batch)->column_name(i), columns));
    }
  }
  for (auto& [name, numbers] : columns) std::sort(numbers.begin(), numbers.end());
  return columns;
}

std::vector<std::string> CompareStatistics(const DatasetFeatureStatistics& expected,
                                           const DatasetFeatureStatistics& actual, const SortedColumns& truth,
                                           double epsilon, bool compare_quantile_counts) {
  std::vector<std::string> differences;
  if (expected.num_examples() != actual.num_examples()) {
    differences.push_back(
        fmt::format("num_examples is {}, expected {}", actual.num_examples(), expected.num_examples()));
  }
  const double weight = expected.weighted_num_examples();
  if (std::abs(weight - actual.weighted_num_examples()) > kSingle * std::abs(weight)) {
    differences.push_back(fmt::format("weighted_num_examples is {}, expected {}",
                                      actual.weighted_num_examples(), expected.weighted_num_examples()));
  }
  static const std::vector<double> kNothing;
  const auto actual_features = ByName(actual);
  for (const auto& [name, feature] : ByName(expected)) {
    const auto found = actual_features.find(name);
    if (found == actual_features.end()) {
      differences.push_back("There are no statistics of " + name);
      continue;
    }
    const auto numbers = truth.find(name);
    FeatureComparison(name, numbers == truth.end() ? kNothing : numbers->second, epsilon,
                      compare_quantile_counts, differences)
        .Compare(*feature, *found->second);
  }
  if (actual.features_size() != expected.features_size()) {
    differences.push_back(
        fmt::format("There are {} features, expected {}", actual.features_size(), expected.features_size()));
  }
  return differences;
}

}  // namespace penstock::parity
