// Which number fired and what the limit was.

#include "penstock/validation/anomaly_evidence.h"

#include "penstock/validation/anomaly_report.h"
#include "penstock/validation/schema_fix.h"
#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace testing_support;

tfmd::Anomalies Explained(const tfmd::DatasetFeatureStatistics& statistics, const std::string& schema) {
  ValidateOptions options;
  options.explain = true;
  return Validate(statistics, ParseSchema(schema), options);
}

std::vector<std::string> EvidenceFound(const tfmd::DatasetFeatureStatistics& statistics,
                                       const std::string& feature) {
  const auto anomalies = Explained(statistics, "feature { name: 'f' " + feature + " }");
  const auto entry = anomalies.anomaly_info().find("f");
  return entry == anomalies.anomaly_info().end() ? std::vector<std::string>() : ReadEvidence(entry->second);
}

tfmd::DatasetFeatureStatistics AlmostAll() {
  return ParseStatistics(
      "num_examples: 1000012 features { name: 'f' type: INT num_stats { common_stats { "
      "num_non_missing: 1000009 num_missing: 3 min_num_values: 1 max_num_values: 1 tot_num_values: 1000009 } "
      "min: -5 max: 900 } }");
}

TEST(EvidenceTest, SaysHowManyAreMissingAlsoWhereTheShareRoundsToOne) {
  EXPECT_THAT(
      EvidenceFound(AlmostAll(), "type: INT presence { min_fraction: 1 }"),
      ElementsAre("present in 0.999997 of examples, 3 of 1,000,012 missing; the schema asks for 1.0"));
  auto nearly = AlmostAll();
  nearly.set_num_examples(100000000012);
  nearly.mutable_features(0)->mutable_num_stats()->mutable_common_stats()->set_num_non_missing(100000000009);
  EXPECT_THAT(EvidenceFound(nearly, "type: INT presence { min_fraction: 1 }")[0],
              HasSubstr("present in 0.9999999999"));
}

TEST(EvidenceTest, SaysTheCountOfExamplesThatHaveTheFeature) {
  EXPECT_THAT(EvidenceFound(OneFeature("INT"), "type: INT presence { min_count: 12 }"),
              ElementsAre("present in 10 of 10 examples; the schema asks for at least 12"));
  EXPECT_THAT(EvidenceFound(OneFeatureWithoutValues(), "type: INT presence { min_count: 1 }"),
              ElementsAre("present in 0 of 10 examples; the schema asks for at least 1"));
}

TEST(EvidenceTest, SaysExtremesAndBoundsOfNumbers) {
  EXPECT_THAT(EvidenceFound(AlmostAll(), "type: INT int_domain { min: 0 max: 100 }"),
              ElementsAre("the least of 1,000,009 values is -5; the schema asks for at least 0",
                          "the greatest of 1,000,009 values is 900; the schema asks for at most 100"));
  EXPECT_THAT(EvidenceFound(OneFeature("FLOAT", "min: -1.5 max: 0.75"),
                            "type: FLOAT float_domain { min: 0.1 max: 0.5 }"),
              ElementsAre("the least of 10 values is -1.5; the schema asks for at least 0.1",
                          "the greatest of 10 values is 0.75; the schema asks for at most 0.5"));
  EXPECT_THAT(EvidenceFound(OneFeature("FLOAT", "histograms { num_nan: 4 }"),
                            "type: FLOAT float_domain { disallow_nan: true }"),
              ElementsAre("4 of 10 values are NaN; the schema allows 0"));
}

TEST(EvidenceTest, CountsTheValuesOutsideOfADomain) {
  const auto statistics = OneFeature(
      "STRING",
      "rank_histogram { buckets { label: 'a' sample_count: 7 } buckets { label: 'b' sample_count: 2 "
      "} buckets { label: 'c' sample_count: 1 } }");
  EXPECT_THAT(
      EvidenceFound(statistics, "type: BYTES string_domain { value: 'a' }"),
      ElementsAre("3 of 10 values, 2 distinct (0.3 of all), are none of the 1 of the domain; the schema "
                  "allows 0.0"));
  const auto shared = Explained(statistics,
                                "feature { name: 'f' type: BYTES domain: 'd' distribution_constraints { "
                                "min_domain_mass: 0.75 } } string_domain { name: 'd' value: 'a' }");
  EXPECT_THAT(ReadEvidence(shared.anomaly_info().at("f"))[0], HasSubstr("the schema allows 0.25"));
  EXPECT_THAT(EvidenceFound(statistics, "type: BYTES int_domain { }")[0],
              HasSubstr("10 of 10 values, 3 distinct (1.0 of all), are no integers"));
  EXPECT_THAT(EvidenceFound(statistics, "type: BYTES bool_domain { true_value: 'a' }")[0],
              HasSubstr("3 of 10 values"));
}

TEST(EvidenceTest, SaysNumbersOfValuesLevelByLevel) {
  EXPECT_THAT(
      EvidenceFound(OneFeature("INT", "", "max_num_values: 3"), "type: INT value_count { min: 2 max: 2 }"),
      ElementsAre("some example has 1 values; the schema asks for at least 2",
                  "some example has 3 values; the schema asks for at most 2"));
  const auto nested =
      OneFeature("INT", "",
                 "presence_and_valency_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 9 } "
                 "presence_and_valency_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 7 }");
  EXPECT_THAT(
      EvidenceFound(nested, "type: INT value_counts { value_count { max: 5 } value_count { max: 6 } }"),
      ElementsAre("some example has 9 values at level 0; the schema asks for at most 5",
                  "some example has 7 values at level 1; the schema asks for at most 6"));
}

TEST(EvidenceTest, SaysDistancesOfDriftAndSkewApart) {
  const std::string histogram = "rank_histogram { buckets { label: 'a' sample_count: ";
  const auto now = OneFeature("STRING", histogram + "10 } }");
  const auto before = OneFeature("STRING", histogram + "5 } buckets { label: 'b' sample_count: 5 } }");
  ValidateOptions options;
  options.explain = true;
  options.previous_span = &before;
  options.serving = &before;
  const auto anomalies =
      Validate(now,
               ParseSchema("feature { name: 'f' type: BYTES drift_comparator { infinity_norm { threshold: "
                           "0.1 } } skew_comparator { infinity_norm { threshold: 0.2 } } }"),
               options);
  EXPECT_THAT(ReadEvidence(anomalies.anomaly_info().at("f")),
              ElementsAre("0.5 from the previous span; the threshold is 0.1",
                          "0.5 from the serving data; the threshold is 0.2"));
}

TEST(EvidenceTest, SaysNumbersOfExamplesOfTheDataset) {
  const auto anomalies = Explained(
      OneFeature("INT"), "feature { name: 'f' type: INT } dataset_constraints { min_examples_count: 12 }");
  EXPECT_THAT(ReadEvidence(anomalies.dataset_anomaly_info()),
              ElementsAre("10 examples; the schema asks for at least 12"));
}

TEST(EvidenceTest, IsNotInTheWayOfTheChangeThatMendsTheSchema) {
  ValidateOptions options;
  options.explain = options.propose_fixes = true;
  const auto schema = ParseSchema("feature { name: 'f' type: INT int_domain { max: 100 } }");
  const auto anomalies = Validate(AlmostAll(), schema, options);
  EXPECT_THAT(ReadEvidence(anomalies.anomaly_info().at("f")), ElementsAre(HasSubstr("900")));
  const auto accepted = AcceptAnomalies(anomalies, schema, {});
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->schema.feature(0).int_domain().max(), 900);
}

TEST(EvidenceTest, LeavesWhatTfdvUsersReadAsItWas) {
  const auto plain =
      Validate(AlmostAll(), ParseSchema("feature { name: 'f' type: INT int_domain { max: 100 } }"));
  EXPECT_EQ(plain.anomaly_info().at("f").diff_regions_size(), 0);
  auto explained = Explained(AlmostAll(), "feature { name: 'f' type: INT int_domain { max: 100 } }");
  explained.mutable_anomaly_info()->at("f").clear_diff_regions();
  EXPECT_EQ(SerializeDeterministically(plain), SerializeDeterministically(explained));
}

TEST(EvidenceTest, StandsBelowTheDescriptionInTheTable) {
  const auto anomalies = Explained(AlmostAll(), "feature { name: 'f' type: INT int_domain { max: 100 } }");
  EXPECT_THAT(FormatAnomalies(anomalies), HasSubstr("is 900; the schema asks for at most 100\n"));
  EXPECT_THAT(FormatAnomalies(Validate(AlmostAll(), ParseSchema("feature { name: 'f' type: INT }"))),
              Not(HasSubstr("the schema asks")));
  EXPECT_THAT(ReadEvidence(tfmd::AnomalyInfo()), IsEmpty());
}

}  // namespace
}  // namespace penstock::validation
