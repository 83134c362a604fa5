#include "penstock/validation/distribution_validation.h"

#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing_support;

tfmd::DatasetFeatureStatistics Values(int num_a, int num_b) {
  const std::string rest =
      "unique: 2 rank_histogram { buckets { label: 'a' sample_count: " + std::to_string(num_a) +
      " } buckets { label: 'b' sample_count: " + std::to_string(num_b) + " } }";
  return OneFeature("STRING", rest);
}

Result<DistributionLimits> ParseLimits(const std::string& text) {
  return ParseDistributionLimits(nlohmann::json::parse(text), "limits");
}

tfmd::Anomalies Compare(const tfmd::DatasetFeatureStatistics& statistics,
                        const tfmd::DatasetFeatureStatistics& baseline, const std::string& limits_text) {
  const auto limits = ParseLimits(limits_text);
  EXPECT_TRUE(limits.ok()) << limits.status();
  auto anomalies = ValidateDistribution(statistics, baseline, *limits);
  EXPECT_TRUE(anomalies.ok()) << anomalies.status();
  return *std::move(anomalies);
}

std::string Refusal(const std::string& text) { return std::string(ParseLimits(text).status().message()); }

constexpr char kFarByHalf[] =
    R"({"default_slice_config": {"feature": [{"path": {"step": ["f"]},
        "distribution_comparator": {"infinity_norm": {"threshold": 0.4}}}]}})";

TEST(ValidateDistributionTest, RaisesADistanceAboveItsThreshold) {
  const auto anomalies = Compare(Values(5, 5), Values(10, 0), kFarByHalf);
  EXPECT_THAT(ReasonTypes(anomalies, "f"), ElementsAre("COMPARATOR_L_INFTY_HIGH"));
  EXPECT_THAT(anomalies.anomaly_info().at("f").description(), HasSubstr("is 0.5"));
  ASSERT_EQ(anomalies.drift_skew_info_size(), 1);
  EXPECT_EQ(anomalies.drift_skew_info(0).drift_measurements(0).value(), 0.5);
  EXPECT_TRUE(HasErrors(anomalies));
}

TEST(ValidateDistributionTest, LetsPassWhatIsNear) {
  const auto anomalies = Compare(Values(7, 3), Values(10, 0), kFarByHalf);
  EXPECT_THAT(anomalies.anomaly_info(), IsEmpty());
  EXPECT_FALSE(HasErrors(anomalies));
}

TEST(ValidateDistributionTest, SaysNothingOfOtherRules) {
  // 'b' is not in the domain that the baseline's values give.
  auto statistics = Values(7, 3);
  statistics.mutable_features(0)->mutable_string_stats()->mutable_common_stats()->set_max_num_values(4);
  EXPECT_THAT(Compare(statistics, Values(10, 0), kFarByHalf).anomaly_info(), IsEmpty());
}

TEST(ValidateDistributionTest, MeasuresByEachComparator) {
  const auto by = [](const std::string& comparator) {
    return ReasonTypes(Compare(Values(5, 5), Values(9, 1),
                               R"({"feature": [{"path": "f", "distribution_comparator": {")" + comparator +
                                   R"(": {"threshold": 0.1}}}]})"),
                       "f");
  };
  EXPECT_THAT(by("jensen_shannon_divergence"), ElementsAre("COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"));
  EXPECT_THAT(by("normalized_abs_difference"), ElementsAre("COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH"));
}

TEST(ValidateDistributionTest, SaysWhatCouldNotBeCompared) {
  const auto anomalies = Compare(Values(5, 5), Values(10, 0),
                                 R"({"feature": [{"path": ["box", "w"],
                  "distribution_comparator": {"infinity_norm": {"threshold": 0.1}}}]})");
  EXPECT_THAT(ReasonTypes(anomalies, "box.w"), ElementsAre("STATS_NOT_AVAILABLE"));
  EXPECT_TRUE(HasErrors(anomalies));
}

TEST(ValidateDistributionTest, ComparesTheNumbersOfExamples) {
  auto half = Values(5, 0);
  half.set_num_examples(5);
  const auto anomalies =
      Compare(half, Values(10, 0), R"({"num_examples_comparator": {"min_fraction_threshold": 0.6}})");
  EXPECT_THAT(ReasonTypes(anomalies.dataset_anomaly_info()), ElementsAre("COMPARATOR_LOW_NUM_EXAMPLES"));
  EXPECT_FALSE(
      Compare(Values(10, 0), Values(10, 0), R"({"num_examples_comparator": {"min_fraction_threshold": 0.6}})")
          .has_dataset_anomaly_info());
}

TEST(ParseDistributionLimitsTest, RefusesWhatIsNotMeant) {
  EXPECT_THAT(Refusal(R"({"features": []})"), HasSubstr("did you mean 'feature'?"));
  EXPECT_THAT(Refusal(R"({"feature": [{"path": "f"}]})"), HasSubstr("distribution_comparator"));
  EXPECT_THAT(Refusal(R"({"feature": [{"path": "f", "distribution_comparator": {}}]})"),
              HasSubstr("feature 'f': distribution_comparator needs a threshold"));
  EXPECT_THAT(
      Refusal(
          R"({"feature": [{"path": "f", "distribution_comparator": {"infinity_norm": {"threshold": 2}}}]})"),
      HasSubstr("between 0 and 1"));
  EXPECT_THAT(
      Refusal(R"({"feature": [{"path": "f", "distribution_comparator": {"linf": {"threshold": 1}}}]})"),
      HasSubstr("FeatureComparator"));
  EXPECT_THAT(Refusal(R"({"feature": [{"path": 3, "distribution_comparator": {}}]})"), HasSubstr("no path"));
  EXPECT_THAT(Refusal("[]"), HasSubstr("has to be an object"));
  const std::string f = R"({"path": "f", "distribution_comparator": {"infinity_norm": {"threshold": 1}}})";
  EXPECT_THAT(Refusal("{\"feature\": [" + f + ", " + f + "]}"), HasSubstr("given twice"));
}

}  // namespace
}  // namespace penstock::validation
