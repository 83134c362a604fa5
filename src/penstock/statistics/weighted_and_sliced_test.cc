#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "penstock/base/proto_io.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/statistics/dataset_statistics.h"
#include "penstock/statistics/sliced_statistics.h"
#include "penstock/statistics/statistics.h"
#include "penstock/statistics/time_format.h"

namespace penstock::statistics {
namespace {

using combine::Batch;
using combine::ValueOrDie;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using testing::ElementsAre;
using testing::HasSubstr;

struct Row {
  int64_t time = 0;
  double weight = 1;
  std::optional<double> fare;
  std::optional<std::string> country;
  std::vector<int64_t> tags;
};

/// Columns time, weight, fare, country, and the list tags.
Batch BatchOf(const std::vector<Row>& rows) {
  arrow::Int64Builder times;
  arrow::DoubleBuilder weights, fares;
  arrow::StringBuilder countries;
  auto values = std::make_shared<arrow::Int64Builder>();
  arrow::ListBuilder tags(arrow::default_memory_pool(), values);
  for (const Row& row : rows) {
    EXPECT_TRUE(times.Append(row.time).ok());
    EXPECT_TRUE(weights.Append(row.weight).ok());
    EXPECT_TRUE((row.fare.has_value() ? fares.Append(*row.fare) : fares.AppendNull()).ok());
    EXPECT_TRUE((row.country.has_value() ? countries.Append(*row.country) : countries.AppendNull()).ok());
    EXPECT_TRUE(tags.Append().ok());
    EXPECT_TRUE(values->AppendValues(row.tags).ok());
  }
  const arrow::ArrayVector columns = {times.Finish().ValueOrDie(), weights.Finish().ValueOrDie(),
                                      fares.Finish().ValueOrDie(), countries.Finish().ValueOrDie(),
                                      tags.Finish().ValueOrDie()};
  arrow::FieldVector fields;
  const char* names[] = {"time", "weight", "fare", "country", "tags"};
  for (size_t i = 0; i < columns.size(); ++i) fields.push_back(arrow::field(names[i], columns[i]->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), static_cast<int64_t>(rows.size()), columns);
}

std::vector<Batch> ManyBatches(int num_batches, int num_rows) {
  std::vector<Batch> batches;
  for (int b = 0; b < num_batches; ++b) {
    std::vector<Row> rows;
    for (int i = 0; i < num_rows; ++i) {
      const int64_t n = int64_t{b} * num_rows + i;
      Row row;
      row.time = n;
      row.weight = 0.25 * static_cast<double>(n % 5);
      if (n % 7 != 0) row.fare = 0.5 * static_cast<double>(n % 23);
      if (n % 11 != 0) row.country = n % 3 == 0 ? "US" : n % 3 == 1 ? "DE" : "FR";
      row.tags.assign(static_cast<size_t>(n % 4), n % 6);
      rows.push_back(std::move(row));
    }
    batches.push_back(BatchOf(rows));
  }
  return batches;
}

template <class Message>
testing::AssertionResult Same(const Message& a, const Message& b) {
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_float_comparison(google::protobuf::util::DefaultFieldComparator::APPROXIMATE);
  comparator.set_treat_nan_as_equal(true);
  comparator.SetDefaultFractionAndMargin(1e-11, 1e-11);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  std::string differences;
  differencer.ReportDifferencesToString(&differences);
  if (differencer.Compare(a, b)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << differences;
}

DatasetStatistics Weighted(const Batch& batch, StatisticsOptions options = {}) {
  options.weight_feature = "weight";
  return ValueOrDie(DatasetStatistics::Make(*batch->schema(), options));
}

SlicedStatistics Sliced(const Batch& batch, std::vector<SliceSpec> slices, int64_t max_slices = 1000) {
  StatisticsOptions options;
  options.slices = std::move(slices);
  options.max_slices = max_slices;
  return ValueOrDie(SlicedStatistics::Make(*batch->schema(), options));
}

std::vector<std::string> NamesOf(const DatasetFeatureStatisticsList& list) {
  std::vector<std::string> names;
  for (const auto& dataset : list.datasets()) names.push_back(dataset.name());
  return names;
}

DatasetFeatureStatisticsList SlicesOf(const Batch& batch, std::vector<SliceSpec> slices) {
  const SlicedStatistics combiner = Sliced(batch, std::move(slices));
  return ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch})));
}

TEST(WeightedStatisticsTest, SatisfyTheLawsOfCombiners) {
  const auto batches = ManyBatches(6, 60);
  StatisticsOptions options;
  options.enable_semantic_domain_stats = true;
  combine::ExpectCombinerLaws(Weighted(batches[0], options), batches, Same<DatasetFeatureStatistics>);
  combine::ExpectSameInAllShapes(Weighted(batches[0], options), batches, "time",
                                 Same<DatasetFeatureStatistics>);
}

TEST(WeightedStatisticsTest, TellDamagedStates) {
  const auto batches = ManyBatches(3, 20);
  combine::ExpectDamageIsTold(Weighted(batches[0]), batches);
}

TEST(WeightedStatisticsTest, CountExamplesByTheirWeight) {
  const Batch batch = BatchOf({{0, 1.0, 10.0, "a", {1, 2}}, {1, 3.0, 20.0, "b", {}}, {2, 0.5, {}, "b", {5}}});
  const DatasetStatistics combiner = Weighted(batch);
  const auto statistics = ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch})));
  EXPECT_EQ(statistics.weighted_num_examples(), 4.5);
  const auto& fare = statistics.features(2).num_stats();
  EXPECT_EQ(fare.common_stats().weighted_common_stats().num_non_missing(), 4);
  EXPECT_EQ(fare.common_stats().weighted_common_stats().num_missing(), 0.5);
  EXPECT_EQ(fare.mean(), 15) << "the unweighted mean stays";
  EXPECT_EQ(fare.weighted_numeric_stats().mean(), 17.5);
  EXPECT_DOUBLE_EQ(fare.weighted_numeric_stats().std_dev(), std::sqrt((7.5 * 7.5 + 3 * 2.5 * 2.5) / 4));
  EXPECT_EQ(fare.weighted_numeric_stats().median(), 20);
  EXPECT_EQ(fare.weighted_numeric_stats().histograms(0).buckets(9).sample_count(), 3);
  const auto& country = statistics.features(3).string_stats();
  EXPECT_EQ(country.top_values(0).frequency(), 2);
  ASSERT_EQ(country.weighted_string_stats().top_values_size(), 2);
  EXPECT_EQ(country.weighted_string_stats().top_values(0).value(), "b");
  EXPECT_EQ(country.weighted_string_stats().top_values(0).frequency(), 3.5);
  const auto& tags = statistics.features(4).num_stats();
  EXPECT_EQ(tags.common_stats().weighted_common_stats().tot_num_values(), 2.5);
  EXPECT_DOUBLE_EQ(tags.weighted_numeric_stats().mean(), (1 + 2 + 0.5 * 5) / 2.5);
}

TEST(WeightedStatisticsTest, TakeTheOverrideOfAFeature) {
  const Batch batch = BatchOf({{4, 1.0, 10.0, "a", {}}, {1, 3.0, 20.0, "b", {}}});
  StatisticsOptions options;
  options.per_feature_weight_override = {{"fare", "time"}};
  const DatasetStatistics combiner = Weighted(batch, options);
  const auto statistics = ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch})));
  EXPECT_DOUBLE_EQ(statistics.features(2).num_stats().weighted_numeric_stats().mean(), 12);
  EXPECT_DOUBLE_EQ(statistics.features(1).num_stats().weighted_numeric_stats().mean(), 2.5);
}

TEST(WeightedStatisticsTest, RefuseWeightsThatAreNone) {
  const Batch batch = BatchOf({{0, 1.0, 10.0, "a", {}}, {1, -3.0, {}, "b", {}}});
  StatisticsOptions options;
  options.weight_feature = "weight";
  auto state = ValueOrDie(DatasetStatistics::Make(*batch->schema(), options)).NewState();
  const Status negative = ValueOrDie(DatasetStatistics::Make(*batch->schema(), options)).Add(batch, state);
  EXPECT_THAT(std::string(negative.message()), HasSubstr("'weight' is -3 in an example (number 2 of"));
  options.weight_feature = "fare";
  state = ValueOrDie(DatasetStatistics::Make(*batch->schema(), options)).NewState();
  const Status missing = ValueOrDie(DatasetStatistics::Make(*batch->schema(), options)).Add(batch, state);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("'fare' has no value"));
  options.weight_feature = "wieght";
  const Status unknown = DatasetStatistics::Make(*batch->schema(), options).status();
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("did you mean 'weight'"));
}

TEST(SlicedStatisticsTest, SatisfyTheLawsOfCombiners) {
  const auto batches = ManyBatches(6, 40);
  const SlicedStatistics combiner = Sliced(batches[0], {{{"country"}, {}}, {{"tags"}, {{"country", "US"}}}});
  combine::ExpectCombinerLaws(combiner, batches, Same<DatasetFeatureStatisticsList>);
  combine::ExpectSameInAllShapes(combiner, batches, "time", Same<DatasetFeatureStatisticsList>);
}

TEST(SlicedStatisticsTest, NameSlicesAsTfdvDoes) {
  const Batch batch =
      BatchOf({{0, 1, 1.0, "US", {1, 1, 2}}, {1, 1, 2.5, "DE", {2}}, {2, 1, {}, std::nullopt, {3}}});
  const auto list = SlicesOf(batch, {{}, {{"country"}, {}}, {{"tags", "country"}, {}}, {{"fare"}, {}}});
  EXPECT_THAT(NamesOf(list), ElementsAre("All Examples", "country_DE", "country_DE_tags_2", "country_US",
                                         "country_US_tags_1", "country_US_tags_2", "fare_1.0", "fare_2.5"));
  EXPECT_EQ(list.datasets(0).num_examples(), 3u);
  EXPECT_EQ(list.datasets(4).num_examples(), 1u) << "an example with a value twice is in the slice once";
}

TEST(SlicedStatisticsTest, KeepOnlyTheValueAskedFor) {
  const Batch batch = BatchOf({{0, 1, 1.0, "US", {1}}, {1, 1, 2.0, "DE", {2}}, {2, 1, 4.0, "US", {1}}});
  const auto list = SlicesOf(batch, {{{}, {{"country", "US"}}}, {{"country"}, {{"tags", "2"}}}});
  EXPECT_THAT(NamesOf(list), ElementsAre("All Examples", "country_DE_tags_2", "country_US"));
  EXPECT_EQ(list.datasets(2).num_examples(), 2u);
  EXPECT_EQ(list.datasets(2).features(2).num_stats().mean(), 2.5);
}

TEST(SlicedStatisticsTest, CountASliceNamedTwiceOnce) {
  const Batch batch = BatchOf({{0, 1, 1.0, "US", {}}, {1, 1, 2.0, "DE", {}}});
  const auto list = SlicesOf(batch, {{{}, {{"country", "US"}}}, {{"country"}, {}}});
  EXPECT_THAT(NamesOf(list), ElementsAre("All Examples", "country_DE", "country_US"));
  EXPECT_EQ(list.datasets(2).num_examples(), 1u);
}

SliceSpec Query(const std::string& sql) {
  SliceSpec spec;
  spec.sql = sql;
  return spec;
}

TEST(SlicedStatisticsTest, AreThoseOfAnSqlQuery) {
  const Batch batch = BatchOf({{0, 1, 1.0, "US", {1}}, {1, 1, 2.0, "DE", {2}}, {2, 1, 3.0, "US", {1}}});
  const auto list = SlicesOf(
      batch, {Query("SELECT STRUCT(country AS land, tags) FROM example.country, example.tags WHERE time > 0"),
              Query("select struct(country) from example.country where country like 'D%';")});
  EXPECT_THAT(NamesOf(list), ElementsAre("All Examples", "country_DE", "land_DE_tags_2", "land_US_tags_1"));
  EXPECT_EQ(list.datasets(3).num_examples(), 1u);
  EXPECT_EQ(list.datasets(0).num_examples(), 3u);
}

TEST(SlicedStatisticsTest, SayWhatIsWrongWithAnSqlQuery) {
  const Batch batch = BatchOf({{0, 1, 1.0, "US", {}}});
  StatisticsOptions options;
  for (const auto& [sql, message] : {std::pair("SELECT STRUCT(contry)", "did you mean 'country'"),
                                     {"SELECT STRUCT(country) WHERE tiem = 1", "did you mean 'time'"},
                                     {"SELECT country", "where STRUCT(column, ...) is expected"},
                                     {"SELECT STRUCT(country) WHERE time + 1 = 2", "another expression"}}) {
    options.slices = {Query(sql)};
    const Status status = SlicedStatistics::Make(*batch->schema(), options).status();
    EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << sql;
  }
}

TEST(SlicedStatisticsTest, RefuseMoreSlicesThanAllowed) {
  const auto batches = ManyBatches(1, 100);
  const SlicedStatistics combiner = Sliced(batches[0], {{{"time"}, {}}}, 50);
  auto state = combiner.NewState();
  const Status status = combiner.Add(batches[0], state);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 5"));
  // Values that are not asked for are no slices.
  const SlicedStatistics one = Sliced(batches[0], {{{}, {{"time", "7"}}}}, 1);
  auto other = one.NewState();
  EXPECT_EQ(one.Add(batches[0], other), OkStatus());
}

TEST(SlicedStatisticsTest, HaveNoSliceOfAFeatureThatNoExampleHas) {
  const Batch batch = BatchOf({{0, 1, 1.0, "US", {}}});
  const std::vector<SliceSpec> slices = {{{"contry"}, {}}, {{"country", "nope"}, {}}, {{"country"}, {}}};
  EXPECT_THAT(NamesOf(SlicesOf(batch, slices)), ElementsAre("All Examples", "country_US"));
  StatisticsOptions options;
  options.slices = slices;
  EXPECT_THAT(SlicedStatistics::AbsentFeatures(*batch->schema(), options), ElementsAre("contry", "nope"));
}

TEST(SlicedStatisticsTest, ShareTheMemory) {
  std::vector<Row> rows;
  for (int i = 0; i < 40'000; ++i) {
    Row row;
    row.time = i;
    row.country = "country " + std::to_string(i % 40);
    row.fare = i * 1.25;
    rows.push_back(row);
  }
  const Batch batch = BatchOf(rows);
  StatisticsOptions options;
  options.slices = {{{"country"}, {}}};
  options.memory_limit_bytes = int64_t{16} << 20;
  const SlicedStatistics combiner = ValueOrDie(SlicedStatistics::Make(*batch->schema(), options));
  const auto state = combine::StateOf(combiner, {batch, batch, batch, batch, batch, batch});
  EXPECT_EQ(state.size(), 41u);
  EXPECT_LE(combiner.StateBytes(state), options.memory_limit_bytes / kNumStatesInMemory);
}

TEST(SlicedStatisticsTest, NameTheWrongValue) {
  const Batch batch = BatchOf({{0, 1, 1.0, "US", {}}});
  StatisticsOptions options;
  options.slices = {{{}, {{"tags", "one"}}}};
  EXPECT_THAT(std::string(SlicedStatistics::Make(*batch->schema(), options).status().message()),
              HasSubstr("'one' of feature 'tags' is not an integer"));
}

TEST(ComputeStatisticsTest, SlicesAndWeightsAreBitEqualForAnyNumberOfThreads) {
  const auto batches = ManyBatches(12, 300);
  const auto dataset = data::MakeInMemoryDataset(batches[0]->schema(), batches);
  StatisticsOptions options;
  options.weight_feature = "weight";
  options.slices = {{{"country"}, {}}};
  options.sample_rate = 0.5;
  const auto with = [&](int num_threads) {
    return SerializeDeterministically(
        ValueOrDie(ComputeStatistics(*dataset, options, {.num_threads = num_threads})));
  };
  EXPECT_EQ(with(1), with(4));
}

TEST(ComputeStatisticsTest, SamplesAboutTheShareAskedFor) {
  const auto batches = ManyBatches(10, 1000);
  const auto dataset = data::MakeInMemoryDataset(batches[0]->schema(), batches);
  StatisticsOptions options;
  options.sample_rate = 0.2;
  const auto list = ValueOrDie(ComputeStatistics(*dataset, options, {}));
  EXPECT_NEAR(static_cast<double>(list.datasets(0).num_examples()), 2000, 150);
}

TEST(ComputeStatisticsTest, HasADatasetOfAllExamplesWhereThereAreNone) {
  const Batch empty = BatchOf({});
  const auto dataset = data::MakeInMemoryDataset(empty->schema(), {empty});
  StatisticsOptions options;
  options.slices = {{{"country"}, {}}};
  const auto list = ValueOrDie(ComputeStatistics(*dataset, options, {}));
  EXPECT_THAT(NamesOf(list), ElementsAre("All Examples"));
  EXPECT_EQ(list.datasets(0).features_size(), 5);
}

/// Custom statistics of 120 examples of country.
std::vector<std::string> DomainsOf(const std::vector<std::string>& texts) {
  std::vector<Row> rows;
  for (int i = 0; i < 120; ++i) {
    Row row;
    row.country = texts[static_cast<size_t>(i) % texts.size()];
    rows.push_back(row);
  }
  StatisticsOptions options;
  options.enable_semantic_domain_stats = true;
  const Batch batch = BatchOf(rows);
  const auto combiner = ValueOrDie(DatasetStatistics::Make(*batch->schema(), options));
  const auto statistics = ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch})));
  std::vector<std::string> domains;
  for (const auto& custom : statistics.features(3).custom_stats()) {
    if (custom.name() == "domain_info") domains.push_back(custom.str());
  }
  return domains;
}

TEST(SemanticSummaryTest, SeesLanguageTimesAndImages) {
  EXPECT_THAT(DomainsOf({"the quick brown fox", "jumps over lazy dogs"}),
              ElementsAre("natural_language_domain {}"));
  EXPECT_THAT(DomainsOf({"2018-11-30 23:59:58", "2018-12-01 00:00:00"}),
              ElementsAre("time_domain {string_format: '%Y-%m-%d %H:%M:%S'}"));
  EXPECT_THAT(DomainsOf({"\xff\xd8\xff\xe0 bytes"}), ElementsAre("image_domain {}"));
  EXPECT_THAT(DomainsOf({"cash", "card"}), ElementsAre());
  EXPECT_THAT(DomainsOf({"2018-11-30", "none", "cash"}), ElementsAre()) << "below the match ratio";
  EXPECT_THAT(DomainsOf({"2018-11-30", "2018-11-30", "2018-11-30", "2018-11-30", ""}), ElementsAre());
}

TEST(TimeFormatTest, MatchesAsStrptimeDoes) {
  EXPECT_TRUE(MatchesTimeFormat("2018-1-3", "%Y-%m-%d"));
  EXPECT_TRUE(MatchesTimeFormat("1112018", "%m%d%Y")) << "by backtracking";
  EXPECT_TRUE(MatchesTimeFormat("30-November-18", "%d-%B-%y"));
  EXPECT_TRUE(MatchesTimeFormat("Fri Nov 30 10:47:02 2018", "%a %b %d %H:%M:%S %Y"));
  EXPECT_TRUE(MatchesTimeFormat("23:59:58.5", "%H:%M:%S.%f"));
  EXPECT_FALSE(MatchesTimeFormat("2018-13-03", "%Y-%m-%d"));
  EXPECT_FALSE(MatchesTimeFormat("2018-11-301", "%Y-%m-%d"));
  EXPECT_FALSE(MatchesTimeFormat("24:00", "%H:%M"));
  EXPECT_FALSE(MatchesTimeFormat("", "%H:%M"));
  EXPECT_EQ(TextTimeFormats().size(), 17u + 3 + 1 + 17 * 3 * 2);
}

}  // namespace
}  // namespace penstock::statistics
