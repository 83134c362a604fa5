#include "penstock/pages/evaluation_page.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock::pages {
namespace {

namespace tfma = ::tensorflow_model_analysis;
using nlohmann::json;
using testing::HasSubstr;

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

NamedEvaluation Evaluation(const std::vector<std::string>& metrics) {
  NamedEvaluation evaluation{.name = "monday"};
  for (const std::string& text : metrics) evaluation.metrics.push_back(Parse<tfma::MetricsForSlice>(text));
  return evaluation;
}

json PageData(const NamedEvaluation& evaluation, const EvaluationLimits& limits = {}) {
  auto data = EvaluationPageData({evaluation}, limits);
  EXPECT_TRUE(data.ok()) << data.status();
  return *std::move(data);
}

const char kWhole[] = R"(
  slice_key {}
  metric_keys_and_values {
    key { name: "auc" model_name: "candidate" example_weighted { value: true } }
    value { double_value { value: 0.75 } }
    confidence_interval { lower_bound { double_value { value: 0.5 } } upper_bound { double_value { value: 1 } } }
  }
  metric_keys_and_values {
    key { name: "auc" model_name: "baseline" example_weighted { value: true } } value { double_value { value: nan } }
  })";
const char kCash[] = R"(
  slice_key { single_slice_keys { column: "payment" bytes_value: "<b>Cash" } single_slice_keys { column: "hour" int64_value: 3 } }
  metric_keys_and_values {
    key { name: "recall" sub_key { top_k { value: 3 } } aggregation_type { macro_average: true } is_diff: true }
    value { double_value { value: inf } }
  }
  metric_keys_and_values { key { name: "__ERROR__" } value { debug_message: "too small" } })";

TEST(EvaluationPageDataTest, ListsWhatFeaturesAddTheLargestFirst) {
  NamedEvaluation evaluation = Evaluation({kWhole});
  evaluation.attributions.push_back(Parse<tfma::AttributionsForSlice>(R"(
    slice_key {}
    attributions_keys_and_values {
      key { name: "mean_attributions" model_name: "candidate" }
      values { key: "age" value { double_value { value: 0.25 } } }
      values { key: "fare" value { double_value { value: -0.5 } } }
      values { key: "hour" value { array_value { data_type: FLOAT64 shape: 2 float64_values: [0.125, 4] } } }
    })"));
  const json data = PageData(evaluation);
  EXPECT_EQ(data["attributions"],
            json::parse(R"([{"slice": 0, "series": 0, "metric": "mean_attributions", "of": "",
                             "features": [["fare", -0.5], ["age", 0.25], ["hour", 0.125]]}])"));
  EXPECT_EQ(PageData(evaluation, {.max_features = 1})["attributions"][0]["features"].size(), 1u);
  EXPECT_TRUE(PageData(evaluation, {.max_attributions = 2})["attributions"].empty());
}

TEST(EvaluationPageDataTest, ListsValuesBySliceModelAndMetric) {
  const json data = PageData(Evaluation({kWhole}));
  EXPECT_EQ(data["slices"], json::parse("[[]]"));
  EXPECT_EQ(data["series"], json::parse(R"([{"evaluation": 0, "model": "candidate", "output": ""},
                                            {"evaluation": 0, "model": "baseline", "output": ""}])"));
  EXPECT_EQ(data["values"], json::parse(R"([[[0, 0, 0.75, 0.5, 1], [1, 0, "NaN"]]])"));
  EXPECT_EQ(data["metrics"][0]["weighted"], true);
  EXPECT_TRUE(data["evaluations"][0]["validation"].is_null());
}

TEST(EvaluationPageDataTest, PutsTheSliceOfAllExamplesFirstAndNamesTheRestByFeatureAndValue) {
  const json data = PageData(Evaluation({kCash, kWhole}));
  EXPECT_EQ(data["slices"], json::parse(R"([[], [["payment", "<b>Cash"], ["hour", "3"]]])"));
  EXPECT_EQ(data["metrics"][1],
            json::parse(R"({"name": "recall", "of": "top 3", "aggregation": "macro average",
                                               "weighted": null, "is_change": true})"));
  EXPECT_EQ(data["values"][1][0][2], "Infinity");
  EXPECT_EQ(data["values"][1][1][2], "too small");
}

TEST(EvaluationPageDataTest, LinesUpTheSlicesOfSeveralEvaluations) {
  const auto data = EvaluationPageData({Evaluation({kWhole, kCash}), Evaluation({kCash, kWhole})});
  ASSERT_TRUE(data.ok());
  EXPECT_EQ((*data)["slices"].size(), 2);
  EXPECT_EQ((*data)["values"][0].size(), 4);
  EXPECT_EQ((*data)["series"].back()["evaluation"], 1);
}

TEST(EvaluationPageDataTest, SaysHowManySlicesHadNoRoom) {
  EvaluationLimits limits;
  limits.max_slices = 1;
  const json data = PageData(Evaluation({kWhole, kCash}), limits);
  EXPECT_EQ(data["slices"].size(), 1);
  EXPECT_THAT(data["notes"][0].get<std::string>(), HasSubstr("1 slices are not on this page"));
}

TEST(EvaluationPageDataTest, KeepsTheEndsOfThinnedThresholdsAndTheSumOfMergedBuckets) {
  NamedEvaluation evaluation = Evaluation({kWhole});
  auto& plots = evaluation.plots.emplace_back();
  auto* plot = plots.add_plot_keys_and_values();
  plot->mutable_key()->set_model_name("candidate");
  for (int i = 1000; i >= 0; --i) {
    auto* matrix = plot->mutable_value()->mutable_confusion_matrix_at_thresholds()->add_matrices();
    matrix->set_threshold(i / 1000.0);
    matrix->set_true_positives(1000 - i);
    auto* bucket = plot->mutable_value()->mutable_calibration_histogram_buckets()->add_buckets();
    bucket->mutable_num_weighted_examples()->set_value(1);
  }
  EvaluationLimits limits;
  limits.max_points = 200;
  const json made = PageData(evaluation, limits)["plots"][0];
  EXPECT_LE(made["thresholds"].size(), 102);
  EXPECT_EQ(made["thresholds"].front(), json::parse("[0, 0, 0, 0, 1000]"));
  EXPECT_EQ(made["thresholds"].back(), json::parse("[1, 0, 0, 0, 0]"));
  EXPECT_LE(made["calibration"].size(), 101);
  double weight = 0;
  for (const json& bucket : made["calibration"]) weight += bucket[2].get<double>();
  EXPECT_EQ(weight, 1001);
}

TEST(EvaluationPageDataTest, DrawsMatricesThatWereMetrics) {
  const json data = PageData(Evaluation({R"(metric_keys_and_values { key { name: "matrix" } value {
    multi_class_confusion_matrix_at_thresholds { matrices { threshold: 0.5
      entries { actual_class_id: 1 predicted_class_id: -1 num_weighted_examples: 7 }
      entries { actual_class_id: 99 predicted_class_id: 1 num_weighted_examples: 7 } } } } })"}));
  EXPECT_EQ(data["plots"][0]["classes"], json::parse(R"([{"threshold": 0.5, "entries": [[1, -1, 7]]}])"));
}

TEST(EvaluationPageDataTest, TellsWhichThresholdWasNotKeptOnWhichSlice) {
  NamedEvaluation evaluation = Evaluation({kWhole, kCash});
  evaluation.has_validation = true;
  evaluation.validation = Parse<tfma::ValidationResult>(R"(
    metric_validations_per_slice {
      slice_key {}
      failures {
        metric_key { name: "auc" model_name: "candidate" }
        metric_threshold { value_threshold { lower_bound { value: 0.9 } } change_threshold { direction: HIGHER_IS_BETTER absolute { value: 0 } } }
        metric_value { double_value { value: 0.75 } }
      }
    }
    metric_validations_per_slice { slice_key { single_slice_keys { column: "x" bytes_value: "gone" } } failures { message: "Metric not found." } }
    missing_slices { feature_keys: "region" feature_values { key: "hour" value: "7" } })");
  const json validation = PageData(evaluation)["evaluations"][0]["validation"];
  EXPECT_EQ(validation["is_blessed"], false);
  EXPECT_EQ(validation["failures"][0]["slice"], 0);
  EXPECT_EQ(validation["failures"][0]["limits"],
            json::parse(R"([["at least", 0.9], ["change at least", 0]])"));
  EXPECT_TRUE(validation["failures"][1]["slice"].is_null());
  EXPECT_EQ(validation["failures"][1]["slice_key"], json::parse(R"([["x", "gone"]])"));
  EXPECT_EQ(validation["missing_slices"], json::parse(R"(["region, hour: 7"])"));
}

TEST(EvaluationPageDataTest, RefusesNothingToShow) {
  EXPECT_EQ(EvaluationPageData({}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::pages
