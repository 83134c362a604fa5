#include "penstock/statistics/dataset_statistics.h"

#include <cmath>
#include <limits>
#include <optional>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/combine/combiner_laws_testing.h"

namespace penstock::statistics {
namespace {

using combine::Batch;
using combine::ValueOrDie;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::Schema;
using tensorflow::metadata::v0::StringStatistics;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Builder, class Value>
std::shared_ptr<arrow::Array> ArrayOf(const std::vector<std::optional<Value>>& values) {
  Builder builder;
  for (const auto& value : values) {
    EXPECT_TRUE((value.has_value() ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Integers(const std::vector<std::optional<int64_t>>& values) {
  return ArrayOf<arrow::Int64Builder>(values);
}
std::shared_ptr<arrow::Array> Doubles(const std::vector<std::optional<double>>& values) {
  return ArrayOf<arrow::DoubleBuilder>(values);
}
std::shared_ptr<arrow::Array> Strings(const std::vector<std::optional<std::string>>& values) {
  return ArrayOf<arrow::BinaryBuilder>(values);
}

/// Lists of integers; nothing: the example has no such feature.
std::shared_ptr<arrow::Array> IntegerLists(const std::vector<std::optional<std::vector<int64_t>>>& lists) {
  auto values = std::make_shared<arrow::Int64Builder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), values);
  for (const auto& list : lists) {
    EXPECT_TRUE((list.has_value() ? builder.Append() : builder.AppendNull()).ok());
    EXPECT_TRUE(values->AppendValues(list.value_or(std::vector<int64_t>{})).ok());
  }
  return builder.Finish().ValueOrDie();
}

Batch BatchOf(const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

DatasetStatistics CombinerOf(const Batch& batch, const StatisticsOptions& options = {}) {
  return ValueOrDie(DatasetStatistics::Make(*batch->schema(), options));
}

DatasetFeatureStatistics StatisticsOf(const Batch& batch, const StatisticsOptions& options = {}) {
  const DatasetStatistics combiner = CombinerOf(batch, options);
  return ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch})));
}

FeatureNameStatistics FeatureOf(std::shared_ptr<arrow::Array> column, const StatisticsOptions& options = {}) {
  return StatisticsOf(BatchOf({{"x", std::move(column)}}), options).features(0);
}

testing::AssertionResult SameStatistics(const DatasetFeatureStatistics& a,
                                        const DatasetFeatureStatistics& b) {
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_float_comparison(google::protobuf::util::DefaultFieldComparator::APPROXIMATE);
  comparator.set_treat_nan_as_equal(true);
  comparator.SetDefaultFractionAndMargin(1e-12, 1e-12);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  std::string differences;
  differencer.ReportDifferencesToString(&differences);
  if (differencer.Compare(a, b)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << differences;
}

/// Batches of every kind of column; values repeat, so that everything is in the exact range.
std::vector<Batch> MixedBatches(int num_batches, int num_rows) {
  std::vector<Batch> batches;
  for (int b = 0; b < num_batches; ++b) {
    std::vector<std::optional<int64_t>> times, integers;
    std::vector<std::optional<double>> reals;
    std::vector<std::optional<std::string>> texts;
    std::vector<std::optional<std::vector<int64_t>>> lists;
    for (int row = 0; row < num_rows; ++row) {
      const int64_t n = int64_t{b} * num_rows + row;
      times.push_back(n);
      integers.push_back(n % 7 == 0 ? std::nullopt : std::optional<int64_t>(n * n % 101 - 50));
      reals.push_back(n % 11 == 0 ? kNaN : n % 97 == 0 ? kInfinity : 0.1 * static_cast<double>(n % 53));
      texts.push_back(n % 5 == 0 ? std::nullopt
                                 : std::optional<std::string>("value " + std::to_string(n % 13)));
      lists.push_back(n % 3 == 0 ? std::nullopt
                                 : std::optional<std::vector<int64_t>>(std::vector<int64_t>(n % 4, n % 10)));
    }
    batches.push_back(BatchOf({{"time", Integers(times)},
                               {"integer", Integers(integers)},
                               {"real", Doubles(reals)},
                               {"text", Strings(texts)},
                               {"list", IntegerLists(lists)}}));
  }
  return batches;
}

Schema SchemaClaiming() {
  Schema schema;
  auto& category = *schema.add_feature();
  category.set_name("code");
  category.set_type(tensorflow::metadata::v0::INT);
  category.mutable_int_domain()->set_is_categorical(true);
  auto& image = *schema.add_feature();
  image.set_name("image");
  image.set_type(tensorflow::metadata::v0::BYTES);
  image.mutable_image_domain();
  return schema;
}

TEST(DatasetStatisticsTest, SatisfiesTheLawsOfCombiners) {
  const std::vector<Batch> batches = MixedBatches(6, 150);
  combine::ExpectCombinerLaws(CombinerOf(batches[0]), batches, SameStatistics);
}

TEST(DatasetStatisticsTest, IsTheSameInAllShapes) {
  const std::vector<Batch> batches = MixedBatches(8, 100);
  combine::ExpectSameInAllShapes(CombinerOf(batches[0]), batches, "time", SameStatistics);
}

TEST(DatasetStatisticsTest, TellsDamagedStates) {
  const std::vector<Batch> batches = MixedBatches(2, 60);
  combine::ExpectDamageIsTold(CombinerOf(batches[0]), batches);
}

TEST(DatasetStatisticsTest, TellsDamagedStatesOfBytesAndCategories) {
  const Schema schema = SchemaClaiming();
  const Batch batch = BatchOf({{"image", Strings({"12345", std::nullopt})}, {"code", Integers({1, 2})}});
  combine::ExpectDamageIsTold(CombinerOf(batch, {.schema = &schema}), {batch, batch, batch});
}

TEST(DatasetStatisticsTest, RefusesStateOfOtherColumns) {
  const Batch integers = BatchOf({{"x", Integers({1, 2})}});
  const Batch strings = BatchOf({{"x", Strings({"a", "b"})}});
  const auto bytes = CombinerOf(integers).Encode(combine::StateOf(CombinerOf(integers), {integers}));
  EXPECT_EQ(CombinerOf(strings).Decode(bytes).status().code(), StatusCode::kDataLoss);
  EXPECT_NE(CombinerOf(strings).Fingerprint(), CombinerOf(integers).Fingerprint());
}

TEST(DatasetStatisticsTest, DescribesIntegers) {
  const FeatureNameStatistics feature = FeatureOf(Integers({3, std::nullopt, 0, 5, 0}));
  EXPECT_THAT(feature.path().step(), ElementsAre("x"));
  EXPECT_EQ(feature.type(), FeatureNameStatistics::INT);
  const NumericStatistics& numeric = feature.num_stats();
  EXPECT_EQ(numeric.common_stats().num_non_missing(), 4u);
  EXPECT_EQ(numeric.common_stats().num_missing(), 1u);
  EXPECT_EQ(numeric.common_stats().min_num_values(), 1u);
  EXPECT_EQ(numeric.common_stats().max_num_values(), 1u);
  EXPECT_EQ(numeric.common_stats().tot_num_values(), 4u);
  EXPECT_EQ(numeric.common_stats().avg_num_values(), 1);
  EXPECT_EQ(numeric.mean(), 2);
  EXPECT_DOUBLE_EQ(numeric.std_dev(), std::sqrt((1 + 4 + 9 + 4) / 4.0));
  EXPECT_EQ(numeric.num_zeros(), 2u);
  EXPECT_EQ(numeric.min(), 0);
  EXPECT_EQ(numeric.median(), 3);
  EXPECT_EQ(numeric.max(), 5);
  ASSERT_EQ(numeric.histograms_size(), 2);
  EXPECT_EQ(numeric.histograms(0).type(), Histogram::STANDARD);
  EXPECT_EQ(numeric.histograms(0).buckets_size(), 10);
  EXPECT_EQ(numeric.histograms(0).buckets(0).sample_count(), 2);
  EXPECT_EQ(numeric.histograms(1).type(), Histogram::QUANTILES);
  EXPECT_EQ(numeric.histograms(1).buckets_size(), 10);
}

TEST(DatasetStatisticsTest, KeepsExtremesOfInt64) {
  const NumericStatistics numeric =
      FeatureOf(Integers({std::numeric_limits<int64_t>::min(), 0, std::numeric_limits<int64_t>::max()}))
          .num_stats();
  EXPECT_EQ(numeric.min(), -0x1p63);
  EXPECT_EQ(numeric.max(), 0x1p63);
  EXPECT_EQ(numeric.histograms(0).buckets_size(), 10);
}

TEST(DatasetStatisticsTest, CountsNaNApart) {
  const NumericStatistics numeric = FeatureOf(Doubles({1.0, kNaN, 3.0, kNaN, std::nullopt})).num_stats();
  EXPECT_EQ(numeric.common_stats().num_non_missing(), 4u) << "a NaN is a value that is there";
  EXPECT_EQ(numeric.mean(), 2);
  EXPECT_EQ(numeric.median(), 3);
  EXPECT_EQ(numeric.histograms(0).num_nan(), 2u);
  EXPECT_EQ(numeric.histograms(1).num_nan(), 2u);
}

TEST(DatasetStatisticsTest, TellsOnlyTheNumberOfNaNsWhereAllAre) {
  const FeatureNameStatistics feature = FeatureOf(Doubles({kNaN, kNaN}));
  EXPECT_EQ(feature.type(), FeatureNameStatistics::FLOAT);
  ASSERT_EQ(feature.num_stats().histograms_size(), 2);
  EXPECT_EQ(feature.num_stats().histograms(0).num_nan(), 2u);
  EXPECT_EQ(feature.num_stats().histograms(0).buckets_size(), 0);
  EXPECT_EQ(feature.num_stats().max(), 0);
}

TEST(DatasetStatisticsTest, KeepsInfinitiesOutOfTheEqualWidthBuckets) {
  const NumericStatistics numeric =
      FeatureOf(Doubles({-kInfinity, 1.0, 2.0, kInfinity, kInfinity}), {.num_histogram_buckets = 2})
          .num_stats();
  EXPECT_EQ(numeric.min(), -kInfinity);
  EXPECT_EQ(numeric.max(), kInfinity);
  EXPECT_TRUE(std::isnan(numeric.mean()));
  EXPECT_EQ(numeric.std_dev(), 0);
  EXPECT_EQ(numeric.median(), 2);
  const Histogram& standard = numeric.histograms(0);
  ASSERT_EQ(standard.buckets_size(), 4);
  EXPECT_EQ(standard.buckets(0).high_value(), -kInfinity);
  EXPECT_EQ(standard.buckets(1).low_value(), 1);
  EXPECT_EQ(standard.buckets(2).high_value(), 2);
  EXPECT_EQ(standard.buckets(3).sample_count(), 2);
}

TEST(DatasetStatisticsTest, DescribesStringsMostFrequentFirstAndGreaterFirstAmongEquals) {
  const FeatureNameStatistics feature =
      FeatureOf(Strings({"cash", "card", "card", std::nullopt, "cash", "none", ""}), {.num_top_values = 3});
  EXPECT_EQ(feature.type(), FeatureNameStatistics::STRING);
  const StringStatistics& text = feature.string_stats();
  EXPECT_EQ(text.unique(), 4u);
  EXPECT_FLOAT_EQ(text.avg_length(), 20.0f / 6);
  ASSERT_EQ(text.top_values_size(), 3);
  EXPECT_EQ(text.top_values(0).value(), "cash");
  EXPECT_EQ(text.top_values(1).value(), "card");
  EXPECT_EQ(text.top_values(1).frequency(), 2);
  EXPECT_EQ(text.top_values(2).value(), "none");
  ASSERT_EQ(text.rank_histogram().buckets_size(), 4);
  EXPECT_EQ(text.rank_histogram().buckets(3).low_rank(), 3u);
  EXPECT_EQ(text.rank_histogram().buckets(3).label(), "");
}

TEST(DatasetStatisticsTest, LeavesRareValuesOutBelowTheFrequencyThreshold) {
  const StringStatistics text =
      FeatureOf(Strings({"a", "b", "b", "b"}), {.frequency_threshold = 2}).string_stats();
  EXPECT_EQ(text.unique(), 2u);
  ASSERT_EQ(text.top_values_size(), 1);
  EXPECT_EQ(text.top_values(0).value(), "b");
  EXPECT_EQ(text.rank_histogram().buckets_size(), 1);
}

TEST(DatasetStatisticsTest, CountsTextThatIsNotUtf8AndHidesIt) {
  const StringStatistics text =
      FeatureOf(Strings({"\xff\xfe", "caf\xc3\xa9", "\xff\xfe", "plain"})).string_stats();
  EXPECT_EQ(text.invalid_utf8_count(), 2u);
  EXPECT_EQ(text.unique(), 3u);
  EXPECT_EQ(text.top_values(0).value(), kNonUtf8Placeholder);
  EXPECT_EQ(text.top_values(1).value(), "plain");
  EXPECT_EQ(text.top_values(2).value(), "caf\xc3\xa9");
}

TEST(DatasetStatisticsTest, TellsMissingFromEmptyLists) {
  const NumericStatistics numeric =
      FeatureOf(IntegerLists({{{1, 2, 3}}, std::nullopt, {std::vector<int64_t>{}}, {{4}}})).num_stats();
  EXPECT_EQ(numeric.common_stats().num_non_missing(), 3u);
  EXPECT_EQ(numeric.common_stats().num_missing(), 1u);
  EXPECT_EQ(numeric.common_stats().min_num_values(), 0u);
  EXPECT_EQ(numeric.common_stats().max_num_values(), 3u);
  EXPECT_EQ(numeric.common_stats().tot_num_values(), 4u);
  EXPECT_FLOAT_EQ(numeric.common_stats().avg_num_values(), 4.0f / 3);
  EXPECT_EQ(numeric.common_stats().num_values_histogram().buckets(9).high_value(), 3);
  EXPECT_EQ(numeric.mean(), 2.5);
}

TEST(DatasetStatisticsTest, SeesOnlyTheRowsOfASlice) {
  const Batch batch = BatchOf({{"x", Integers({9, 1, std::nullopt, 2, 9})},
                               {"text", Strings({"\xff", "b", std::nullopt, "b", "z"})},
                               {"list", IntegerLists({{{9, 9}}, {{1}}, std::nullopt, {{2, 3}}, {{9}}})}});
  const DatasetStatistics combiner = CombinerOf(batch);
  const auto statistics = ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch->Slice(1, 3)})));
  EXPECT_EQ(statistics.num_examples(), 3u);
  EXPECT_EQ(statistics.features(0).num_stats().max(), 2);
  EXPECT_EQ(statistics.features(1).string_stats().unique(), 1u);
  EXPECT_EQ(statistics.features(1).string_stats().invalid_utf8_count(), 0u);
  EXPECT_EQ(statistics.features(2).num_stats().mean(), 2);
}

TEST(DatasetStatisticsTest, CallsAFeatureWithoutTypeAString) {
  const FeatureNameStatistics feature = FeatureOf(std::make_shared<arrow::NullArray>(3));
  EXPECT_EQ(feature.type(), FeatureNameStatistics::STRING);
  EXPECT_EQ(feature.string_stats().common_stats().num_missing(), 3u);
}

TEST(DatasetStatisticsTest, HasAllFeaturesWhenNothingWasAdded) {
  const DatasetStatistics combiner = CombinerOf(BatchOf({{"n", Integers({})}, {"s", Strings({})}}));
  const auto statistics = ValueOrDie(combiner.Finish(combiner.NewState()));
  EXPECT_EQ(statistics.num_examples(), 0u);
  ASSERT_EQ(statistics.features_size(), 2);
  EXPECT_EQ(statistics.features(0).num_stats().histograms_size(), 0);
  EXPECT_EQ(statistics.features(1).string_stats().unique(), 0u);
}

TEST(DatasetStatisticsTest, DescribesCategoricalIntegersByTheirValues) {
  const Schema schema = SchemaClaiming();
  const auto statistics =
      StatisticsOf(BatchOf({{"code", Integers({10, 9, 9, 10, -100})}}), {.schema = &schema});
  EXPECT_EQ(statistics.features(0).type(), FeatureNameStatistics::INT);
  const StringStatistics& text = statistics.features(0).string_stats();
  EXPECT_EQ(text.unique(), 3u);
  EXPECT_EQ(text.top_values(0).value(), "10") << "among equals, by number and not by text";
  EXPECT_EQ(text.top_values(1).value(), "9");
  EXPECT_FLOAT_EQ(text.avg_length(), (2 + 1 + 1 + 2 + 4) / 5.0f);
}

TEST(DatasetStatisticsTest, DescribesImagesByTheirLengths) {
  const Schema schema = SchemaClaiming();
  const auto statistics =
      StatisticsOf(BatchOf({{"image", Strings({"12345", std::nullopt, "1"})}}), {.schema = &schema});
  EXPECT_EQ(statistics.features(0).type(), FeatureNameStatistics::BYTES);
  const auto& bytes = statistics.features(0).bytes_stats();
  EXPECT_EQ(bytes.common_stats().num_missing(), 1u);
  EXPECT_EQ(bytes.avg_num_bytes(), 3);
  EXPECT_EQ(bytes.min_num_bytes(), 1);
  EXPECT_EQ(bytes.max_num_bytes(), 5);
  EXPECT_EQ(bytes.max_num_bytes_int(), 5u);
}

TEST(DatasetStatisticsTest, BelievesTheDataWhereTheSchemaNamesAnotherType) {
  const Schema schema = SchemaClaiming();
  const auto statistics = StatisticsOf(BatchOf({{"code", Doubles({1.5})}}), {.schema = &schema});
  EXPECT_EQ(statistics.features(0).type(), FeatureNameStatistics::FLOAT);
  EXPECT_TRUE(statistics.features(0).has_num_stats());
}

TEST(DatasetStatisticsTest, KeepsOnlyAllowlistedFeatures) {
  const Batch batch = BatchOf({{"a", Integers({1})}, {"b", Integers({2})}, {"c", Integers({3})}});
  const auto statistics = StatisticsOf(batch, {.feature_allowlist = {"c", "a"}});
  ASSERT_EQ(statistics.features_size(), 2);
  EXPECT_EQ(statistics.features(0).path().step(0), "a");
  EXPECT_EQ(statistics.features(1).num_stats().max(), 3);
}

TEST(DatasetStatisticsTest, NamesTheNearestFeatureForAMistypedAllowlist) {
  const auto combiner = DatasetStatistics::Make(*arrow::schema({arrow::field("fare", arrow::float64())}),
                                                {.feature_allowlist = {"fares"}});
  EXPECT_EQ(combiner.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(combiner.status().message()), HasSubstr("did you mean 'fare'"));
}

TEST(DatasetStatisticsTest, NamesTheColumnOfAnUnsupportedType) {
  const auto combiner = DatasetStatistics::Make(*arrow::schema({arrow::field("when", arrow::date32())}), {});
  EXPECT_EQ(combiner.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(combiner.status().message()), HasSubstr("'when'"));
}

TEST(DatasetStatisticsTest, NamesTheOptionThatMakesNoSense) {
  const auto schema = arrow::schema({arrow::field("x", arrow::int64())});
  const auto buckets = DatasetStatistics::Make(*schema, {.num_histogram_buckets = 0});
  EXPECT_THAT(std::string(buckets.status().message()), HasSubstr("num_histogram_buckets"));
  const auto epsilon = DatasetStatistics::Make(*schema, {.epsilon = kNaN});
  EXPECT_THAT(std::string(epsilon.status().message()), HasSubstr("epsilon"));
}

TEST(DatasetStatisticsTest, RefusesABatchWithAnotherType) {
  const DatasetStatistics combiner = CombinerOf(BatchOf({{"x", Integers({1})}}));
  auto state = combiner.NewState();
  const Status status = combiner.Add(BatchOf({{"x", Strings({"1"})}}), state);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Column 'x'"));
}

}  // namespace
}  // namespace penstock::statistics
