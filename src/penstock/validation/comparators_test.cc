// Drift, skew and the number of examples against other datasets.

#include <cmath>

#include "penstock/validation/distribution_distance_internal.h"
#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing_support;

std::string Ranked(const std::vector<std::pair<std::string, double>>& values) {
  std::string text = "rank_histogram {";
  for (const auto& [label, count] : values)
    text += fmt::format(" buckets {{ label: '{}' sample_count: {} }}", label, count);
  return text + " }";
}

/// The distance between two features "f".
template <class Distance>
auto Between(const tfmd::DatasetFeatureStatistics& a, const tfmd::DatasetFeatureStatistics& b,
             Distance distance) {
  const auto view_a = DatasetView::Create(a, false);
  const auto view_b = DatasetView::Create(b, false);
  return distance(*view_a->Find("f"), *view_b->Find("f"));
}

std::optional<double> Divergence(const std::string& numbers_a, const std::string& numbers_b) {
  return Between(OneFeature("FLOAT", numbers_a), OneFeature("FLOAT", numbers_b),
                 [](const FeatureView& a, const FeatureView& b) {
                   return JensenShannonDivergence(a, b, tfmd::HistogramSelection());
                 });
}

TEST(DistributionDistanceTest, LInfinityIsTheGreatestDifferenceOfFrequencies) {
  const ValueDistance distance =
      Between(OneFeature("STRING", Ranked({{"a", 3}, {"b", 1}})),
              OneFeature("STRING", Ranked({{"a", 1}, {"c", 1}})), LInfinityDistance);
  EXPECT_DOUBLE_EQ(distance.distance, 0.5);
  EXPECT_EQ(distance.value, "c");
}

TEST(DistributionDistanceTest, NormalizedDifferenceDividesCountsByBothTotals) {
  const ValueDistance distance =
      Between(OneFeature("STRING", Ranked({{"a", 6}, {"b", 2}})),
              OneFeature("STRING", Ranked({{"a", 1}, {"b", 1}})), NormalizedAbsoluteDifference);
  EXPECT_DOUBLE_EQ(distance.distance, 0.5);
  EXPECT_EQ(distance.value, "a");
}

TEST(DistributionDistanceTest, IsZeroOfNothing) {
  EXPECT_EQ(Between(OneFeature("FLOAT"), OneFeature("FLOAT"), LInfinityDistance).distance, 0);
  EXPECT_EQ(Between(OneFeature("FLOAT"), OneFeature("FLOAT"), NormalizedAbsoluteDifference).distance, 0);
}

TEST(JensenShannonDivergenceTest, IsZeroOfEqualAndOneOfDisjointHistograms) {
  const std::string low = "histograms { buckets { low_value: 0 high_value: 1 sample_count: 4 } }";
  const std::string high = "histograms { buckets { low_value: 1 high_value: 2 sample_count: 9 } }";
  EXPECT_EQ(Divergence(low, low), 0.0);
  EXPECT_EQ(Divergence(low, high), 1.0);
}

TEST(JensenShannonDivergenceTest, SpreadsBucketsEvenlyOverTheCommonBoundaries) {
  // [0, 2) with 2 is [0, 1) with 1 and [1, 2) with 1; against [0, 1) with 2: P = (1/2, 1/2), Q = (1, 0).
  const auto divergence = Divergence("histograms { buckets { low_value: 0 high_value: 2 sample_count: 2 } }",
                                     "histograms { buckets { low_value: 0 high_value: 1 sample_count: 2 } }");
  const double expected =
      (0.5 * std::log2(0.5 / 0.75) + 0.5 * std::log2(0.5 / 0.25) + std::log2(1 / 0.75)) / 2;
  ASSERT_TRUE(divergence.has_value());
  EXPECT_DOUBLE_EQ(*divergence, expected);
}

TEST(JensenShannonDivergenceTest, KeepsPointsAndInfinitiesAndNanApart) {
  EXPECT_EQ(Divergence("histograms { buckets { low_value: 1 high_value: 1 sample_count: 2 } }",
                       "histograms { buckets { low_value: 1 high_value: 1 sample_count: 7 } }"),
            0.0);
  EXPECT_EQ(Divergence("histograms { buckets { low_value: 0 high_value: inf sample_count: 2 } }",
                       "histograms { buckets { low_value: 0 high_value: 1 sample_count: 2 } }"),
            1.0);
  const std::string with_nan =
      "histograms { num_nan: 2 buckets { low_value: 0 high_value: 1 sample_count: 2 } }";
  EXPECT_EQ(Divergence(with_nan, with_nan), 0.5) << "a NaN is no place that both sides have";
  EXPECT_EQ(Divergence(with_nan, "histograms { buckets { low_value: 1 high_value: 2 sample_count: 2 } }"),
            1.0);
  EXPECT_EQ(Divergence(with_nan,
                       "histograms { buckets { low_value: 0 high_value: 0.5 sample_count: 2 } buckets "
                       "{ low_value: 0.5 high_value: 1 sample_count: 2 } }"),
            0.0)
      << "cut anew for the other side's buckets: then TFDV forgets them";
}

TEST(JensenShannonDivergenceTest, IsUnknownOfNothing) {
  EXPECT_EQ(Divergence("", ""), std::nullopt);
  EXPECT_EQ(Divergence("histograms { }", "histograms { buckets { high_value: 1 sample_count: 1 } }"),
            std::nullopt);
}

TEST(JensenShannonDivergenceTest, SurvivesBucketsThatOverlapOrAreOutOfOrder) {
  const std::string odd =
      "histograms { buckets { low_value: 3 high_value: 1 sample_count: 4 } buckets { low_value: 0 "
      "high_value: 2 "
      "sample_count: 4 } buckets { low_value: 1 high_value: 4 sample_count: nan } }";
  const auto divergence = Divergence(odd, odd);
  EXPECT_FALSE(divergence.has_value() && *divergence > 1);
}

/// A schema with one feature "f" under `comparator`.
tfmd::Schema Comparing(const std::string& comparator) {
  return ParseSchema("feature { name: 'f' type: BYTES " + comparator + " }");
}

TEST(DriftTest, IsAnAnomalyAboveTheThresholdAndMeasuredAnyway) {
  const auto now = OneFeature("STRING", Ranked({{"a", 3}, {"b", 1}}));
  const auto before = OneFeature("STRING", Ranked({{"a", 1}, {"b", 1}}));
  ValidateOptions options;
  options.previous_span = &before;
  const auto high =
      Validate(now, Comparing("drift_comparator { infinity_norm { threshold: 0.1 } }"), options);
  EXPECT_THAT(ReasonTypes(high, "f"), ElementsAre("COMPARATOR_L_INFTY_HIGH"));
  EXPECT_EQ(
      high.anomaly_info().at("f").description(),
      "The Linfty distance between current and previous is 0.25 (up to six significant digits), above the "
      "threshold 0.1. The feature value with maximum difference is: b");
  const auto low =
      Validate(now, Comparing("drift_comparator { infinity_norm { threshold: 0.25 } }"), options);
  EXPECT_EQ(low.anomaly_info_size(), 0);
  ASSERT_EQ(low.drift_skew_info_size(), 1);
  EXPECT_EQ(low.drift_skew_info(0).path().step(0), "f");
  EXPECT_DOUBLE_EQ(low.drift_skew_info(0).drift_measurements(0).value(), 0.25);
  EXPECT_DOUBLE_EQ(low.drift_skew_info(0).drift_measurements(0).threshold(), 0.25);
}

TEST(DriftTest, IsNotLookedForWithoutAnEarlierSpan) {
  const auto anomalies = Validate(OneFeature("STRING", Ranked({{"a", 3}})),
                                  Comparing("drift_comparator { infinity_norm { threshold: 0 } }"));
  EXPECT_EQ(anomalies.anomaly_info_size(), 0);
  EXPECT_EQ(anomalies.drift_skew_info_size(), 0);
}

TEST(SkewTest, ComparesTrainingWithServing) {
  const auto serving = OneFeature("STRING", Ranked({{"b", 1}}));
  ValidateOptions options;
  options.serving = &serving;
  const auto anomalies = Validate(OneFeature("STRING", Ranked({{"a", 1}})),
                                  Comparing("skew_comparator { jensen_shannon_divergence { threshold: 0.5 } "
                                            "normalized_abs_difference { threshold: "
                                            "0.1 } }"),
                                  options);
  EXPECT_THAT(ReasonTypes(anomalies, "f"), ElementsAre("COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH",
                                                       "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"));
  EXPECT_THAT(anomalies.anomaly_info().at("f").description(), HasSubstr("between training and serving"));
  EXPECT_EQ(anomalies.drift_skew_info(0).skew_measurements_size(), 2);
}

TEST(SkewTest, ReportsAFeatureThatTheOtherSideLacks) {
  const auto serving = ParseStatistics("num_examples: 5");
  ValidateOptions options;
  options.serving = &serving;
  const auto anomalies = Validate(OneFeature("STRING"),
                                  Comparing("skew_comparator { infinity_norm { threshold: 0.1 } }"), options);
  EXPECT_THAT(ReasonTypes(anomalies, "f"), ElementsAre("COMPARATOR_CONTROL_DATA_MISSING"));
  EXPECT_EQ(anomalies.anomaly_info().at("f").description(), "serving data is missing.");
}

TEST(SkewTest, ListsMeasurementsByPathWhateverTheOrderOfTheStatistics) {
  const auto statistics = ParseStatistics(
      "num_examples: 1 features { name: 'z' type: STRING string_stats { common_stats { num_non_missing: 1 } "
      "} } "
      "features { name: 'a' type: STRING string_stats { common_stats { num_non_missing: 1 } } }");
  const auto schema = ParseSchema(
      "feature { name: 'z' type: BYTES drift_comparator { infinity_norm { threshold: 1 } } } "
      "feature { name: 'a' type: BYTES drift_comparator { infinity_norm { threshold: 1 } } }");
  ValidateOptions options;
  options.previous_span = &statistics;
  const auto anomalies = Validate(statistics, schema, options);
  ASSERT_EQ(anomalies.drift_skew_info_size(), 2);
  EXPECT_EQ(anomalies.drift_skew_info(0).path().step(0), "a");
}

/// The types of the dataset's own anomaly.
std::vector<std::string> DatasetTypes(const std::string& constraints, const ValidateOptions& options = {}) {
  const auto anomalies = Validate(ParseStatistics("num_examples: 10"),
                                  ParseSchema("dataset_constraints { " + constraints + " }"), options);
  return ReasonTypes(anomalies.dataset_anomaly_info());
}

TEST(DatasetConstraintsTest, BoundTheNumberOfExamples) {
  EXPECT_THAT(DatasetTypes("min_examples_count: 11"), ElementsAre("DATASET_LOW_NUM_EXAMPLES"));
  EXPECT_THAT(DatasetTypes("max_examples_count: 9"), ElementsAre("DATASET_HIGH_NUM_EXAMPLES"));
  EXPECT_THAT(DatasetTypes("min_examples_count: 10 max_examples_count: 10"), IsEmpty());
}

TEST(DatasetConstraintsTest, CompareWithTheSpanAndTheVersionBefore) {
  const auto few = ParseStatistics("num_examples: 2");
  const auto many = ParseStatistics("num_examples: 40");
  ValidateOptions options;
  options.previous_span = &few;
  options.previous_version = &many;
  EXPECT_THAT(DatasetTypes("num_examples_drift_comparator { max_fraction_threshold: 2 } "
                           "num_examples_version_comparator { min_fraction_threshold: 0.5 }",
                           options),
              ElementsAre("COMPARATOR_HIGH_NUM_EXAMPLES", "COMPARATOR_LOW_NUM_EXAMPLES"));
  EXPECT_THAT(
      DatasetTypes("num_examples_drift_comparator { min_fraction_threshold: 1 max_fraction_threshold: 5 }",
                   options),
      IsEmpty());
}

TEST(DatasetConstraintsTest, TakeAnEmptySpanBeforeForAHighNumber) {
  const auto none = ParseStatistics("features { path { step: 'f' } type: STRING string_stats { } }");
  ValidateOptions options;
  options.previous_span = &none;
  EXPECT_THAT(DatasetTypes("num_examples_drift_comparator { max_fraction_threshold: 2 }", options),
              ElementsAre("COMPARATOR_HIGH_NUM_EXAMPLES"));
}

TEST(DatasetConstraintsTest, TakeNoNoticeOfStatisticsOfNothing) {
  const auto nothing = ParseStatistics("");
  ValidateOptions options;
  options.previous_span = &nothing;
  EXPECT_THAT(DatasetTypes("num_examples_drift_comparator { max_fraction_threshold: 2 }", options),
              IsEmpty());
}

}  // namespace
}  // namespace penstock::validation
