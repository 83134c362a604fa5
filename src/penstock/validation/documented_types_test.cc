#include <google/protobuf/any.pb.h>

#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing_support;

struct Raised {
  std::string documented;   ///< Beside what TFDV raises; the last one.
  std::string description;  ///< Its own.
  int num_reasons = 0;
};

Raised Check(const tfmd::DatasetFeatureStatistics& statistics, const std::string& feature,
             ValidateOptions options = {}) {
  const auto schema = ParseSchema("feature { name: 'f' " + feature + " }");
  options.raise_documented_types = false;
  const auto plain = ReasonTypes(Validate(statistics, schema, options), "f");
  options.raise_documented_types = true;
  const auto anomalies = Validate(statistics, schema, options);
  const auto entry = anomalies.anomaly_info().find("f");
  if (entry == anomalies.anomaly_info().end()) return {};
  const auto types = ReasonTypes(entry->second);
  // What TFDV raises stands first, as without the option.
  EXPECT_TRUE(types.size() >= plain.size() && std::equal(plain.begin(), plain.end(), types.begin()));
  if (types.size() == plain.size()) return {};
  return {types.back(), entry->second.reason(entry->second.reason_size() - 1).description(),
          static_cast<int>(types.size() - plain.size())};
}

TEST(DocumentedTypesTest, RaisesNothingUnlessAsked) {
  EXPECT_THAT(TypesFound(OneFeature("INT"), "type: BYTES"), ElementsAre("UNEXPECTED_DATA_TYPE"));
}

struct TypeCase {
  std::string data;
  std::string feature;
  std::string expected;
};

class TypeOfDataTest : public ::testing::TestWithParam<TypeCase> {};

TEST_P(TypeOfDataTest, IsNamedByDomainAndType) {
  const Raised raised = Check(OneFeature(GetParam().data), GetParam().feature);
  EXPECT_EQ(raised.documented, GetParam().expected);
  EXPECT_EQ(raised.num_reasons, 1);
  EXPECT_THAT(raised.description, HasSubstr("Values are " + GetParam().data + " in 10 examples"));
  EXPECT_THAT(raised.description, HasSubstr("allows 0 examples"));
}

INSTANTIATE_TEST_SUITE_P(
    All, TypeOfDataTest,
    ::testing::Values(
        TypeCase{"BYTES", "type: INT bool_domain {}", "BOOL_TYPE_BYTES_NOT_INT"},
        TypeCase{"STRING", "type: INT bool_domain {}", "BOOL_TYPE_STRING_NOT_INT"},
        TypeCase{"FLOAT", "type: INT bool_domain {}", "BOOL_TYPE_FLOAT_NOT_INT"},
        TypeCase{"BYTES", "type: BYTES bool_domain { true_value: 'y' }", "BOOL_TYPE_BYTES_NOT_STRING"},
        TypeCase{"FLOAT", "type: BYTES bool_domain { true_value: 'y' }", "BOOL_TYPE_FLOAT_NOT_STRING"},
        TypeCase{"INT", "type: BYTES bool_domain { true_value: 'y' }", "BOOL_TYPE_INT_NOT_STRING"},
        TypeCase{"BYTES", "type: BYTES string_domain { value: 'a' }", "ENUM_TYPE_BYTES_NOT_STRING"},
        TypeCase{"FLOAT", "type: BYTES string_domain { value: 'a' }", "ENUM_TYPE_FLOAT_NOT_STRING"},
        TypeCase{"INT", "type: BYTES string_domain { value: 'a' }", "ENUM_TYPE_INT_NOT_STRING"},
        TypeCase{"INT", "type: FLOAT float_domain {}", "FLOAT_TYPE_NOT_FLOAT"},
        TypeCase{"INT", "type: BYTES float_domain {}", "FLOAT_TYPE_NON_STRING"},
        TypeCase{"STRUCT", "type: FLOAT float_domain {}", "FLOAT_TYPE_UNKNOWN_TYPE_NUMBER"},
        TypeCase{"FLOAT", "type: INT int_domain {}", "INT_TYPE_INT_EXPECTED"},
        TypeCase{"INT", "type: BYTES int_domain {}", "INT_TYPE_STRING_EXPECTED"},
        TypeCase{"FLOAT", "type: BYTES int_domain {}", "INT_TYPE_NOT_STRING"},
        TypeCase{"STRUCT", "type: INT int_domain {}", "INT_TYPE_UNKNOWN_TYPE_NUMBER"},
        TypeCase{"INT", "type: BYTES", "STRING_TYPE_NOW_INT"},
        TypeCase{"FLOAT", "type: BYTES", "STRING_TYPE_NOW_FLOAT"}),
    [](const auto& info) { return info.param.expected; });

TEST(DocumentedTypesTest, SaysThatNoExampleHasAValue) {
  const auto statistics = ParseStatistics(
      "num_examples: 10 features { name: 'f' type: INT num_stats { common_stats { num_non_missing: 10 } } }");
  const Raised raised = Check(statistics, "type: INT");
  EXPECT_EQ(raised.documented, "FEATURE_TYPE_NO_VALUES");
  EXPECT_THAT(raised.description, HasSubstr("present in 10 examples with 0 values"));
  EXPECT_THAT(raised.description, HasSubstr("at least 1"));
}

TEST(DocumentedTypesTest, SaysThatASingleValueIsRepeated) {
  const auto statistics = OneFeature("INT", "", "max_num_values: 3");
  for (const std::string feature : {"type: INT value_count { min: 1 max: 1 }", "type: INT shape {}"}) {
    const Raised raised = Check(statistics, feature);
    EXPECT_EQ(raised.documented, "FEATURE_TYPE_UNEXPECTED_REPEATED") << feature;
    EXPECT_THAT(raised.description, HasSubstr("has 3 values; the schema allows 1"));
  }
  EXPECT_EQ(Check(statistics, "type: INT value_count { min: 1 max: 2 }").num_reasons, 0);
}

TEST(DocumentedTypesTest, ChecksTheLengthOfEmbeddings) {
  const auto statistics = OneFeature("FLOAT", "", "min_num_values: 7 max_num_values: 8");
  const Raised raised = Check(statistics, "type: FLOAT float_domain { is_embedding: true embedding_dim: 8 }");
  EXPECT_EQ(raised.documented, "EMBEDDING_SHAPE_INVALID");
  EXPECT_THAT(raised.description, HasSubstr("7 to 8 values; embedding_dim asks for 8"));
  EXPECT_EQ(Check(OneFeature("FLOAT", "", "min_num_values: 8 max_num_values: 8"),
                  "type: FLOAT float_domain { is_embedding: true embedding_dim: 8 }")
                .num_reasons,
            0);
}

TEST(DocumentedTypesTest, CountsTokensInWrongLocations) {
  auto statistics = OneFeature("STRING");
  tfmd::NaturalLanguageStatistics language;
  language.set_location_misses(4);
  auto& custom = *statistics.mutable_features(0)->add_custom_stats();
  custom.set_name("nl_statistics");
  custom.mutable_any()->PackFrom(language);
  const Raised raised = Check(statistics, "type: BYTES natural_language_domain {}");
  EXPECT_EQ(raised.documented, "NLP_WRONG_LOCATION");
  EXPECT_THAT(raised.description, HasSubstr("4 sequences"));
}

TEST(DocumentedTypesTest, ComparesTheTypesOfTrainingAndServing) {
  const auto serving = OneFeature("FLOAT");
  ValidateOptions options;
  options.serving = &serving;
  const Raised raised = Check(OneFeature("INT"), "type: INT", options);
  EXPECT_EQ(raised.documented, "SCHEMA_TRAINING_SERVING_SKEW");
  EXPECT_THAT(raised.description, HasSubstr("INT in training and FLOAT in 10 serving examples"));

  const auto without = OneFeatureWithoutValues();
  options.serving = &without;
  EXPECT_THAT(Check(OneFeature("INT"), "type: INT", options).description, HasSubstr("in 0 of 10 serving"));
  // A label is not served.
  EXPECT_EQ(Check(OneFeature("INT"), "type: INT not_in_environment: 'SERVING'", options).num_reasons, 0);
}

TEST(DocumentedTypesTest, SaysThatTheCurrentSideOfAComparisonIsMissing) {
  const auto previous = OneFeature("INT");
  ValidateOptions options;
  options.previous_span = &previous;
  const std::string feature = "type: INT drift_comparator { jensen_shannon_divergence { threshold: 0.1 } }";
  const Raised raised = Check(OneFeatureWithoutValues(), feature, options);
  EXPECT_EQ(raised.documented, "COMPARATOR_TREATMENT_DATA_MISSING");
  EXPECT_THAT(raised.description, HasSubstr("present in 0 current and in 10 previous examples"));
  // The column may be gone from the statistics altogether.
  EXPECT_EQ(Check(ParseStatistics("num_examples: 10"), feature, options).documented,
            "COMPARATOR_TREATMENT_DATA_MISSING");
}

TEST(DocumentedTypesTest, SaysThatTheSpanIsEmpty) {
  const auto previous = OneFeature("INT");
  ValidateOptions options;
  options.previous_span = &previous;
  const auto empty = ParseStatistics("num_examples: 0");
  EXPECT_FALSE(Validate(empty, ParseSchema(""), options).has_dataset_anomaly_info());
  options.raise_documented_types = true;
  const auto anomalies = Validate(empty, ParseSchema(""), options);
  EXPECT_TRUE(anomalies.data_missing());
  EXPECT_THAT(ReasonTypes(anomalies.dataset_anomaly_info()), ElementsAre("NO_DATA_IN_SPAN"));
  EXPECT_THAT(anomalies.dataset_anomaly_info().description(), HasSubstr("0 examples"));
  EXPECT_THAT(anomalies.dataset_anomaly_info().description(), HasSubstr("10"));
}

TEST(DocumentedTypesTest, AcceptsWhatFits) {
  EXPECT_EQ(Check(OneFeature("INT", "min: 0 max: 1"), "type: INT bool_domain {}").num_reasons, 0);
  EXPECT_EQ(Check(OneFeature("STRING"), "type: BYTES").num_reasons, 0);
  EXPECT_EQ(Check(OneFeature("BYTES"), "type: BYTES").num_reasons, 0);
}

}  // namespace
}  // namespace penstock::validation
