#include "penstock/learning/boosted_trees/xgboost_model.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/learning/boosted_trees/booster_library.h"
#include "penstock/learning/objective.h"

namespace penstock::learning {
namespace {

using testing::HasSubstr;

constexpr int32_t kNumColumns = 7;

/// Random rows with missing values, ties and a label that depends on some columns.
struct RandomData {
  RandomData(uint32_t seed, int64_t num_rows)
      : num_rows(num_rows), values(num_rows * kNumColumns), labels(num_rows) {
    std::mt19937 random(seed);
    std::normal_distribution<float> number;
    for (int64_t row = 0; row < num_rows; ++row) {
      float* at = &values[row * kNumColumns];
      for (int32_t column = 0; column < kNumColumns; ++column) {
        at[column] = column == 3 ? static_cast<float>(random() % 5) : 10 * number(random);
        if (random() % 6 == 0) at[column] = std::numeric_limits<float>::quiet_NaN();
      }
      const float signal = (std::isnan(at[0]) ? 4 : at[0]) * (at[3] > 2 ? 1.0f : -0.5f) + number(random);
      labels[row] = signal > 0 ? 1 : 0;
    }
  }
  BoosterMatrix matrix() const { return {values, num_rows, kNumColumns}; }

  int64_t num_rows;
  std::vector<float> values;
  std::vector<double> labels;
};

/// Trees grown by XGBoost, and what it says of them.
struct Grown {
  std::string model;
  std::vector<float> eval_margins;
  std::vector<float> eval_predictions;
};

Grown Grow(const RandomData& train, const RandomData& eval, model::Task task, int num_rounds,
           int num_threads) {
  const bool is_binary = task == model::Task::kBinaryClassification;
  const bool is_multiclass = task == model::Task::kMulticlassClassification;
  const Loss loss = *LossOf(task, is_multiclass ? 2 : 1, "", 0);
  const Objective objective(loss, train.labels, {});
  const BoosterLibrary library = *BoosterLibrary::Load(BoosterLibrary::DefaultFolder());
  BoosterParameters parameters{{"verbosity", "0"},
                               {"tree_method", "hist"},
                               {"objective", is_multiclass ? "multi:softprob"
                                             : is_binary   ? "binary:logistic"
                                                           : "reg:squarederror"},
                               {"base_score", "0.37"},
                               {"max_depth", "8"},
                               {"gamma", "0.5"},
                               {"colsample_bytree", "0.8"},
                               {"min_child_weight", "0.1"}};
  if (is_multiclass) parameters.emplace_back("num_class", "2");
  const std::unique_ptr<Booster> booster =
      *library.Make(parameters, train.matrix(), eval.matrix(), num_threads);
  const auto num_margins = static_cast<size_t>(train.num_rows * loss.num_outputs);
  std::vector<float> margins(num_margins), gradients(num_margins), hessians(num_margins);
  for (int round = 0; round < num_rounds; ++round) {
    EXPECT_EQ(booster->Predict(Booster::Split::kTrain, Booster::Scale::kMargin, margins), "");
    EXPECT_TRUE(objective.LossAndGradients(margins, {}, gradients, hessians).ok());
    EXPECT_EQ(booster->Boost(gradients, hessians), "");
  }
  const auto num_answers = static_cast<size_t>(eval.num_rows * loss.num_outputs);
  Grown grown{"", std::vector<float>(num_answers), std::vector<float>(num_answers)};
  EXPECT_EQ(booster->Predict(Booster::Split::kEval, Booster::Scale::kMargin, grown.eval_margins), "");
  EXPECT_EQ(booster->Predict(Booster::Split::kEval, Booster::Scale::kPrediction, grown.eval_predictions), "");
  EXPECT_EQ(booster->Save(grown.model), "");
  return grown;
}

class XgboostModelTest : public testing::TestWithParam<model::Task> {};

TEST_P(XgboostModelTest, ForwardPassEqualsXgboostsOwn) {
  const RandomData train(1, 3000), eval(2, 1000);
  const Grown grown = Grow(train, eval, GetParam(), 40, 2);
  const Result<ConvertedTrees> converted = ConvertXgboostModel(grown.model, 40);
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_GT(converted->forest.num_nodes(), 40 * 10);
  std::vector<float> margins(eval.num_rows);
  converted->forest.Sum(eval.values, margins);
  EXPECT_EQ(margins, grown.eval_margins);
  for (int64_t row = 0; row < eval.num_rows; ++row) {
    const double margin = margins[row];
    const double prediction = GetParam() == model::Task::kRegression ? margin : 1 / (1 + std::exp(-margin));
    ASSERT_NEAR(prediction, grown.eval_predictions[row], 1e-6) << "row " << row;
  }
}

TEST_P(XgboostModelTest, TreesAreBitEqualOnAnyNumberOfThreads) {
  const RandomData train(3, 5000), eval(4, 10);
  const Grown one = Grow(train, eval, GetParam(), 5, 1);
  for (int num_threads : {2, 3}) {
    // The saved model also names the number of threads, so the trees are compared.
    const auto trees = [](const Grown& grown) {
      return nlohmann::json::from_ubjson(grown.model)["learner"]["gradient_booster"]["model"]["trees"];
    };
    EXPECT_EQ(trees(Grow(train, eval, GetParam(), 5, num_threads)), trees(one)) << num_threads << " threads";
  }
}

TEST(ConvertXgboostModelTest, GivesEachClassItsTrees) {
  const RandomData train(1, 3000), eval(2, 1000);
  const Grown grown = Grow(train, eval, model::Task::kMulticlassClassification, 20, 2);
  const Result<ConvertedTrees> converted = ConvertXgboostModel(grown.model, 40);
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_EQ(converted->forest.num_outputs(), 2);
  std::vector<float> margins(grown.eval_margins.size());
  converted->forest.Sum(eval.values, margins);
  EXPECT_EQ(margins, grown.eval_margins);
  // One by one too.
  std::vector<float> alone(2);
  converted->forest.Sum({eval.values.data(), kNumColumns}, alone);
  EXPECT_EQ(alone, std::vector<float>(margins.begin(), margins.begin() + 2));
  EXPECT_EQ(ConvertXgboostModel(grown.model, 39).status().code(), StatusCode::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(Tasks, XgboostModelTest,
                         testing::Values(model::Task::kBinaryClassification, model::Task::kRegression));

TEST(ConvertXgboostModelTest, TakesTheFirstTreesOnly) {
  const RandomData train(5, 500), eval(6, 50);
  const Grown two = Grow(train, eval, model::Task::kRegression, 2, 1);
  const Grown five = Grow(train, eval, model::Task::kRegression, 5, 1);
  std::vector<float> margins(eval.num_rows);
  ConvertXgboostModel(five.model, 2)->forest.Sum(eval.values, margins);
  EXPECT_EQ(margins, two.eval_margins);
}

TEST(ConvertXgboostModelTest, CreditsGainsToTheColumnsThatMatter) {
  const RandomData train(7, 2000), eval(8, 10);
  const std::vector<double> gains =
      ConvertXgboostModel(Grow(train, eval, model::Task::kBinaryClassification, 5, 1).model, 5)->column_gains;
  EXPECT_GT(gains[0] + gains[3], gains[1] + gains[2] + gains[4] + gains[5] + gains[6]);
}

TEST(ConvertXgboostModelTest, RefusesDamagedModels) {
  const RandomData train(9, 100), eval(10, 10);
  const std::string whole = Grow(train, eval, model::Task::kRegression, 1, 1).model;
  EXPECT_EQ(ConvertXgboostModel(whole.substr(0, whole.size() / 2), 1).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(ConvertXgboostModel("", 1).status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(ConvertXgboostModel(whole, 2).status().message()), HasSubstr("1 trees, but 2"));
  nlohmann::json json = nlohmann::json::from_ubjson(whole);
  nlohmann::json& tree = json["learner"]["gradient_booster"]["model"]["trees"][0];
  tree["left_children"][0] = 0;  // A circle.
  std::string circle;
  nlohmann::json::to_ubjson(json, circle);
  EXPECT_EQ(ConvertXgboostModel(circle, 1).status().code(), StatusCode::kDataLoss);
  json["learner"].erase("objective");
  std::string incomplete;
  nlohmann::json::to_ubjson(json, incomplete);
  EXPECT_THAT(std::string(ConvertXgboostModel(incomplete, 1).status().message()), HasSubstr("objective"));
}

TEST(BoosterLibraryTest, SaysWhereThePluginShouldBe) {
  const Status status = BoosterLibrary::Load("/nowhere/plugins").status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere/plugins/libpenstock_boosted_trees.so"));
}

TEST(BoosterLibraryTest, NamesThePackageWhereThePluginDoesNotLoad) {
  const std::string folder = testing::TempDir() + "booster_library_test";
  ASSERT_EQ(
      std::system(
          ("mkdir -p " + folder + " && echo no library > " + folder + "/" + kBoosterLibraryName).c_str()),
      0);
  const Status status = BoosterLibrary::Load(folder).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("apt-get install libxgboost0"));
}

}  // namespace
}  // namespace penstock::learning
