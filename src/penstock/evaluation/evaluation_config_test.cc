#include "penstock/evaluation/evaluation_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock::evaluation {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

EvaluationConfig Parse(const std::string& text) {
  const auto config = ParseEvaluationConfig(json::parse(text));
  EXPECT_TRUE(config.ok()) << config.status();
  return config.value_or(EvaluationConfig());
}
std::string ErrorOf(const std::string& text) {
  const Status status = ParseEvaluationConfig(json::parse(text)).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(EvaluationConfigTest, OfNothingHasDefaults) {
  for (const char* text : {"{}", "null", R"({"slices": null, "thresholds": null})"}) {
    const EvaluationConfig config = Parse(text);
    EXPECT_EQ(config.split, "eval");
    EXPECT_EQ(config.min_slice_size, 1);
    EXPECT_THAT(config.metrics, IsEmpty());
    EXPECT_THAT(config.thresholds, IsEmpty());
  }
}

TEST(EvaluationConfigTest, ReadsEverything) {
  const EvaluationConfig config = Parse(R"({
    "split": "test", "metrics": ["auc", "precision@0.8", "auc"], "slices": [[], ["hour"], ["payment", "month"]],
    "example_weight": "w", "min_slice_size": 50, "max_slices": 10,
    "thresholds": {"auc": {"lower": 0.9, "upper": 1}},
    "change_thresholds": {"auc": {"direction": "higher_is_better", "absolute": -0.01}, "binary_crossentropy": {"relative": 0.1}},
    "per_slice_thresholds": [{"slice": {"payment": "Cash", "hour": 3, "share": 0.5, "flag": true, "any": null},
                              "thresholds": {"recall": {"lower": 0.5}}},
                             {"slice": ["hour"], "change_thresholds": {"recall": {"absolute": 0}}}]})");
  EXPECT_EQ(config.split, "test");
  ASSERT_EQ(config.metrics.size(), 2u);
  EXPECT_EQ(config.metrics[1].threshold, 0.8);
  EXPECT_THAT(config.slices, ElementsAre(IsEmpty(), ElementsAre("hour"), ElementsAre("payment", "month")));
  EXPECT_EQ(config.min_slice_size, 50);
  ASSERT_EQ(config.thresholds.size(), 3u);
  const auto& overall = config.thresholds[0];
  EXPECT_THAT(overall.features, IsEmpty());
  EXPECT_EQ(overall.thresholds[0].metric.name, "auc");
  EXPECT_EQ(overall.thresholds[0].value->lower, 0.9);
  EXPECT_EQ(overall.thresholds[0].change->absolute, -0.01);
  // Which way is better is known of a loss.
  EXPECT_FALSE(overall.thresholds[1].change->higher_is_better);
  std::vector<std::string> features;
  for (const auto& [name, value] : config.thresholds[1].features)
    features.push_back(name + "=" + value.value_or("*"));
  EXPECT_THAT(features, ElementsAre("any=*", "flag=true", "hour=3", "payment=Cash", "share=0.5"));
  EXPECT_FALSE(config.thresholds[2].features[0].second.has_value());
}

TEST(EvaluationConfigTest, NamesPlaceAndNearestKeyOfAMistake) {
  EXPECT_THAT(ErrorOf(R"({"metric": []})"),
              HasSubstr("The evaluation has no key 'metric'; did you mean 'metrics'?"));
  EXPECT_THAT(ErrorOf(R"({"thresholds": {"auc": {"lowr": 1}}})"),
              HasSubstr("'thresholds.auc' has no key 'lowr'; did you mean 'lower'?"));
  EXPECT_THAT(ErrorOf(R"({"thresholds": {"acu": {"lower": 1}}})"),
              HasSubstr("'thresholds': There is no metric 'acu'; did you mean 'auc'?"));
  EXPECT_THAT(ErrorOf(R"({"thresholds": {"auc": {"lower": "high"}}})"),
              HasSubstr("'thresholds.auc.lower' must be a number"));
  EXPECT_THAT(ErrorOf(R"({"per_slice_thresholds": [{"slice": {"a": "b"}}]})"),
              HasSubstr("'per_slice_thresholds[0]' needs"));
}

TEST(EvaluationConfigTest, RefusesLimitsThatMakeNoSense) {
  EXPECT_THAT(ErrorOf(R"({"thresholds": {"auc": {}}})"), HasSubstr("needs 'lower' or 'upper'"));
  EXPECT_THAT(ErrorOf(R"({"thresholds": {"auc": {"lower": 2, "upper": 1}}})"),
              HasSubstr("lower 2 above upper 1"));
  EXPECT_THAT(ErrorOf(R"({"change_thresholds": {"calibration": {"absolute": 1}}})"),
              HasSubstr("needs 'direction'"));
  EXPECT_THAT(ErrorOf(R"({"change_thresholds": {"auc": {"direction": "up", "absolute": 1}}})"),
              HasSubstr("higher_is_better or lower_is_better"));
  EXPECT_THAT(ErrorOf(R"({"min_slice_size": 0})"), HasSubstr("whole number above 0"));
}

TEST(EvaluationConfigTest, RefusesWrongShapes) {
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("must be a map"));
  EXPECT_THAT(ErrorOf(R"({"slices": ["hour"]})"), HasSubstr("'slices' must be a list"));
  EXPECT_THAT(ErrorOf(R"({"slices": {"a": 1}})"), HasSubstr("list of lists"));
  EXPECT_THAT(ErrorOf(R"({"slices": [["a", "a"]]})"), HasSubstr("names column 'a' twice"));
  EXPECT_THAT(ErrorOf(R"({"metrics": "auc"})"), HasSubstr("'metrics' must be a list"));
  EXPECT_THAT(ErrorOf(R"({"split": 3})"), HasSubstr("'split' must be a text"));
  EXPECT_THAT(ErrorOf(R"({"thresholds": []})"), HasSubstr("map from metrics to limits"));
  EXPECT_THAT(ErrorOf(R"({"per_slice_thresholds": [{"slice": {"a": [1]}}]})"),
              HasSubstr("must be one value"));
}

}  // namespace
}  // namespace penstock::evaluation
