#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/evaluation/evaluation_output.h"
#include "penstock/evaluation/evaluations_testing.h"
#include "penstock/evaluation/result_json.h"

namespace penstock::evaluation {
namespace {

using combine::ValueOrDie;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr char kModel[] = "label_key: label, prediction_key: prediction, example_weight_key: weight";

data::Batch Attributed() {
  const data::Batch batch = combine::BatchMaker()
                                .Doubles("label", {1, 0, 1})
                                .Doubles("prediction", {0.6, 0.4, 0.8})
                                .Doubles("weight", {1, 2, 1})
                                .Doubles("attributions/age", {0.5, -1, 1})
                                .Texts("sex", {{"a"}, {"b"}, {"a"}})
                                .Make();
  return WithLists(batch, "attributions/pay", {{1, 2, 3}, {-1, -2, -3}, {0, 1, 0}});
}

Attributions Measure(const std::string& metric, const std::string& name, const std::string& more = "") {
  const auto evaluation = ValueOrDie(EvaluateBatches(
      fmt::format("model_specs: [{{{}}}]\nmetrics_specs: [{{metrics: [{{class_name: {}}}]{}}}]", kModel,
                  metric, more),
      {Attributed()}));
  for (const auto& [key, value] : evaluation.slices.at(0).metrics)
    if (key.name == name) return *ValueAs<Attributions>(value);
  ADD_FAILURE() << "no " << name;
  return {};
}

TEST(AttributionClassesTest, SumUpWeighted) {
  EXPECT_THAT(Measure("TotalAttributions", "total_attributions").by_feature,
              ElementsAre(Pair("age", ElementsAre(-0.5)), Pair("pay", ElementsAre(-1, -1, -3))));
  EXPECT_THAT(Measure("TotalAbsoluteAttributions", "total_absolute_attributions").by_feature,
              ElementsAre(Pair("age", ElementsAre(3.5)), Pair("pay", ElementsAre(3, 7, 9))));
  EXPECT_THAT(Measure("MeanAttributions", "mean_attributions").by_feature,
              ElementsAre(Pair("age", ElementsAre(-0.125)), Pair("pay", ElementsAre(-0.25, -0.25, -0.75))));
  EXPECT_THAT(Measure("MeanAbsoluteAttributions", "mean_absolute_attributions").by_feature,
              ElementsAre(Pair("age", ElementsAre(0.875)), Pair("pay", ElementsAre(0.75, 1.75, 2.25))));
}

TEST(AttributionClassesTest, AreReadBackFromTheirFile) {
  const auto evaluation = ValueOrDie(EvaluateBatches(
      fmt::format(
          "model_specs: [{{{}}}]\nslicing_specs: [{{}}, {{feature_keys: [sex]}}]\n"
          "metrics_specs: [{{metrics: [{{class_name: MeanAttributions}}, {{class_name: ExampleCount}}]}}]",
          kModel),
      {Attributed()}));
  const std::string folder = testing::TempDir() + "/attributions";
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(WriteEvaluationFiles(evaluation, folder).ok());
  EXPECT_GT(std::filesystem::file_size(folder + "/attributions-00000-of-00001.tfrecord"), 0u);
  const auto stored = ValueOrDie(ReadEvaluationFiles(folder));
  EXPECT_EQ(ResultsToJson(stored.slices), ResultsToJson(evaluation.slices));
  const auto shown = ResultsToJson(stored.slices)["slices"][1];
  EXPECT_EQ(shown["attributions"][""][""][""]["mean_attributions"]["values"]["age"], 0.75);
}

TEST(AttributionClassesTest, SayWhatIsMissing) {
  const data::Batch plain =
      combine::BatchMaker().Doubles("label", {1}).Doubles("prediction", {1}).Doubles("weight", {1}).Make();
  const auto status = EvaluateBatches(ConfigOf("MeanAttributions", "", kModel), {plain}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("columns named attributions/FEATURE"));
}

}  // namespace
}  // namespace penstock::evaluation
