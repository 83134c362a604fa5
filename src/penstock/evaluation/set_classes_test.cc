#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/evaluation/evaluations_testing.h"

namespace penstock::evaluation {
namespace {

using combine::ValueOrDie;
using testing::HasSubstr;

constexpr char kModel[] = "label_key: labels, prediction_keys: {classes: found, scores: how_sure}";

// The examples of TFMA's own test.
data::Batch Animals() {
  data::Batch batch = combine::BatchMaker()
                          .TextLists("labels", {{"dogs", "cats"}, {"birds", "cats"}})
                          .TextLists("found", {{"dogs", "pigs"}, {"dogs", "pigs", "birds"}})
                          .Make();
  batch = WithLists(batch, "how_sure", {{0.1, 0.3}, {0.1, 0.3, 0.4}});
  return WithLists(batch, "weights", {{0.5, 1.2}, {0.5, 1.2}});
}

double Measure(const std::string& metric, const std::string& arguments,
               Compatibility compatibility = Compatibility::kDocumentation) {
  EvaluationRequest request;
  request.compatibility = compatibility;
  return NumberOf(ValueOrDie(EvaluateBatches(ConfigOf(metric, "\"name\": \"it\"" + arguments, kModel),
                                             {Animals()}, request)),
                  "it");
}

TEST(SetClassesTest, MeasureWhatTfmaMeasures) {
  EXPECT_DOUBLE_EQ(Measure("SetMatchPrecision", ", \"thresholds\": [0.01]"), 0.4);
  EXPECT_DOUBLE_EQ(Measure("SetMatchRecall", ", \"thresholds\": [0.01]"), 0.5);
  EXPECT_DOUBLE_EQ(Measure("SetMatchPrecision", ", \"top_k\": 2, \"thresholds\": [0.01]"), 0.25);
  for (const auto compatibility : {Compatibility::kDocumentation, Compatibility::kTfma})
    EXPECT_DOUBLE_EQ(Measure("SetMatchRecall", ", \"top_k\": 2", compatibility), 0.25);
}

TEST(SetClassesTest, WeighClasses) {
  EXPECT_DOUBLE_EQ(
      Measure("SetMatchPrecision",
              ", \"thresholds\": [0.01], \"class_key\": \"labels\", \"weight_key\": \"weights\""),
      0.25);
  EXPECT_NEAR(Measure("SetMatchRecall", ", \"thresholds\": [0.01], \"weight_key\": \"weights\""), 0.294118,
              1e-6);
}

TEST(SetClassesTest, TakeClassesWithoutScoresForCertain) {
  EXPECT_DOUBLE_EQ(Measure("SetMatchPrecision", ", \"prediction_score_key\": \"\""), 0.4);
}

TEST(SetClassesTest, SayWhichRowDoesNotFit) {
  const data::Batch batch =
      WithLists(combine::BatchMaker().TextLists("labels", {{"a"}}).TextLists("found", {{"a", "b"}}).Make(),
                "how_sure", {{0.1}});
  const auto status = EvaluateBatches(ConfigOf("SetMatchRecall", "", kModel), {batch}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Row 1 has 2 classes in column 'found', but 1 scores"));
}

}  // namespace
}  // namespace penstock::evaluation
