#include "penstock/learning/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::learning {
namespace {

using testing::HasSubstr;

std::vector<HyperparameterDescription> Known() {
  return {{"num_rounds", "", 100, 1, 1000}, {"learning_rate", "", 0.1, 0, 1}, {"verbose", "", false}};
}

std::string Refusal(const nlohmann::json& given) {
  const Status status = ResolveHyperparameters(given, Known()).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(HyperparametersTest, FillsInDefaults) {
  EXPECT_EQ(*ResolveHyperparameters({{"num_rounds", 7}}, Known()),
            (nlohmann::json{{"num_rounds", 7}, {"learning_rate", 0.1}, {"verbose", false}}));
  EXPECT_EQ((*ResolveHyperparameters(nullptr, Known()))["num_rounds"], 100);
}

TEST(HyperparametersTest, TakesWholeNumbersForDoublesAndIntegers) {
  const nlohmann::json resolved =
      *ResolveHyperparameters({{"num_rounds", 7.0}, {"learning_rate", 1}}, Known());
  EXPECT_EQ(resolved.dump(), R"({"learning_rate":1.0,"num_rounds":7,"verbose":false})");
}

TEST(HyperparametersTest, NamesNearestHyperparameter) {
  EXPECT_THAT(Refusal({{"num_round", 1}}), HasSubstr("'num_round'; did you mean 'num_rounds'?"));
}

TEST(HyperparametersTest, RefusesValuesOfAnotherTypeOrRange) {
  EXPECT_THAT(Refusal({{"num_rounds", 1.5}}),
              HasSubstr("'num_rounds' must be an integer from 1 to 1000, not 1.5"));
  EXPECT_THAT(Refusal({{"num_rounds", 0}}), HasSubstr("must be an integer from 1 to 1000, not 0"));
  EXPECT_THAT(Refusal({{"learning_rate", "fast"}}), HasSubstr("must be a number from 0 to 1, not \"fast\""));
  EXPECT_THAT(Refusal({{"learning_rate", std::nan("")}}), HasSubstr("must be a number"));
  EXPECT_THAT(Refusal({{"verbose", 1}}), HasSubstr("must be true or false"));
  EXPECT_THAT(Refusal({{"num_rounds", nullptr}}), HasSubstr("must be an integer"));
  EXPECT_THAT(Refusal(nlohmann::json::array({1})), HasSubstr("must be a map"));
}

TEST(TrainingRecordTest, IsWrittenAsJson) {
  TrainingRecord record;
  record.learner = "boosted_trees";
  record.loss = "log_loss";
  record.iterations = {{1, 0.5, 0.625}};
  record.feature_importances = {{"miles", 1.0}};
  record.best_iteration = 1;
  const nlohmann::json json = record.ToJson();
  EXPECT_EQ(json["task"], "binary_classification");
  EXPECT_EQ(json["iterations"].dump(), R"([{"eval_loss":0.625,"iteration":1,"train_loss":0.5}])");
  EXPECT_EQ(json["feature_importances"]["miles"], 1.0);
}

}  // namespace
}  // namespace penstock::learning
