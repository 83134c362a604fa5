#include "penstock/validation/schema_inference.h"

#include <google/protobuf/util/message_differencer.h>

#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing_support;

tfmd::Schema Infer(const tfmd::DatasetFeatureStatistics& statistics, const InferSchemaOptions& options = {}) {
  auto schema = InferSchema(statistics, options);
  EXPECT_TRUE(schema.ok()) << schema.status();
  return schema.ok() ? *std::move(schema) : tfmd::Schema();
}

tfmd::Schema Update(const tfmd::Schema& schema, const tfmd::DatasetFeatureStatistics& statistics) {
  auto updated = UpdateSchema(schema, statistics);
  EXPECT_TRUE(updated.ok()) << updated.status();
  return updated.ok() ? *std::move(updated) : tfmd::Schema();
}

void ExpectSchema(const tfmd::Schema& actual, const std::string& expected) {
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(ParseSchema(expected), actual)) << difference;
}

TEST(InferSchemaTest, GivesAShapeToWhatIsAlwaysThere) {
  ExpectSchema(Infer(OneFeature("FLOAT")),
               "feature { name: 'f' type: FLOAT presence { min_fraction: 1 min_count: 1 } shape { dim { "
               "size: 1 } } }");
}

TEST(InferSchemaTest, GivesAValueCountWhereNoShapeIsWanted) {
  InferSchemaOptions options;
  options.infer_feature_shape = false;
  ExpectSchema(Infer(OneFeature("FLOAT"), options),
               "feature { name: 'f' type: FLOAT presence { min_fraction: 1 min_count: 1 } value_count { min: "
               "1 max: 1 } }");
}

TEST(InferSchemaTest, LeavesTheFractionOpenWhereExamplesLackTheFeature) {
  ExpectSchema(Infer(OneFeature("FLOAT", "", "num_missing: 1 max_num_values: 3")),
               "feature { name: 'f' type: FLOAT presence { min_count: 1 } value_count { min: 1 } }");
}

TEST(InferSchemaTest, SaysLittleOfAColumnWithoutValues) {
  ExpectSchema(Infer(OneFeatureWithoutValues()), "feature { name: 'f' type: INT presence { min_count: 0 } }");
}

TEST(InferSchemaTest, GivesEveryLevelOfNestingItsOwnValueCount) {
  InferSchemaOptions options;
  options.infer_feature_shape = false;
  ExpectSchema(
      Infer(OneFeature(
                "INT", "",
                "presence_and_valency_stats { num_non_missing: 10 min_num_values: 2 max_num_values: 2 } "
                "presence_and_valency_stats { num_non_missing: 20 min_num_values: 1 max_num_values: 5 }"),
            options),
      "feature { name: 'f' type: INT presence { min_fraction: 1 min_count: 1 } value_counts { value_count { "
      "min: 2 max: 2 } value_count { min: 1 } } }");
}

TEST(InferSchemaTest, MakesFewStringsADomainNamedAfterTheFeature) {
  const auto statistics = OneFeature(
      "STRING", "rank_histogram { buckets { label: 'b' sample_count: 9 } buckets { label: 'a' } }");
  ExpectSchema(Infer(statistics),
               "feature { name: 'f' type: BYTES domain: 'f' presence { min_fraction: 1 min_count: 1 } shape "
               "{ dim { size: "
               "1 } } } string_domain { name: 'f' value: 'a' value: 'b' }");
}

TEST(InferSchemaTest, LeavesMoreStringsThanTheThresholdWithoutDomain) {
  InferSchemaOptions options;
  options.max_string_domain_size = 1;
  const auto statistics =
      OneFeature("STRING", "rank_histogram { buckets { label: 'b' } buckets { label: 'a' } }");
  EXPECT_FALSE(Infer(statistics, options).feature(0).has_domain());
  options.max_string_domain_size = -7;
  EXPECT_FALSE(Infer(statistics, options).feature(0).has_domain());
}

TEST(InferSchemaTest, RecognisesTruthValuesAndIntegers) {
  EXPECT_TRUE(Infer(OneFeature("INT", "min: 0 max: 1")).feature(0).has_bool_domain());
  EXPECT_FALSE(Infer(OneFeature("INT", "min: 0 max: 0")).feature(0).has_bool_domain());
  const auto words =
      Infer(OneFeature("STRING", "rank_histogram { buckets { label: 'true' } buckets { label: 'false' } }"));
  EXPECT_EQ(words.feature(0).bool_domain().true_value(), "true");
  EXPECT_EQ(words.feature(0).bool_domain().false_value(), "false");
  EXPECT_TRUE(
      Infer(OneFeature("STRING", "rank_histogram { buckets { label: '17' } buckets { label: '-4' } }"))
          .feature(0)
          .has_int_domain());
}

TEST(InferSchemaTest, GivesNoDomainToInvalidUtf8OrOpaqueBytes) {
  const auto statistics =
      OneFeature("STRING", "invalid_utf8_count: 1 rank_histogram { buckets { label: 'a' } }");
  EXPECT_EQ(Infer(statistics).feature(0).domain_info_case(), tfmd::Feature::DOMAIN_INFO_NOT_SET);
  EXPECT_EQ(Infer(OneFeature("BYTES")).feature(0).domain_info_case(), tfmd::Feature::DOMAIN_INFO_NOT_SET);
}

TEST(InferSchemaTest, PutsTheFieldsOfAStructInsideIt) {
  const auto statistics = ParseStatistics(
      "num_examples: 1 features { path { step: 's' step: 'y' } type: INT num_stats { common_stats { "
      "num_non_missing: 1 } } "
      "} features { path { step: 's' } type: STRUCT struct_stats { common_stats { num_non_missing: 1 } } } "
      "features { path { step: 's' step: 'x' } type: INT num_stats { common_stats { num_non_missing: 1 } } "
      "}");
  const auto schema = Infer(statistics);
  ASSERT_EQ(schema.feature_size(), 1);
  const auto& fields = schema.feature(0).struct_domain().feature();
  ASSERT_EQ(fields.size(), 2);
  EXPECT_EQ(fields[0].name(), "x");
  EXPECT_EQ(fields[1].name(), "y");
}

TEST(InferSchemaTest, LeavesOutWhatHasNoCommonStatistics) {
  const auto statistics =
      ParseStatistics("num_examples: 1 features { name: 'f' custom_stats { name: 'x' num: 1 } }");
  ExpectSchema(Infer(statistics), "");
}

TEST(InferSchemaTest, OfSeveralSplitsFitsThemAll) {
  std::vector<tfmd::DatasetFeatureStatistics> splits = {
      OneFeature("STRING", "rank_histogram { buckets { label: 'b' } buckets { label: 'c' } }"),
      OneFeature("STRING", "rank_histogram { buckets { label: 'a' } buckets { label: 'b' } }",
                 "max_num_values: 2")};
  const auto schema = InferSchema(splits);
  ASSERT_TRUE(schema.ok());
  EXPECT_THAT(schema->string_domain(0).value(), ElementsAre("b", "c", "a"));
  EXPECT_FALSE(schema->feature(0).has_shape());
  for (const auto& split : splits) EXPECT_EQ(Validate(split, *schema).anomaly_info_size(), 0);
}

TEST(InferSchemaTest, NeedsAtLeastOneSplit) {
  const std::vector<tfmd::DatasetFeatureStatistics> none;
  EXPECT_EQ(InferSchema(none).status().code(), StatusCode::kInvalidArgument);
}

TEST(InferSchemaTest, FindsNoAnomaliesInItsOwnStatistics) {
  for (const char* type : {"INT", "FLOAT", "STRING", "BYTES"}) {
    const auto statistics = OneFeature(type, type == std::string("INT") ? "min: -5 max: 9" : "");
    EXPECT_EQ(Validate(statistics, Infer(statistics)).anomaly_info_size(), 0) << type;
  }
}

TEST(UpdateSchemaTest, AddsColumnsWithoutShape) {
  ExpectSchema(Update(tfmd::Schema(), OneFeature("FLOAT")),
               "feature { name: 'f' type: FLOAT presence { min_fraction: 1 min_count: 1 } value_count { min: "
               "1 max: 1 } }");
}

TEST(UpdateSchemaTest, GivesANewDomainAFreeName) {
  const auto updated = Update(ParseSchema("string_domain { name: 'f' } string_domain { name: 'f2' }"),
                              OneFeature("STRING", "rank_histogram { buckets { label: 'b' } }"));
  EXPECT_EQ(updated.feature(0).domain(), "f3");
}

TEST(UpdateSchemaTest, MovesBoundsToWhatWasSeen) {
  ExpectSchema(
      Update(
          ParseSchema("feature { name: 'f' type: INT int_domain { min: 0 max: 5 } value_count { min: 1 max: "
                      "1 } presence { min_fraction: 1 } }"),
          OneFeature("INT", "min: -2 max: 9", "num_non_missing: 5 num_missing: 5 max_num_values: 4")),
      "feature { name: 'f' type: INT int_domain { min: -2 max: 9 } value_count { min: 1 max: 4 } presence { "
      "min_fraction: 0.5 } }");
}

TEST(UpdateSchemaTest, DeprecatesWhatIsMissingOrOfAnotherType) {
  const auto updated =
      Update(ParseSchema("feature { name: 'f' type: INT } feature { name: 'g' type: INT presence { "
                         "min_count: 1 } }"),
             OneFeature("STRING"));
  EXPECT_EQ(updated.feature(0).lifecycle_stage(), tfmd::DEPRECATED);
  EXPECT_EQ(updated.feature(1).lifecycle_stage(), tfmd::DEPRECATED);
}

TEST(UpdateSchemaTest, DropsASharedDomainFromAllThatUseIt) {
  const auto updated =
      Update(ParseSchema("feature { name: 'f' type: BYTES domain: 'd' } feature { name: 'g' type: BYTES "
                         "domain: 'd' } string_domain { name: 'd' } string_domain { name: 'e' }"),
             OneFeature("STRING", "invalid_utf8_count: 1"));
  ExpectSchema(
      updated,
      "feature { name: 'f' type: BYTES } feature { name: 'g' type: BYTES } string_domain { name: 'e' }");
}

TEST(UpdateSchemaTest, LeavesASchemaThatFitsAsItIs) {
  const auto statistics = OneFeature("STRING", "rank_histogram { buckets { label: 'b' } }");
  const auto schema = Infer(statistics);
  ExpectSchema(Update(schema, statistics), schema.DebugString());
}

TEST(UpdateSchemaTest, LeavesNoAnomalyBehind) {
  const auto statistics =
      OneFeature("STRING", "unique: 9 rank_histogram { buckets { label: 'b' } }", "max_num_values: 7");
  const auto schema = ParseSchema(
      "feature { name: 'f' type: BYTES string_domain { value: 'a' } value_count { max: 1 } "
      "unique_constraints { max: 2 } }");
  EXPECT_EQ(Validate(statistics, schema).anomaly_info_size(), 1);
  EXPECT_EQ(Validate(statistics, Update(schema, statistics)).anomaly_info_size(), 0);
}

TEST(WholeDatasetTest, IsTheOnlyOneOrThatOfAllExamples) {
  auto list = Parse<tfmd::DatasetFeatureStatisticsList>("datasets { name: 'x' num_examples: 1 }");
  EXPECT_EQ((*WholeDataset(list))->num_examples(), 1u);
  list.add_datasets()->set_name("All Examples");
  list.mutable_datasets(1)->set_num_examples(2);
  EXPECT_EQ((*WholeDataset(list))->num_examples(), 2u);
}

TEST(WholeDatasetTest, IsNotGuessed) {
  const auto list =
      Parse<tfmd::DatasetFeatureStatisticsList>("datasets { name: 'x' } datasets { name: 'y' }");
  EXPECT_THAT(std::string(WholeDataset(list).status().message()), HasSubstr("'All Examples'"));
  EXPECT_FALSE(WholeDataset(tfmd::DatasetFeatureStatisticsList()).ok());
}

}  // namespace
}  // namespace penstock::validation
