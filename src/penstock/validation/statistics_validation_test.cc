// Anomalies of presence, valency, types, columns, environments and the schema itself.

#include "penstock/validation/statistics_validation.h"

#include <limits>

#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing_support;

TEST(ValidateStatisticsTest, ReportsOneColumnMissingAndOneNew) {
  const auto anomalies =
      Validate(OneFeature("INT"), ParseSchema("feature { name: 'g' type: INT presence { min_count: 1 } }"));
  EXPECT_THAT(ReasonTypes(anomalies, "f"), ElementsAre("SCHEMA_NEW_COLUMN"));
  EXPECT_THAT(ReasonTypes(anomalies, "g"), ElementsAre("SCHEMA_MISSING_COLUMN"));
  EXPECT_EQ(anomalies.anomaly_info().at("f").path().step(0), "f");
  EXPECT_EQ(anomalies.anomaly_name_format(), tfmd::Anomalies::SERIALIZED_PATH);
  EXPECT_EQ(anomalies.baseline().feature(0).name(), "g");
}

TEST(ValidateStatisticsTest, LetsOptionalColumnsBeMissing) {
  const auto anomalies =
      Validate(OneFeature("INT"), ParseSchema("feature { name: 'f' type: INT } feature { name: 'g' "
                                              "type: INT presence { min_count: 0 } }"));
  EXPECT_EQ(anomalies.anomaly_info_size(), 0);
}

TEST(ValidateStatisticsTest, SaysThatDataIsMissingWhereThereAreNoExamples) {
  const auto anomalies = Validate(ParseStatistics("num_examples: 0"),
                                  ParseSchema("feature { name: 'f' type: INT presence { min_count: 1 } }"));
  EXPECT_TRUE(anomalies.data_missing());
  EXPECT_EQ(anomalies.anomaly_info_size(), 0);
  EXPECT_TRUE(HasErrors(anomalies));
}

TEST(ValidateStatisticsTest, ReportsOneNewsForAWholeNewStruct) {
  const auto statistics = ParseStatistics(
      "num_examples: 1 features { name: 's' type: STRUCT struct_stats { common_stats { num_non_missing: 1 } "
      "} } "
      "features { name: 's.x' type: INT num_stats { common_stats { num_non_missing: 1 } } }");
  const auto anomalies = Validate(statistics, tfmd::Schema());
  ASSERT_EQ(anomalies.anomaly_info_size(), 1);
  EXPECT_THAT(ReasonTypes(anomalies, "s"), ElementsAre("SCHEMA_NEW_COLUMN"));
}

TEST(ValidateStatisticsTest, LooksIntoStructs) {
  const auto statistics = ParseStatistics(
      "num_examples: 1 features { path { step: 's' } type: STRUCT struct_stats { common_stats { "
      "num_non_missing: 1 } } } "
      "features { path { step: 's' step: 'a.b' } type: INT num_stats { common_stats { num_non_missing: 1 } } "
      "}");
  const auto schema = ParseSchema(
      "feature { name: 's' type: STRUCT struct_domain { feature { name: 'a.b' type: FLOAT } "
      "feature { name: 'gone' type: INT presence { min_count: 1 } } } }");
  const auto anomalies = Validate(statistics, schema);
  EXPECT_THAT(ReasonTypes(anomalies, "s.'a.b'"), ElementsAre("UNEXPECTED_DATA_TYPE"));
  EXPECT_THAT(ReasonTypes(anomalies, "s.gone"), ElementsAre("SCHEMA_MISSING_COLUMN"));
  EXPECT_EQ(anomalies.anomaly_info_size(), 2);
}

TEST(ValidateStatisticsTest, TakesADotForAStructOnlyWhereThereIsOne) {
  const auto statistics = ParseStatistics(
      "num_examples: 1 features { name: 'a' type: INT num_stats { common_stats { num_non_missing: 1 } } } "
      "features { name: 'a.b' type: INT num_stats { common_stats { num_non_missing: 1 } } }");
  const auto anomalies = Validate(statistics, ParseSchema("feature { name: 'a' type: INT }"));
  EXPECT_THAT(ReasonTypes(anomalies, "'a.b'"), ElementsAre("SCHEMA_NEW_COLUMN"));
}

TEST(ValidateStatisticsTest, NamesBothTypesOfATypeChange) {
  EXPECT_THAT(TypesFound(OneFeature("STRING"), "type: INT"), ElementsAre("UNEXPECTED_DATA_TYPE"));
  EXPECT_EQ(DescriptionFound(OneFeature("STRING"), "type: INT"), "Expected data of type: INT but got STRING");
}

TEST(ValidateStatisticsTest, HoldsPresenceToCountAndFraction) {
  const auto statistics = OneFeature("INT", "", "num_non_missing: 6 num_missing: 4");
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_count: 7 min_fraction: 0.75 }"),
              ElementsAre("FEATURE_TYPE_LOW_NUMBER_PRESENT", "FEATURE_TYPE_LOW_FRACTION_PRESENT"));
  EXPECT_EQ(DescriptionFound(statistics, "type: INT presence { min_count: 7 min_fraction: 0.75 }"),
            "The feature was present in fewer examples than expected: minimum count = 7, actual = 6 "
            "The feature was present in fewer examples than expected: minimum fraction = 0.750000, actual = "
            "0.600000");
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_count: 6 min_fraction: 0.6 }"), IsEmpty());
}

TEST(ValidateStatisticsTest, SeesOneMissingExampleThatTheFractionRoundsAway) {
  auto statistics = OneFeature("INT", "", "num_non_missing: 9007199254740993 num_missing: 1");
  statistics.set_num_examples(9007199254740992);
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_fraction: 1 }"),
              ElementsAre("FEATURE_TYPE_LOW_FRACTION_PRESENT"));
}

TEST(ValidateStatisticsTest, ReportsAColumnWithoutAnyValue) {
  const auto statistics = OneFeatureWithoutValues();
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_count: 1 }"),
              ElementsAre("FEATURE_TYPE_NOT_PRESENT"));
  EXPECT_THAT(TypesFound(statistics, "type: FLOAT"), IsEmpty());
}

TEST(ValidateStatisticsTest, TakesAnEntryWithoutStatisticsForAMissingColumn) {
  const auto statistics = ParseStatistics("num_examples: 3 features { name: 'f' }");
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_count: 1 }"),
              ElementsAre("SCHEMA_MISSING_COLUMN"));
}

TEST(ValidateStatisticsTest, HoldsTheNumberOfValuesToItsBounds) {
  const auto statistics = OneFeature("INT", "", "min_num_values: 1 max_num_values: 3");
  EXPECT_THAT(TypesFound(statistics, "type: INT value_count { min: 2 max: 2 }"),
              ElementsAre("FEATURE_TYPE_LOW_NUMBER_VALUES", "FEATURE_TYPE_HIGH_NUMBER_VALUES"));
  EXPECT_THAT(TypesFound(statistics, "type: INT value_count { min: 1 max: 3 }"), IsEmpty());
}

TEST(ValidateStatisticsTest, HoldsEachLevelOfNestingToItsOwnBounds) {
  const auto statistics =
      OneFeature("INT", "",
                 "presence_and_valency_stats { num_non_missing: 10 min_num_values: 2 max_num_values: 2 } "
                 "presence_and_valency_stats { num_non_missing: 20 min_num_values: 1 max_num_values: 5 }");
  EXPECT_THAT(TypesFound(statistics,
                         "type: INT value_counts { value_count { min: 2 max: 2 } value_count { max: 4 } }"),
              ElementsAre("FEATURE_TYPE_HIGH_NUMBER_VALUES"));
  EXPECT_EQ(
      DescriptionFound(statistics,
                       "type: INT value_counts { value_count { min: 2 max: 2 } value_count { max: 4 } }"),
      "Some examples have more values than expected at nestedness level 1.");
  EXPECT_THAT(TypesFound(statistics, "type: INT value_counts { value_count { min: 1 } }"),
              ElementsAre("VALUE_NESTEDNESS_MISMATCH"));
  EXPECT_THAT(TypesFound(statistics, "type: INT value_count { min: 1 }"),
              ElementsAre("VALUE_NESTEDNESS_MISMATCH"));
}

TEST(ValidateStatisticsTest, HoldsAShapeToTheFixedNumberOfValues) {
  const auto four_each = OneFeature("INT", "", "min_num_values: 4 max_num_values: 4");
  EXPECT_THAT(TypesFound(four_each, "type: INT shape { dim { size: 2 } dim { size: 2 } }"), IsEmpty());
  EXPECT_THAT(TypesFound(four_each, "type: INT shape { dim { size: 3 } }"),
              ElementsAre("INVALID_FEATURE_SHAPE"));
  EXPECT_THAT(TypesFound(OneFeature("INT", "", "max_num_values: 2"), "type: INT shape { dim { size: 1 } }"),
              ElementsAre("INVALID_FEATURE_SHAPE"));
  EXPECT_THAT(TypesFound(OneFeature("INT", "", "num_missing: 1"), "type: INT shape { dim { size: 1 } }"),
              ElementsAre("INVALID_FEATURE_SHAPE"));
}

TEST(ValidateStatisticsTest, MultipliesAHugeShapeWithoutOverflow) {
  EXPECT_THAT(
      TypesFound(OneFeature("INT"), "type: INT shape { dim { size: 4294967296 } dim { size: 4294967296 } }"),
      ElementsAre("INVALID_FEATURE_SHAPE"));
}

TEST(ValidateStatisticsTest, HoldsDistinctValuesToTheirBounds) {
  const auto statistics = OneFeature("STRING", "unique: 5");
  EXPECT_THAT(TypesFound(statistics, "type: BYTES unique_constraints { min: 6 max: 9 }"),
              ElementsAre("FEATURE_TYPE_LOW_UNIQUE"));
  EXPECT_THAT(TypesFound(statistics, "type: BYTES unique_constraints { min: 1 max: 4 }"),
              ElementsAre("FEATURE_TYPE_HIGH_UNIQUE"));
  EXPECT_THAT(TypesFound(OneFeature("FLOAT"), "type: FLOAT unique_constraints { min: 1 max: 4 }"),
              ElementsAre("FEATURE_TYPE_NO_UNIQUE"));
}

TEST(ValidateStatisticsTest, FindsFaultsOfTheSchemaItself) {
  const auto statistics = OneFeature("INT");
  EXPECT_THAT(TypesFound(statistics, ""), ElementsAre("FEATURE_MISSING_TYPE"));
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_fraction: -1 }"),
              ElementsAre("INVALID_SCHEMA_SPECIFICATION"));
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_fraction: 1.5 }"),
              ElementsAre("INVALID_SCHEMA_SPECIFICATION"));
  EXPECT_THAT(TypesFound(statistics, "type: INT value_count { min: -1 }"),
              ElementsAre("INVALID_SCHEMA_SPECIFICATION"));
  EXPECT_THAT(TypesFound(statistics, "type: INT value_count { min: 1 max: 0 }"),
              ElementsAre("INVALID_SCHEMA_SPECIFICATION"));
  EXPECT_THAT(TypesFound(statistics, "type: INT shape { dim { size: 0 } }"),
              ElementsAre("INVALID_SCHEMA_SPECIFICATION"));
  EXPECT_THAT(TypesFound(statistics, "type: INT distribution_constraints { min_domain_mass: 0.5 }"),
              ElementsAre("INVALID_SCHEMA_SPECIFICATION"));
  EXPECT_THAT(
      TypesFound(statistics, "type: INT int_domain { } distribution_constraints { min_domain_mass: 0.5 }"),
      ElementsAre("INVALID_SCHEMA_SPECIFICATION"));
}

TEST(ValidateStatisticsTest, ReportsAFeatureOfTheSchemaWithoutName) {
  auto statistics = OneFeature("INT");
  statistics.mutable_features(0)->set_name("");
  const auto anomalies = Validate(statistics, ParseSchema("feature { type: INT }"));
  EXPECT_THAT(ReasonTypes(anomalies, "''"), ElementsAre("FEATURE_MISSING_NAME"));
}

TEST(ValidateStatisticsTest, LeavesFeaturesAloneThatAreNotInProduction) {
  for (const char* stage : {"PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED"})
    EXPECT_THAT(TypesFound(OneFeature("STRING"), std::string("type: INT lifecycle_stage: ") + stage),
                IsEmpty())
        << stage;
  for (const char* stage : {"UNKNOWN_STAGE", "BETA", "PRODUCTION"})
    EXPECT_THAT(TypesFound(OneFeature("STRING"), std::string("type: INT lifecycle_stage: ") + stage),
                ElementsAre("UNEXPECTED_DATA_TYPE"))
        << stage;
  EXPECT_THAT(TypesFound(OneFeature("STRING"), "type: INT deprecated: true"), IsEmpty());
}

TEST(ValidateStatisticsTest, ChecksTheSourceAndStageOfDerivedFeatures) {
  auto statistics = OneFeature("INT");
  statistics.mutable_features(0)->mutable_validation_derived_source()->set_deriver_name("length");
  EXPECT_THAT(TypesFound(statistics, "type: INT"), ElementsAre("DERIVED_FEATURE_INVALID_SOURCE"));
  EXPECT_THAT(TypesFound(statistics, "type: INT validation_derived_source { deriver_name: 'length' }"),
              ElementsAre("DERIVED_FEATURE_BAD_LIFECYCLE"));
}

TEST(EnvironmentTest, RequiresAFeatureOnlyWhereItBelongs) {
  const auto schema = ParseSchema(
      "default_environment: 'TRAINING' default_environment: 'SERVING' feature { name: 'f' type: INT } "
      "feature { name: 'label' type: INT presence { min_count: 1 } not_in_environment: 'SERVING' }");
  ValidateOptions options;
  options.environment = "SERVING";
  EXPECT_EQ(Validate(OneFeature("INT"), schema, options).anomaly_info_size(), 0);
  options.environment = "TRAINING";
  EXPECT_THAT(ReasonTypes(Validate(OneFeature("INT"), schema, options), "label"),
              ElementsAre("SCHEMA_MISSING_COLUMN"));
}

TEST(EnvironmentTest, ReportsDataThatDoesNotBelongThere) {
  const auto schema = ParseSchema(
      "default_environment: 'SERVING' feature { name: 'f' type: INT not_in_environment: 'SERVING' }");
  ValidateOptions options;
  options.environment = "SERVING";
  const auto anomalies = Validate(OneFeature("INT"), schema, options);
  EXPECT_THAT(ReasonTypes(anomalies, "f"), ElementsAre("SCHEMA_NEW_COLUMN"));
  EXPECT_EQ(anomalies.anomaly_info().at("f").description(),
            "New column f found in data but not in the environment SERVING in the schema.");
}

TEST(EnvironmentTest, RefusesOneTheSchemaDoesNotKnow) {
  ValidateOptions options;
  options.environment = "SERVNG";
  const auto anomalies =
      ValidateStatistics(OneFeature("INT"), ParseSchema("default_environment: 'SERVING'"), options);
  EXPECT_EQ(anomalies.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(anomalies.status().message()), HasSubstr("did you mean 'SERVING'?"));
}

TEST(SeverityTest, IsErrorUnlessOverridden) {
  ValidateOptions options;
  EXPECT_TRUE(HasErrors(Validate(OneFeature("INT"), tfmd::Schema(), options)));
  options.severity_overrides[tfmd::AnomalyInfo::SCHEMA_NEW_COLUMN] = tfmd::AnomalyInfo::WARNING;
  const auto anomalies = Validate(OneFeature("INT"), tfmd::Schema(), options);
  EXPECT_EQ(anomalies.anomaly_info().at("f").severity(), tfmd::AnomalyInfo::WARNING);
  EXPECT_FALSE(HasErrors(anomalies));
  options.severity_overrides[tfmd::AnomalyInfo::SCHEMA_NEW_COLUMN] = tfmd::AnomalyInfo::UNKNOWN;
  EXPECT_EQ(Validate(OneFeature("INT"), tfmd::Schema(), options).anomaly_info_size(), 0);
}

TEST(SeverityTest, OfSeveralReasonsIsTheGravest) {
  ValidateOptions options;
  options.severity_overrides[tfmd::AnomalyInfo::UNEXPECTED_DATA_TYPE] = tfmd::AnomalyInfo::WARNING;
  const auto anomalies =
      Validate(OneFeature("STRING", "", "max_num_values: 2"),
               ParseSchema("feature { name: 'f' type: INT value_count { max: 1 } }"), options);
  EXPECT_THAT(ReasonTypes(anomalies, "f"),
              ElementsAre("FEATURE_TYPE_HIGH_NUMBER_VALUES", "UNEXPECTED_DATA_TYPE"));
  EXPECT_EQ(anomalies.anomaly_info().at("f").severity(), tfmd::AnomalyInfo::ERROR);
  EXPECT_EQ(anomalies.anomaly_info().at("f").short_description(), "Multiple errors");
}

TEST(CompositeFeatureTest, ReportsWhatIsWrongWithTheParts) {
  const auto statistics = ParseStatistics(
      "num_examples: 9 features { name: 'sparse' custom_stats { name: 'missing_value' num: 2 } custom_stats "
      "{ name: "
      "'missing_index' rank_histogram { buckets { label: 'i' sample_count: 3 } } } custom_stats { name: "
      "'min_length_diff' rank_histogram { buckets { label: 'i' sample_count: -1 } } } } "
      "features { name: 'weighted' custom_stats { name: 'missing_weight' num: 4 } custom_stats { name: "
      "'max_weight_length_diff' num: 5 } }");
  const auto schema = ParseSchema("sparse_feature { name: 'sparse' } weighted_feature { name: 'weighted' }");
  const auto anomalies = Validate(statistics, schema);
  EXPECT_THAT(ReasonTypes(anomalies, "sparse"),
              ElementsAre("SPARSE_FEATURE_MISSING_VALUE", "SPARSE_FEATURE_MISSING_INDEX",
                          "SPARSE_FEATURE_LENGTH_MISMATCH"));
  EXPECT_THAT(ReasonTypes(anomalies, "weighted"),
              ElementsAre("WEIGHTED_FEATURE_MISSING_WEIGHT", "WEIGHTED_FEATURE_LENGTH_MISMATCH"));
}

TEST(CompositeFeatureTest, ReportsNamesTakenTwice) {
  EXPECT_THAT(
      ReasonTypes(Validate(OneFeature("INT"), ParseSchema("feature { name: 'f' type: INT } sparse_feature { "
                                                          "name: 'f' }")),
                  "f"),
      ElementsAre("SPARSE_FEATURE_NAME_COLLISION"));
  EXPECT_THAT(ReasonTypes(Validate(OneFeature("INT"),
                                   ParseSchema("feature { name: 'f' type: INT } weighted_feature { "
                                               "name: 'f' }")),
                          "f"),
              ElementsAre("WEIGHTED_FEATURE_NAME_COLLISION"));
}

TEST(MalformedStatisticsTest, AreRefusedByName) {
  const auto twice = ParseStatistics(
      "num_examples: 1 features { name: 'f' num_stats { } } features { name: 'f' num_stats { } }");
  EXPECT_THAT(std::string(ValidateStatistics(twice, tfmd::Schema()).status().message()),
              HasSubstr("'f' twice"));
  const auto mixed = ParseStatistics(
      "num_examples: 1 features { name: 'f' num_stats { } } features { path { step: 'g' } num_stats { } }");
  EXPECT_EQ(ValidateStatistics(mixed, tfmd::Schema()).status().code(), StatusCode::kInvalidArgument);
  const auto nameless = ParseStatistics("num_examples: 1 features { path { } num_stats { } }");
  EXPECT_EQ(ValidateStatistics(nameless, tfmd::Schema()).status().code(), StatusCode::kInvalidArgument);
}

TEST(WeightedStatisticsTest, AreUsedWhereAllFeaturesHaveThem) {
  auto statistics =
      OneFeature("INT", "", "num_missing: 5 weighted_common_stats { num_non_missing: 2 num_missing: 0 }");
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_count: 3 }"), IsEmpty());
  statistics.set_weighted_num_examples(2);
  EXPECT_THAT(TypesFound(statistics, "type: INT presence { min_count: 3 min_fraction: 1 }"),
              ElementsAre("FEATURE_TYPE_LOW_NUMBER_PRESENT"));
}

}  // namespace
}  // namespace penstock::validation
