#include "penstock/pages/statistics_page.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock::pages {
namespace {

namespace tfmd = ::tensorflow::metadata::v0;
using nlohmann::json;
using testing::HasSubstr;

tfmd::DatasetFeatureStatisticsList Statistics(const std::string& text) {
  tfmd::DatasetFeatureStatisticsList list;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &list));
  return list;
}

json PageData(const tfmd::DatasetFeatureStatisticsList& list, const PageLimits& limits = {},
              const tfmd::Anomalies* anomalies = nullptr) {
  auto data = StatisticsPageData({{"a.pb", &list}}, anomalies, false, limits);
  EXPECT_TRUE(data.ok()) << data.status();
  return *std::move(data);
}

constexpr char kNumeric[] = R"(
  datasets {
    num_examples: 10
    features {
      path { step: "fare" }
      type: FLOAT
      num_stats {
        common_stats { num_non_missing: 8 num_missing: 2 min_num_values: 1 max_num_values: 1 avg_num_values: 1 tot_num_values: 8 }
        mean: nan std_dev: 0.5 num_zeros: 1 min: -inf median: 2 max: 4
        histograms {
          num_nan: 3
          buckets { low_value: -inf high_value: 0 sample_count: 1 }
          buckets { low_value: 0 high_value: 2 sample_count: 3 }
          buckets { low_value: 3 high_value: 4 sample_count: 4.5 }
        }
        histograms { type: QUANTILES buckets { low_value: 0 high_value: 4 sample_count: 8 } }
      }
    }
  })";

TEST(StatisticsPageDataTest, HoldsNumbersOfAFeature) {
  const json cell = PageData(Statistics(kNumeric))["datasets"][0]["cells"][0];
  EXPECT_EQ(cell["type"], "FLOAT");
  EXPECT_EQ(cell["kind"], "numeric");
  EXPECT_EQ(cell["present"], 8);
  EXPECT_EQ(cell["missing"], 2);
  EXPECT_EQ(cell["values"], json({1, 1, 1, 8}));
  EXPECT_EQ(cell["mean"], "NaN");
  EXPECT_EQ(cell["min"], "-Infinity");
  EXPECT_EQ(cell["nan"], 3);
}

TEST(StatisticsPageDataTest, FillsGapsOfAHistogramWithEmptyBuckets) {
  const json histogram = PageData(Statistics(kNumeric))["datasets"][0]["cells"][0]["histogram"];
  EXPECT_EQ(histogram["edges"], json({"-Infinity", 0, 2, 3, 4}));
  EXPECT_EQ(histogram["counts"], json({1, 3, 0, 4.5}));
}

TEST(StatisticsPageDataTest, MergesBucketsBeyondTheLimit) {
  PageLimits limits;
  limits.max_buckets = 2;
  const json histogram = PageData(Statistics(kNumeric), limits)["datasets"][0]["cells"][0]["histogram"];
  EXPECT_EQ(histogram["edges"], json({"-Infinity", 2, 4}));
  EXPECT_EQ(histogram["counts"], json({4, 4.5}));
}

tfmd::DatasetFeatureStatisticsList TextOf(int num_values) {
  auto list = Statistics(R"(datasets { num_examples: 100
    features { path { step: "company" } type: STRING string_stats { unique: 1 top_values { value: "v0" frequency: 1 } } } })");
  auto* text = list.mutable_datasets(0)->mutable_features(0)->mutable_string_stats();
  for (int i = 0; i < num_values; ++i) {
    auto* bucket = text->mutable_rank_histogram()->add_buckets();
    bucket->set_label("v" + std::to_string(i));
    bucket->set_sample_count(2);
  }
  return list;
}

TEST(StatisticsPageDataTest, ListsRankedValues) {
  const json cell = PageData(TextOf(2))["datasets"][0]["cells"][0];
  EXPECT_EQ(cell["listed"], json::parse(R"([["v0", 2], ["v1", 2]])"));
  EXPECT_FALSE(cell.contains("num_listed"));
}

TEST(StatisticsPageDataTest, SaysHowManyValuesWereLeftOut) {
  PageLimits limits;
  limits.max_listed_values = 1;
  const json cell = PageData(TextOf(30), limits)["datasets"][0]["cells"][0];
  EXPECT_EQ(cell["listed"].size(), 10);
  EXPECT_EQ(cell["num_listed"], 30);
  EXPECT_EQ(cell["total_listed"], 60);
}

TEST(StatisticsPageDataTest, PutsTheFeaturesOfAllDatasetsInOneList) {
  const auto one =
      Statistics(R"(datasets { features { name: "a" } features { path { step: "s" step: "x" } } })");
  const auto other =
      Statistics(R"(datasets { features { name: "b" type: INT } features { name: "a" type: FLOAT } })");
  const auto data = StatisticsPageData({{"one", &one}, {"other", &other}}, nullptr, false);
  ASSERT_TRUE(data.ok());
  EXPECT_EQ((*data)["features"], json::parse(R"([["a"], ["s", "x"], ["b"]])"));
  const json& cells = (*data)["datasets"][1]["cells"];
  EXPECT_EQ(cells[0]["type"], "FLOAT");
  EXPECT_TRUE(cells[1].is_null());
  EXPECT_EQ(cells[2]["type"], "INT");
}

TEST(StatisticsPageDataTest, KeepsWholeDatasetsInOrderAndThenTheLargestSlices) {
  PageLimits limits;
  limits.max_datasets = 2;
  const json data = PageData(Statistics(R"(
    datasets { name: "small" num_examples: 1 } datasets { name: "large" num_examples: 9 }
    datasets { name: "All Examples" num_examples: 10 })"),
                             limits);
  ASSERT_EQ(data["datasets"].size(), 2);
  EXPECT_EQ(data["datasets"][0]["name"], "All Examples");
  EXPECT_EQ(data["datasets"][0]["is_whole"], true);
  EXPECT_EQ(data["datasets"][1]["name"], "large");
  EXPECT_EQ(data["datasets"][1]["is_whole"], false);
  EXPECT_THAT(data["notes"][0].get<std::string>(), HasSubstr("1 of 3 datasets"));
}

TEST(StatisticsPageDataTest, TiesAnomaliesToTheirFeature) {
  tfmd::Anomalies anomalies;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    anomaly_info { key: "gone" value { path { step: "gone" } severity: WARNING
      reason { type: SCHEMA_MISSING_COLUMN short_description: "Column dropped" description: "d" } } }
    anomaly_info { key: "fare" value { path { step: "fare" } severity: ERROR description: "e" short_description: "s"
      diff_regions { changed { left_contents: "x" left_contents: "y" right_contents: "z" } } } }
    dataset_anomaly_info { severity: ERROR short_description: "Low num examples" }
    drift_skew_info { path { step: "fare" } skew_measurements { type: L_INFTY value: 0.5 threshold: 0.1 } })",
                                                            &anomalies));
  const json data = PageData(Statistics(kNumeric), {}, &anomalies);
  EXPECT_EQ(data["features"], json::parse(R"([["fare"], ["gone"]])"));
  const json& listed = data["anomalies"]["listed"];
  ASSERT_EQ(listed.size(), 3);
  EXPECT_EQ(listed[0]["feature"], 0);
  EXPECT_EQ(listed[0]["fixes"], json::parse(R"([{"before": "x\ny", "after": "z"}])"));
  EXPECT_EQ(listed[1]["feature"], 1);
  EXPECT_EQ(listed[1]["reasons"][0]["type"], "SCHEMA_MISSING_COLUMN");
  EXPECT_TRUE(listed[2]["feature"].is_null());
  EXPECT_EQ(data["anomalies"]["measurements"][0], json({{"feature", 0},
                                                        {"against", "serving"},
                                                        {"distance", "L_INFTY"},
                                                        {"value", 0.5},
                                                        {"threshold", 0.1}}));
}

TEST(StatisticsPageDataTest, HoldsCorrelationsAndLifts) {
  const json dataset = PageData(Statistics(R"(datasets {
    features { path { step: "pay" } } features { path { step: "tip" } }
    cross_features { path_x { step: "pay" } path_y { step: "tip" } num_cross_stats { correlation: 0.5 covariance: 2 } }
    cross_features { path_x { step: "pay" } path_y { step: "tip" } categorical_cross_stats { lift { lift_series {
      y_int: 1 lift_values { x_string: "Cash" lift: 0.25 x_and_y_count: 3 } } } } } })"))["datasets"][0];
  EXPECT_EQ(dataset["correlations"], json::parse("[[0, 1, 0.5, 2]]"));
  EXPECT_EQ(dataset["lifts"], json::parse(R"([[0, 1, "1", [["Cash", 0.25, 3]]]])"));
}

TEST(StatisticsPageDataTest, RefusesNothingToShow) {
  EXPECT_EQ(StatisticsPageData({}, nullptr, false).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::pages
