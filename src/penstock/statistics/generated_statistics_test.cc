#include "penstock/statistics/generated_statistics.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/statistics/composite_features.h"
#include "penstock/statistics/cross_features.h"
#include "penstock/statistics/dataset_statistics.h"
#include "penstock/statistics/lift_statistics.h"
#include "penstock/statistics/mutual_information.h"

namespace penstock::statistics {
namespace {

using combine::Batch;
using combine::BatchMaker;
using combine::ValueOrDie;
using google::protobuf::util::MessageDifferencer;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::Schema;
using testing::HasSubstr;

template <class Message>
Message Parsed(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

bool Same(const DatasetFeatureStatistics& a, const DatasetFeatureStatistics& b) {
  MessageDifferencer differencer;
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_float_comparison(google::protobuf::util::DefaultFieldComparator::APPROXIMATE);
  differencer.set_field_comparator(&comparator);
  return differencer.Compare(a, b);
}

/// Six small batches of dependent columns.
std::vector<Batch> SomeBatches() {
  std::vector<Batch> batches;
  combine::TestRandom random(7);
  for (int b = 0; b < 6; ++b) {
    std::vector<std::optional<double>> x, y;
    std::vector<std::optional<std::string>> word, label;
    std::vector<std::optional<int64_t>> weight;
    for (int i = 0; i < 40; ++i) {
      const double value = random.Uniform();
      x.push_back(random.Below(10) == 0 ? std::nullopt : std::optional<double>(value));
      y.push_back(2 * value + random.Uniform());
      word.push_back(random.Below(8) == 0
                         ? std::nullopt
                         : std::optional<std::string>(std::string(1, 'a' + random.Below(3))));
      label.push_back(value > 0.5 ? "yes" : "no");
      weight.push_back(random.Below(4));
    }
    batches.push_back(BatchMaker()
                          .Doubles("x", x)
                          .Doubles("y", y)
                          .Texts("word", word)
                          .Texts("label", label)
                          .Ints("w", weight)
                          .Make());
  }
  return batches;
}

TEST(CrossFeaturesTest, GivesCovarianceAndCorrelationOfWhatBothHave) {
  const Batch batch = BatchMaker()
                          .Doubles("b", {1, 2, 3, std::nullopt, std::nan("")})
                          .Ints("a", {2, 4, 7, 100, 100})
                          .Texts("text", {"x", "x", "x", "x", "x"})
                          .Make();
  const auto combiner = ValueOrDie(CrossFeatures::Make(*batch->schema(), {}));
  const auto output = ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch})));
  ASSERT_EQ(output.cross_features_size(), 1);
  const auto& cross = output.cross_features(0);
  EXPECT_EQ(cross.path_x().step(0), "a");
  EXPECT_EQ(cross.path_y().step(0), "b");
  EXPECT_EQ(cross.count(), 3u);
  // numpy: np.cov([2, 4, 7], [1, 2, 3], bias=True), np.corrcoef.
  EXPECT_NEAR(cross.num_cross_stats().covariance(), 1.6666666, 1e-6);
  EXPECT_NEAR(cross.num_cross_stats().correlation(), 0.9933993, 1e-6);
}

TEST(CrossFeaturesTest, ObeysTheLaws) {
  const auto batches = SomeBatches();
  combine::ExpectCombinerLaws(ValueOrDie(CrossFeatures::Make(*batches[0]->schema(), {})), batches, Same);
}

TEST(CrossFeaturesTest, NamesFeaturesThatCannotBeCrossed) {
  const auto schema = SomeBatches()[0]->schema();
  EXPECT_THAT(std::string(CrossFeatures::Make(*schema, {{{"x", "z"}}}).status().message()), HasSubstr("'z'"));
  EXPECT_THAT(std::string(CrossFeatures::Make(*schema, {{{"x", "word"}}}).status().message()),
              HasSubstr("only numbers can be crossed"));
}

/// Columns that are lists, null where nothing is given.
Batch Lists(const std::vector<std::pair<std::string, std::string>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, lengths] : columns) {
    const auto values = std::make_shared<arrow::Int64Builder>();
    arrow::ListBuilder builder(arrow::default_memory_pool(), values);
    for (const char length : lengths) {
      EXPECT_TRUE((length == '-' ? builder.AppendNull() : builder.Append()).ok());
      for (char i = '0'; length != '-' && i < length; ++i) EXPECT_TRUE(values->Append(1).ok());
    }
    arrays.push_back(builder.Finish().ValueOrDie());
    fields.push_back(arrow::field(name, arrays.back()->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays[0]->length(), arrays);
}

TEST(CompositeFeaturesTest, CountsWhatIsMissingAndHowLengthsDiffer) {
  const auto schema = Parsed<Schema>(R"(
      sparse_feature { name: 's' value_feature { name: 'v' } index_feature { name: 'j' }
                       index_feature { name: 'i' } }
      weighted_feature { name: 'wf' feature { step: 'v' } weight_feature { step: 'absent' } })");
  const Batch batch = Lists({{"v", "12--3"}, {"i", "11-13"}, {"j", "-2--1"}});
  const auto combiner = ValueOrDie(CompositeFeatures::Make(schema));
  const auto output = ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch})));
  const auto expected = Parsed<DatasetFeatureStatistics>(R"(
      features { path { step: 's' }
        custom_stats { name: 'missing_value' num: 1 }
        custom_stats { name: 'missing_index' rank_histogram {
            buckets { label: 'i' sample_count: 0 } buckets { label: 'j' sample_count: 2 } } }
        custom_stats { name: 'max_length_diff' rank_histogram {
            buckets { label: 'i' sample_count: 1 } buckets { label: 'j' sample_count: 0 } } }
        custom_stats { name: 'min_length_diff' rank_histogram {
            buckets { label: 'i' sample_count: -1 } buckets { label: 'j' sample_count: -2 } } } }
      features { path { step: 'wf' }
        custom_stats { name: 'missing_weight' num: 3 } custom_stats { name: 'missing_value' num: 0 }
        custom_stats { name: 'min_weight_length_diff' num: -3 }
        custom_stats { name: 'max_weight_length_diff' num: -1 } })");
  EXPECT_TRUE(MessageDifferencer::Equals(output, expected)) << output.DebugString();
  combine::ExpectCombinerLaws(combiner, {batch, Lists({{"v", "---"}, {"i", "---"}, {"j", "---"}}), batch},
                              Same);
}

TEST(LiftStatisticsTest, IsTheRatioOfConditionalToPlainFrequency) {
  const Batch batch = BatchMaker()
                          .Texts("x", {"a", "a", "a", "b", std::nullopt})
                          .Texts("y", {"1", "1", "0", "0", "0"})
                          .Make();
  LiftOptions lift;
  lift.y_path = "y";
  lift.x_paths = {"x"};
  lift.output_custom_stats = true;
  const auto combiner = ValueOrDie(LiftStatistics::Make(*batch->schema(), lift, {}));
  const auto output = ValueOrDie(combiner.Finish(combine::StateOf(combiner, {batch})));
  // P(y = 0) = 3/5, P(0 | a) = 1/3, P(0 | b) = 1; P(y = 1) = 2/5, P(1 | a) = 2/3, P(1 | b) = 0.
  const auto expected = Parsed<DatasetFeatureStatistics>(R"(
      features { path { step: 'x' }
        custom_stats { name: 'Lift (Y=0)' rank_histogram {
            buckets { label: 'b' sample_count: 1.6666666666666667 }
            buckets { label: 'a' sample_count: 0.55555555555555558 } } }
        custom_stats { name: 'Lift (Y=1)' rank_histogram {
            buckets { label: 'a' sample_count: 1.6666666666666665 } buckets { label: 'b' sample_count: 0 } } } }
      cross_features { path_x { step: 'x' } path_y { step: 'y' } categorical_cross_stats { lift {
        lift_series { y_count: 3 y_string: '0'
          lift_values { x_string: 'b' lift: 1.6666666666666667 x_count: 1 x_and_y_count: 1 }
          lift_values { x_string: 'a' lift: 0.55555555555555558 x_count: 3 x_and_y_count: 1 } }
        lift_series { y_count: 2 y_string: '1'
          lift_values { x_string: 'a' lift: 1.6666666666666665 x_count: 3 x_and_y_count: 2 }
          lift_values { x_string: 'b' lift: 0 x_count: 1 x_and_y_count: 0 } } } } })");
  EXPECT_TRUE(Same(output, expected)) << output.DebugString();
}

TEST(LiftStatisticsTest, CutsANumericLabelWeighsAndKeepsTheExtremes) {
  const auto batches = SomeBatches();
  LiftOptions lift;
  lift.y_path = "x";
  lift.x_paths = {"word"};
  lift.y_boundaries = {0.25, 0.75};
  lift.top_k_per_y = 1;
  lift.bottom_k_per_y = 1;
  StatisticsOptions options;
  options.weight_feature = "w";
  const auto combiner = ValueOrDie(LiftStatistics::Make(*batches[0]->schema(), lift, options));
  const auto output = ValueOrDie(combiner.Finish(combine::StateOf(combiner, batches)));
  ASSERT_EQ(output.cross_features_size(), 1);
  const auto& series = output.cross_features(0).categorical_cross_stats().lift().lift_series();
  ASSERT_EQ(series.size(), 6) << "three buckets, plain and weighted";
  EXPECT_EQ(series[1].y_bucket().low_value(), 0.25);
  EXPECT_EQ(series[1].y_bucket().high_value(), 0.75);
  EXPECT_GT(series[4].weighted_y_count(), 0);
  EXPECT_EQ(series[0].lift_values_size(), 2);
  combine::ExpectCombinerLaws(combiner, batches, Same);
}

TEST(LiftStatisticsTest, NeedsALabelOfTheRightKind) {
  const auto schema = SomeBatches()[0]->schema();
  LiftOptions lift;
  lift.y_path = "x";
  lift.x_paths = {"word"};
  EXPECT_THAT(std::string(LiftStatistics::Make(*schema, lift, {}).status().message()),
              HasSubstr("must have y_boundaries"));
  lift.y_path = "label";
  lift.x_paths = {};
  EXPECT_THAT(std::string(LiftStatistics::Make(*schema, lift, {}).status().message()),
              HasSubstr("needs a schema"));
}

TEST(MutualInformationTest, IsTheTextbooksInBits) {
  const Information of_equals = InformationOf({{50, 0}, {0, 50}});
  EXPECT_NEAR(of_equals.mutual, 1, 1e-12);
  // By the sums of Vinh, Epps, Bailey (2010) in whole numbers (Python's math.comb).
  const Information some = InformationOf({{10, 2, 3}, {1, 20, 4}});
  EXPECT_NEAR(some.mutual, 0.419434064909, 1e-11);
  EXPECT_NEAR(some.expected, 0.039313725119, 1e-11);
  EXPECT_EQ(InformationOf({{3, 4}}).mutual, 0);
  EXPECT_NEAR(InformationOf({{3, 4}}).expected, 0, 1e-12);
}

TEST(MutualInformationTest, ToldMoreByWhatMakesTheLabel) {
  const auto batches = SomeBatches();
  MutualInformationOptions mutual;
  mutual.label_feature = "label";
  const auto combiner = ValueOrDie(MutualInformation::Make(*batches[0]->schema(), mutual, {}));
  const auto output = ValueOrDie(combiner.Finish(combine::StateOf(combiner, batches)));
  ASSERT_EQ(output.features_size(), 4);
  const auto adjusted = [&](int feature) { return output.features(feature).custom_stats(0).num(); };
  EXPECT_EQ(output.features(0).custom_stats(0).name(), "adjusted_mutual_information");
  EXPECT_GT(adjusted(0), 0.6) << "x";
  EXPECT_LT(adjusted(2), 0.05) << "word";
  combine::ExpectCombinerLaws(combiner, batches, Same);
}

TEST(DatasetStatisticsTest, HoldsWhatTheGeneratorsGive) {
  const auto batches = SomeBatches();
  StatisticsOptions options;
  options.cross_features.emplace();
  options.mutual_information.emplace_back().label_feature = "label";
  options.histogram_paths = {"x"};
  const auto schema = Parsed<Schema>("sparse_feature { name: 's' value_feature { name: 'x' } }");
  options.schema = &schema;
  const auto combiner = ValueOrDie(DatasetStatistics::Make(*batches[0]->schema(), options));
  const auto all = ValueOrDie(combiner.Finish(combine::StateOf(combiner, batches)));
  EXPECT_EQ(all.features_size(), 6) << "the columns and the sparse feature";
  EXPECT_EQ(all.cross_features_size(), 3);
  EXPECT_EQ(all.features(0).custom_stats_size(), 2);
  EXPECT_EQ(all.features(0).num_stats().histograms_size(), 0);
  EXPECT_EQ(all.features(1).num_stats().histograms_size(), 2);
  options.add_default_generators = false;
  const auto generated = ValueOrDie(DatasetStatistics::Make(*batches[0]->schema(), options));
  const auto only = ValueOrDie(generated.Finish(combine::StateOf(generated, batches)));
  EXPECT_EQ(only.num_examples(), 0u);
  EXPECT_FALSE(only.features(0).has_num_stats());
  EXPECT_EQ(only.cross_features_size(), 3);
  combine::ExpectCombinerLaws(combiner, batches, Same);
}

}  // namespace
}  // namespace penstock::statistics
