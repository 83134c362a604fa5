// Custom validations: SQL expressions over the statistics. The messages are those of TFDV's own tests.

#include "penstock/validation/custom_validation.h"

#include "penstock/validation/anomaly_evidence.h"
#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

namespace tfdv = tensorflow::data_validation;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing_support;

const tfmd::DatasetFeatureStatisticsList& Statistics() {
  static const auto* const kList = new auto(Parse<tfmd::DatasetFeatureStatisticsList>(
      "datasets { name: 'All Examples' num_examples: 10 features { path { step: 'fare' } type: INT num_stats "
      "{ "
      "num_zeros: 5 max: 25 common_stats { num_non_missing: 8 num_missing: 2 min_num_values: 1 "
      "max_num_values: 1 tot_num_values: 8 } histograms { type: STANDARD buckets { low_value: "
      "0 "
      "high_value: 5 sample_count: 7 } buckets { low_value: 5 high_value: 25 sample_count: 3 } } } } "
      "features { path { step: 'kind' } type: STRING string_stats { unique: 2 top_values { value: 'cash' "
      "frequency: 7 } top_values { value: 'card' frequency: 3 } } } } "
      "datasets { name: 'kind_cash' num_examples: 5 features { path { step: 'fare' } type: INT num_stats { "
      "num_zeros: 0 max: 5 } } }"));
  return *kList;
}

tfdv::CustomValidationConfig OfFare(const std::string& expression, const std::string& rest = "") {
  return Parse<tfdv::CustomValidationConfig>("feature_validations { feature_path { step: 'fare' } " + rest +
                                             " validations { severity: ERROR "
                                             "description: 'Broken.' sql_expression: \"" +
                                             expression + "\" } }");
}

/// What AddCustomAnomalies says: "" where all is well, "anomaly", or the message of its refusal.
std::string Verdict(const tfdv::CustomValidationConfig& config) {
  tfmd::Anomalies anomalies;
  const Status status = AddCustomAnomalies(Statistics(), nullptr, config, std::nullopt, true, anomalies);
  if (!status.ok()) return std::string(status.message());
  return anomalies.anomaly_info_size() > 0 ? "anomaly" : "";
}
std::string Verdict(const std::string& expression) { return Verdict(OfFare(expression)); }

TEST(CustomValidationTest, ReportsWhatIsNotTrueInTfdvsWords) {
  tfmd::Anomalies anomalies;
  ASSERT_TRUE(AddCustomAnomalies(Statistics(), nullptr, OfFare("feature.num_stats.num_zeros < 3"),
                                 std::nullopt, true, anomalies)
                  .ok());
  const tfmd::AnomalyInfo& info = anomalies.anomaly_info().at("fare");
  EXPECT_EQ(info.severity(), tfmd::AnomalyInfo::ERROR);
  EXPECT_EQ(info.path().step(0), "fare");
  ASSERT_EQ(info.reason_size(), 1);
  EXPECT_EQ(info.reason(0).type(), tfmd::AnomalyInfo::CUSTOM_VALIDATION);
  EXPECT_EQ(info.reason(0).short_description(), "Broken.");
  EXPECT_EQ(
      info.reason(0).description(),
      "Custom validation triggered anomaly. Query: feature.num_stats.num_zeros < 3 Test dataset: default "
      "slice");
  EXPECT_THAT(ReadEvidence(info), ElementsAre("feature.num_stats.num_zeros is 5"));
}

TEST(CustomValidationTest, EvaluatesExpressionsAsSqlDoes) {
  for (const char* truth :
       {"feature.num_stats.max > 10",
        "feature.type = 'INT'",
        "feature.type IN ('INT', 'FLOAT')",
        "feature.num_stats.num_zeros / 10 = 0.5",
        "feature.num_stats.max - 5 * 4 = feature.num_stats.num_zeros",
        "ABS(-2) = 2 AND NOT FALSE",
        "feature.string_stats.unique IS NULL",
        "feature.string_stats.unique IS NULL OR feature.string_stats.unique > 3",
        "COALESCE(feature.string_stats.unique, 7) = 7",
        "IF(feature.num_stats.max > 30, 1, 2) = 2",
        "feature.num_stats.max BETWEEN 25 AND 25",
        "ARRAY_LENGTH(feature.num_stats.histograms) = 1",
        "feature.num_stats.histograms[OFFSET(0)].buckets[1].sample_count = 3",
        "(SELECT SUM(b.sample_count) FROM UNNEST(feature.num_stats.histograms[0].buckets) AS b) = 10",
        "(SELECT MAX(b.high_value) FROM UNNEST(feature.num_stats.histograms[0].buckets) b WHERE "
        "b.sample_count > "
        "5) = 5",
        "EXISTS(SELECT 1 FROM UNNEST(feature.num_stats.histograms) h WHERE h.type = 'STANDARD')",
        "SAFE_DIVIDE(1, 0) IS NULL",
        "CAST('1.5' AS FLOAT64) = 1.5",
        "'abc' LIKE 'a%' AND STARTS_WITH('abc', 'ab')",
        "GREATEST(1, 2.5, 2) = 2.5",
        "(FALSE AND NULL) IS FALSE"})
    EXPECT_EQ(Verdict(truth), "") << truth;
  for (const char* untruth : {"feature.num_stats.max < 10", "feature.string_stats.unique = 1", "NULL",
                              "feature.num_stats.num_zeros IN (1, 2)"})
    EXPECT_EQ(Verdict(untruth), "anomaly") << untruth;
}

TEST(CustomValidationTest, SaysWhichExpressionFailsWhereAndWhy) {
  for (const auto& [expression, message] :
       {std::pair("feature.num_stats.num_zeroes > 1", "did you mean 'num_zeros'"),
        {"featur.type = 'INT'", "did you mean 'feature'"},
        {"1 / 0 = 1", "Division by zero"},
        {"9223372036854775807 + 1 > 0", "too large"},
        {"feature.num_stats", "gives a message, not a condition"},
        {"1 + 1", "gives an integer, not a condition"},
        {"'a' < 1", "cannot be compared"},
        {"NOT 3", "at 1 of the expression"},
        {"feature.num_stats.histograms[5].type = 'STANDARD'", "so none at 5"},
        {"SQRTT(4) = 2", "did you mean 'SQRT'"},
        {"SQRT(4, 2) = 2", "takes 1 arguments"},
        {"1 = = 2", "is expected"}})
    EXPECT_THAT(Verdict(expression), HasSubstr(message)) << expression;
}

TEST(CustomValidationTest, EndsSubQueriesInsideSubQueries) {
  tfmd::DatasetFeatureStatisticsList list = Statistics();
  auto& buckets = *list.mutable_datasets(0)
                       ->mutable_features(0)
                       ->mutable_num_stats()
                       ->mutable_histograms(0)
                       ->mutable_buckets();
  for (int i = 0; i < 5'000; ++i) *buckets.Add() = buckets[0];
  const std::string from = " FROM UNNEST(feature.num_stats.histograms[0].buckets) ";
  tfmd::Anomalies anomalies;
  const Status status = AddCustomAnomalies(
      list, nullptr, OfFare("(SELECT SUM((SELECT COUNT(*)" + from + "b))" + from + "a) > 0"), std::nullopt,
      true, anomalies);
  EXPECT_THAT(std::string(status.message()), HasSubstr("steps"));
}

TEST(CustomValidationTest, LooksAtTheSliceAndTheEnvironmentNamed) {
  EXPECT_EQ(Verdict(OfFare("feature.num_stats.max = 5", "dataset_name: 'kind_cash'")), "");
  EXPECT_THAT(Verdict(OfFare("TRUE", "dataset_name: 'kind_cahs'")), HasSubstr("did you mean 'kind_cash'"));
  auto config = OfFare("FALSE");
  config.mutable_feature_validations(0)->mutable_validations(0)->add_in_environment("SERVING");
  EXPECT_EQ(Verdict(config), "");
  tfmd::Anomalies anomalies;
  ASSERT_TRUE(AddCustomAnomalies(Statistics(), nullptr, config, "SERVING", false, anomalies).ok());
  EXPECT_EQ(anomalies.anomaly_info_size(), 1);
  EXPECT_EQ(anomalies.anomaly_info().at("fare").diff_regions_size(), 0);
}

TEST(CustomValidationTest, ComparesPairsOnlyWithABase) {
  const auto pair = [](const char* expression) {
    return Parse<tfdv::CustomValidationConfig>(
        "feature_pair_validations { dataset_name: 'kind_cash' feature_test_path { step: 'fare' } "
        "base_dataset_name: 'All Examples' feature_base_path { step: 'fare' } validations { severity: "
        "WARNING "
        "description: 'Moved.' sql_expression: \"" +
        std::string(expression) + "\" } }");
  };
  EXPECT_THAT(Verdict(pair("TRUE")), HasSubstr("--base"));
  tfmd::Anomalies anomalies;
  const auto config = pair("feature_test.num_stats.max > feature_base.num_stats.max");
  ASSERT_TRUE(AddCustomAnomalies(Statistics(), &Statistics(), config, std::nullopt, true, anomalies).ok());
  EXPECT_EQ(
      anomalies.anomaly_info().at("fare").reason(0).description(),
      "Custom validation triggered anomaly. Query: feature_test.num_stats.max > feature_base.num_stats.max "
      "Test dataset: kind_cash Base dataset: All Examples Base path: fare");
  anomalies.Clear();
  ASSERT_TRUE(AddCustomAnomalies(Statistics(), &Statistics(),
                                 pair("feature_test.num_stats.max < feature_base.num_stats.max"),
                                 std::nullopt, true, anomalies)
                  .ok());
  EXPECT_EQ(anomalies.anomaly_info_size(), 0);
}

TEST(CustomValidationTest, StandsBelowTheSchemasReasonsWithTheirEvidence) {
  ValidateOptions options;
  options.explain = true;
  auto anomalies =
      Validate(Statistics().datasets(0),
               ParseSchema("feature { name: 'fare' type: INT int_domain { max: 20 } } feature { name: "
                           "'kind' type: BYTES }"),
               options);
  ASSERT_TRUE(AddCustomAnomalies(Statistics(), nullptr, OfFare("feature.num_stats.num_zeros = 0"),
                                 std::nullopt, true, anomalies)
                  .ok());
  EXPECT_THAT(ReasonTypes(anomalies, "fare"), ElementsAre("INT_TYPE_BIG_INT", "CUSTOM_VALIDATION"));
  EXPECT_THAT(ReadEvidence(anomalies.anomaly_info().at("fare")),
              ElementsAre(HasSubstr("at most 20"), "feature.num_stats.num_zeros is 5"));
}

TEST(CustomValidationTest, IsReadFromJson) {
  const auto config = ParseCustomValidations(
      R"({"feature_validations": [{"feature_path": {"step": ["fare"]}, "validations": [
          {"sql_expression": "feature.num_stats.max > 0", "severity": "WARNING"}]}]})",
      "test");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->feature_validations(0).validations(0).severity(), tfmd::AnomalyInfo::WARNING);
  EXPECT_FALSE(ParseCustomValidations("{\"feature_validation\": []}", "test").ok());
  EXPECT_FALSE(ParseCustomValidations(
                   "{\"feature_validations\": [{\"validations\": [{\"sql_expression\": \"a <\"}]}]}", "t")
                   .ok());
}

}  // namespace
}  // namespace penstock::validation
