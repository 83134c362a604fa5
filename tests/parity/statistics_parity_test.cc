#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/base/arrow_status.h"
#include "penstock/base/proto_io.h"
#include "penstock/combine/row_groups.h"
#include "penstock/statistics/options_json.h"
#include "penstock/statistics/statistics.h"
#include "statistics_comparison.h"
#include "tests/support/paths.h"

namespace penstock::parity {
namespace {

using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::StringStatistics;
using testing::IsEmpty;

constexpr double kEpsilon = 0.01;

Result<std::unique_ptr<data::Dataset>> Open(const std::string& pattern) {
  const std::vector<std::string> patterns = {pattern};
  return data::OpenDataset(patterns, {}, {});
}

/// The CSV as TFX's CsvExampleGen hands it on: in single precision.
Result<std::unique_ptr<data::Dataset>> OpenTaxiAsTfxDoes() {
  PENSTOCK_ASSIGN_OR_RETURN(const auto csv, Open(tests::SourcePath(".deps/data/taxi/data.csv")));
  arrow::FieldVector fields;
  for (const auto& field : csv->schema()->fields()) {
    const bool is_real = field->type()->id() == arrow::Type::DOUBLE;
    fields.push_back(is_real ? field->WithType(arrow::float32()) : field);
  }
  const auto schema = arrow::schema(fields);
  std::vector<data::Batch> batches;
  const auto reader = data::ReadSequentially(*csv);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch.has_value()) break;
    arrow::ArrayVector columns;
    for (const auto& column : (*batch)->columns()) {
      if (column->type_id() != arrow::Type::DOUBLE) {
        columns.push_back(column);
        continue;
      }
      const auto& reals = static_cast<const arrow::DoubleArray&>(*column);
      arrow::FloatBuilder builder;
      for (int64_t i = 0; i < reals.length(); ++i) {
        PENSTOCK_RETURN_IF_ARROW_ERROR(reals.IsNull(i) ? builder.AppendNull()
                                                       : builder.Append(static_cast<float>(reals.Value(i))));
      }
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto singles, builder.Finish());
      columns.push_back(std::move(singles));
    }
    batches.push_back(arrow::RecordBatch::Make(schema, (*batch)->num_rows(), std::move(columns)));
  }
  return data::MakeInMemoryDataset(schema, std::move(batches));
}

/// The TFX that wrote the statistics in its wheel took a missing value for a list of none; TFDV 1.21 (and
/// Penstock) take it for missing. Every feature of the taxi data has at most one value.
void SetCommon(int64_t num_examples, int64_t num_values, CommonStatistics& common) {
  common.set_num_non_missing(num_values);
  common.set_num_missing(num_examples - num_values);
  if (num_values == 0) return;
  common.set_min_num_values(1);
  common.set_max_num_values(1);
  common.set_avg_num_values(1);
  common.set_tot_num_values(num_values);
}

/// Of two disjoint parts (Chan, Golub, LeVeque 1979). Without median and histograms, which do not add up.
NumericStatistics MergeNumeric(int64_t num_examples, const NumericStatistics& a, const NumericStatistics& b) {
  const auto count_a = static_cast<double>(a.common_stats().tot_num_values());
  const auto count_b = static_cast<double>(b.common_stats().tot_num_values());
  const double count = count_a + count_b;
  NumericStatistics merged = count_a > 0 ? a : b;
  merged.clear_common_stats();
  merged.clear_histograms();
  SetCommon(num_examples, static_cast<int64_t>(count), *merged.mutable_common_stats());
  if (count_a == 0 || count_b == 0) return merged;
  const double delta = b.mean() - a.mean();
  merged.set_mean(a.mean() + delta * count_b / count);
  merged.set_std_dev(std::sqrt((count_a * a.std_dev() * a.std_dev() + count_b * b.std_dev() * b.std_dev() +
                                delta * delta * count_a * count_b / count) /
                               count));
  merged.set_num_zeros(a.num_zeros() + b.num_zeros());
  merged.set_min(std::min(a.min(), b.min()));
  merged.set_max(std::max(a.max(), b.max()));
  return merged;
}

/// Both rank histograms hold every value there is, so uniques and top values follow from them.
StringStatistics MergeString(int64_t num_examples, const StringStatistics& a, const StringStatistics& b) {
  std::map<std::string, double> counts;
  for (const StringStatistics* part : {&a, &b}) {
    EXPECT_EQ(static_cast<int>(part->unique()), part->rank_histogram().buckets_size());
    for (const auto& bucket : part->rank_histogram().buckets())
      counts[bucket.label()] += bucket.sample_count();
  }
  std::vector<std::pair<double, std::string>> ranked;
  for (const auto& [value, count] : counts) ranked.emplace_back(count, value);
  std::sort(ranked.rbegin(), ranked.rend());
  StringStatistics merged;
  merged.set_unique(ranked.size());
  const auto count_a = static_cast<double>(a.common_stats().tot_num_values());
  const auto count_b = static_cast<double>(b.common_stats().tot_num_values());
  merged.set_avg_length(
      static_cast<float>((a.avg_length() * count_a + b.avg_length() * count_b) / (count_a + count_b)));
  SetCommon(num_examples, static_cast<int64_t>(count_a + count_b), *merged.mutable_common_stats());
  for (size_t rank = 0; rank < ranked.size(); ++rank) {
    auto& bucket = *merged.mutable_rank_histogram()->add_buckets();
    bucket.set_low_rank(rank);
    bucket.set_high_rank(rank);
    bucket.set_label(ranked[rank].second);
    bucket.set_sample_count(ranked[rank].first);
    if (rank >= 20) continue;
    auto& top = *merged.add_top_values();
    top.set_value(ranked[rank].second);
    top.set_frequency(ranked[rank].first);
  }
  return merged;
}

/// What `a` and `b` say together; what they cannot say is taken from `actual`, whose ranks are held against
/// the truth.
DatasetFeatureStatistics MergeSplits(const DatasetFeatureStatistics& a, const DatasetFeatureStatistics& b,
                                     const DatasetFeatureStatistics& actual) {
  DatasetFeatureStatistics merged;
  merged.set_num_examples(a.num_examples() + b.num_examples());
  const auto num_examples = static_cast<int64_t>(merged.num_examples());
  for (FeatureNameStatistics feature : actual.features()) {
    const auto find = [&](const DatasetFeatureStatistics& dataset) {
      return std::find_if(dataset.features().begin(), dataset.features().end(), [&](const auto& candidate) {
        return candidate.path().step(0) == feature.path().step(0);
      });
    };
    const auto in_a = find(a), in_b = find(b);
    if (in_a == a.features().end() || in_b == b.features().end()) continue;
    feature.set_type(in_a->type());
    if (in_a->has_num_stats()) {
      NumericStatistics numeric = MergeNumeric(num_examples, in_a->num_stats(), in_b->num_stats());
      *numeric.mutable_common_stats()->mutable_num_values_histogram() =
          feature.num_stats().common_stats().num_values_histogram();
      *numeric.mutable_histograms() = feature.num_stats().histograms();
      numeric.set_median(feature.num_stats().median());
      *feature.mutable_num_stats() = std::move(numeric);
    } else {
      StringStatistics text = MergeString(num_examples, in_a->string_stats(), in_b->string_stats());
      *text.mutable_common_stats()->mutable_num_values_histogram() =
          feature.string_stats().common_stats().num_values_histogram();
      *feature.mutable_string_stats() = std::move(text);
    }
    *merged.add_features() = std::move(feature);
  }
  return merged;
}

/// The statistics in TFX's wheel are those of a split of the taxi CSV that the wheel does not carry (10,036
/// and 4,966 of the 15,002 rows; the examples beside them are 9,909 and 5,091). Together they must be those
/// of the CSV.
TEST(TfxStatisticsTest, OfBothSplitsTogetherAreOursOfTheCsv) {
  if (!std::filesystem::exists(tests::TfxTestData("")))
    GTEST_SKIP() << "Run `make setup` first: there is no " << tests::TfxTestData("");
  const auto dataset = OpenTaxiAsTfxDoes();
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  DatasetFeatureStatisticsList train, eval;
  ASSERT_EQ(ReadProto(tests::TfxTestData("statistics_gen/Split-train/FeatureStats.pb"), train), OkStatus());
  ASSERT_EQ(ReadProto(tests::TfxTestData("statistics_gen/Split-eval/FeatureStats.pb"), eval), OkStatus());
  const auto actual = statistics::ComputeStatistics(**dataset, {}, {});
  ASSERT_TRUE(actual.ok()) << actual.status();
  const auto truth = ReadSortedColumns(**dataset);
  ASSERT_TRUE(truth.ok()) << truth.status();
  auto expected = MergeSplits(train.datasets(0), eval.datasets(0), actual->datasets(0));
  // That TFX lost digits here (its deviations are 2.5e-7 off: 331208.813): what integers of any size give.
  NumericStatistics& tract = *expected.mutable_features(12)->mutable_num_stats();
  ASSERT_EQ(expected.features(12).path().step(0), "dropoff_census_tract");
  EXPECT_NEAR(tract.std_dev(), 331208.8949714059, 0.1);
  tract.set_std_dev(331208.8949714059);
  EXPECT_EQ(expected.features_size(), 18);
  EXPECT_THAT(CompareStatistics(expected, actual->datasets(0), *truth, kEpsilon, true), IsEmpty());
}

class TfxExamplesTest : public testing::TestWithParam<std::string> {};

TEST_P(TfxExamplesTest, HaveMediansAndHistogramsWithinEpsilonOfTheTruth) {
  if (!std::filesystem::exists(tests::TfxTestData("")))
    GTEST_SKIP() << "Run `make setup` first: there is no " << tests::TfxTestData("");
  const auto dataset = Open(tests::TfxTestData("csv_example_gen/Split-" + GetParam() + "/*.gz"));
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto actual = statistics::ComputeStatistics(**dataset, {}, {});
  ASSERT_TRUE(actual.ok()) << actual.status();
  const auto truth = ReadSortedColumns(**dataset);
  ASSERT_TRUE(truth.ok()) << truth.status();
  EXPECT_EQ(actual->datasets(0).features_size(), 18);
  // Against itself, only what is held against the truth can differ.
  EXPECT_THAT(CompareStatistics(actual->datasets(0), actual->datasets(0), *truth, kEpsilon, true), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Splits, TfxExamplesTest, testing::Values("train", "eval"),
                         [](const auto& info) { return info.param; });

std::filesystem::path ConformanceDirectory() { return tests::SharedPath("conformance/tfdv"); }

/// The examples of one slice of ours, to hold quantiles of its dataset against.
Result<SortedColumns> ReadSlice(const data::Dataset& dataset, const std::vector<std::string>& columns,
                                const std::string& name) {
  SortedColumns all;
  const auto reader = data::ReadSequentially(dataset);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch.has_value()) break;
    PENSTOCK_ASSIGN_OR_RETURN(const auto groups, combine::GroupRows(*batch, columns, 1000));
    for (const auto& group : groups) {
      std::string group_name;
      for (const auto& [feature, value] : group.key.features)
        group_name += (group_name.empty() ? "" : "_") + feature + "_" + value;
      if (group_name != name) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const auto rows, combine::TakeRows(*batch, group.rows));
      const auto slice = data::MakeInMemoryDataset(rows->schema(), {rows});
      PENSTOCK_ASSIGN_OR_RETURN(const auto sorted, ReadSortedColumns(*slice));
      for (const auto& [column, numbers] : sorted)
        all[column].insert(all[column].end(), numbers.begin(), numbers.end());
    }
  }
  for (auto& [column, numbers] : all) std::sort(numbers.begin(), numbers.end());
  return all;
}

/// The examples that the dataset named `name` describes.
Result<SortedColumns> TruthOf(const data::Dataset& dataset, const statistics::StatisticsOptions& options,
                              const std::string& name) {
  if (name.empty() || name == statistics::kAllExamplesName) return ReadSortedColumns(dataset);
  for (const statistics::SliceSpec& spec : options.slices) {
    std::set<std::string> columns(spec.feature_keys.begin(), spec.feature_keys.end());
    for (const auto& [feature, value] : spec.feature_values) columns.insert(feature);
    if (columns.empty()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(auto truth, ReadSlice(dataset, {columns.begin(), columns.end()}, name));
    if (!truth.empty()) return truth;
  }
  return NotFound("There is no slice {}", name);
}

/// Empty where TFDV's answer and ours agree, whatever the order of the slices.
std::vector<std::string> RunCase(const std::filesystem::path& directory) {
  const auto description = nlohmann::json::parse(std::ifstream(directory / "options.json"), nullptr, false);
  if (description.is_discarded()) return {"options.json does not parse"};
  const auto& given = description.contains("stats_options") ? description["stats_options"]
                                                            : description["stats_options_json"];
  const auto options = statistics::ParseStatisticsOptions(given.dump());
  if (!options.ok()) return {options.status().ToString()};
  // "tfrecord of tf.SequenceExample"
  const std::string kind = description.value("format", "tfrecord");
  const std::string format = kind.substr(0, kind.find(' '));
  data::DatasetOptions reading;
  if (description.contains("delimiter") && description["delimiter"].is_string())
    reading.csv.delimiter = description["delimiter"].get<std::string>().at(0);
  if (description.contains("column_names") && description["column_names"].is_array())
    reading.csv.column_names = description["column_names"].get<std::vector<std::string>>();
  const std::vector<std::string> patterns = {(directory / ("input." + format)).string()};
  const auto dataset = data::OpenDataset(patterns, reading, {});
  if (!dataset.ok()) return {dataset.status().ToString()};
  const auto actual = statistics::ComputeStatistics(**dataset, *options, {});
  if (!actual.ok()) return {actual.status().ToString()};
  DatasetFeatureStatisticsList expected;
  const Status read = ReadProto((directory / "expected_stats.pb").string(), expected);
  if (!read.ok()) return {read.ToString()};
  std::map<std::string, const DatasetFeatureStatistics*> by_name;
  for (const auto& slice : actual->datasets()) by_name[slice.name()] = &slice;
  std::vector<std::string> all;
  if (expected.datasets_size() != actual->datasets_size()) {
    all.push_back("There are " + std::to_string(actual->datasets_size()) + " datasets, expected " +
                  std::to_string(expected.datasets_size()));
  }
  for (const auto& slice : expected.datasets()) {
    if (by_name[slice.name()] == nullptr) {
      all.push_back("There is no dataset " + slice.name());
      continue;
    }
    const auto truth = TruthOf(**dataset, *options, slice.name());
    if (!truth.ok()) return {truth.status().ToString()};
    for (const auto& difference :
         CompareStatistics(slice, *by_name[slice.name()], *truth, options->epsilon, true))
      all.push_back(slice.name() + " " + difference);
  }
  return all;
}

TEST(TfdvConformanceTest, EveryCaseAgrees) {
  if (!std::filesystem::exists(ConformanceDirectory())) {
    GTEST_SKIP() << "No conformance cases: set PENSTOCK_TEST_DATA (looked in " << ConformanceDirectory()
                 << ")";
  }
  std::set<std::filesystem::path> cases;
  for (const auto& folder : {ConformanceDirectory(), ConformanceDirectory() / "upstream_stats",
                             ConformanceDirectory() / "upstream_sequence"}) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (std::filesystem::exists(entry.path() / "options.json")) cases.insert(entry.path());
    }
  }
  int num_equal = 0;
  for (const std::filesystem::path& directory : cases) {
    const std::vector<std::string> differences = RunCase(directory);
    num_equal += differences.empty();
    EXPECT_THAT(differences, IsEmpty()) << directory.filename();
  }
  EXPECT_GT(num_equal, 0);
  std::cout << num_equal << " of " << cases.size() << " cases are equal\n";
}

}  // namespace
}  // namespace penstock::parity
