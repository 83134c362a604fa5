// What learners make of labels other than yes and no: classes, sets of classes, numbers with outliers, ranks.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "conformance/learner_suite.h"
#include "penstock/model/prediction_values.h"

namespace penstock::learning {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LearnerTaskTest : public testing::TestWithParam<LearnerCase> {
 protected:
  void SetUp() override {
    if (!GetParam().has_label) GTEST_SKIP() << "learns without labels";
  }
  LearnerRun Run(const std::string& label) const {
    LearnerRun run(GetParam());
    run.label = label;
    return run;
  }
};

int ClassOf(const TestExample& example) { return *example.y > 2 ? 0 : *example.y < -2 ? 1 : 2; }

TEST_P(LearnerTaskTest, TellsSeveralClassesApart) {
  const LearnerRun run = Run(kSeveralClasses);
  const TrainedModel trained = run.Ok();
  EXPECT_EQ(trained.record.task, model::Task::kMulticlassClassification);
  EXPECT_EQ(trained.record.loss, "log_loss");
  // By name: not by how common they are, nor in the order of the expression.
  EXPECT_THAT(trained.model->signature().class_names, ElementsAre("high", "low", "middle"));
  const std::vector<double> scores = PredictAll(*trained.model, run.eval);
  ASSERT_EQ(scores.size(), 3 * run.eval.size());
  double num_right = 0, loss = 0;
  for (size_t i = 0; i < run.eval.size(); ++i) {
    const double* at = &scores[3 * i];
    EXPECT_NEAR(at[0] + at[1] + at[2], 1, 1e-9);
    num_right += std::max_element(at, at + 3) - at == ClassOf(run.eval[i]) ? 1 : 0;
    loss -= std::log(at[ClassOf(run.eval[i])]);
  }
  EXPECT_GT(num_right / static_cast<double>(run.eval.size()), 0.75);
  EXPECT_NEAR(loss / static_cast<double>(run.eval.size()), trained.record.best_eval_loss, 1e-4);
}

TEST_P(LearnerTaskTest, NamesTheLikeliestClass) {
  const LearnerRun run = Run(kSeveralClasses);
  const TrainedModel trained = run.Ok();
  const data::Batch predictions = *trained.model->Predict(RawBatch({{4, -2, "x", 0}, {-4, 2, "y", 0}}));
  const auto& classes = static_cast<const arrow::StringArray&>(*predictions->GetColumnByName("class"));
  EXPECT_EQ(classes.GetString(0), "high");
  EXPECT_EQ(classes.GetString(1), "low");
  const data::Batch named = *model::WithClassNames(trained.model->signature(), predictions);
  EXPECT_TRUE(named->schema()->Equals(*model::OutputsWithClassNames(trained.model->signature())));
  EXPECT_TRUE(named->ValidateFull().ok());
}

TEST_P(LearnerTaskTest, KeepsWholeNumbersForTheClassesTheyAre) {
  // Class 1 is never there, and still has its place.
  const LearnerRun run = Run("task: multiclass_classification\nlabel: if(y > 0, 2, 0)\n");
  const TrainedModel trained = run.Ok();
  EXPECT_THAT(trained.model->signature().class_names, ElementsAre("0", "1", "2"));
  const std::vector<double> scores = PredictAll(*trained.model, {{4, -2, "x", 0}});
  EXPECT_GT(scores[2], 0.8);
  EXPECT_LT(scores[1], 0.05);
}

TEST_P(LearnerTaskTest, LearnsAnyNumberOfClasses) {
  const LearnerRun run = Run(kAnyClasses);
  const TrainedModel trained = run.Ok();
  EXPECT_THAT(trained.model->signature().class_names, ElementsAre("positive", "high", "low"));
  const std::vector<double> scores = PredictAll(*trained.model, run.eval);
  double loss = 0;
  for (size_t i = 0; i < run.eval.size(); ++i) {
    const double y = *run.eval[i].y;
    const bool labels[] = {y > 0, y > 3, y < -3};
    for (size_t j = 0; j < 3; ++j)
      loss -= std::log(labels[j] ? scores[3 * i + j] : 1 - scores[3 * i + j]) / 3;
  }
  EXPECT_NEAR(loss / static_cast<double>(run.eval.size()), trained.record.best_eval_loss, 1e-4);
  EXPECT_LT(trained.record.best_eval_loss, 0.35);
}

TEST_P(LearnerTaskTest, TakesClassesFromListsOfNames) {
  const LearnerRun run =
      Run("task: multilabel_classification\n"
          "label: split(if(y > 0, if(y > 3, 'positive high', 'positive'), ''), ' ')\n");
  const TrainedModel trained = run.Ok();
  EXPECT_THAT(trained.model->signature().class_names, ElementsAre("high", "positive"));
  const std::vector<double> scores = PredictAll(*trained.model, {{4, -2, "x", 0}, {-4, 2, "y", 0}});
  EXPECT_GT(scores[0], 0.8);
  EXPECT_GT(scores[1], 0.8);
  EXPECT_LT(scores[2], 0.2);
  EXPECT_LT(scores[3], 0.2);
}

TEST_P(LearnerTaskTest, RobustLossesAreNotLedAstrayByOutliers) {
  std::map<std::string, double> errors;
  for (const char* loss : {"squared_error", "absolute_error", "huber"}) {
    LearnerRun run = Run("label: y\ntask: regression\n");
    for (size_t i = 0; i < run.train.size(); i += 10) *run.train[i].y += 300;
    run.hyperparameters["loss"] = loss;
    const TrainedModel trained = run.Ok();
    const std::vector<double> predictions = PredictAll(*trained.model, run.eval);
    for (size_t i = 0; i < predictions.size(); ++i)
      errors[loss] += std::abs(predictions[i] - *run.eval[i].y) / static_cast<double>(predictions.size());
  }
  EXPECT_LT(errors["absolute_error"], 0.5 * errors["squared_error"]);
  EXPECT_LT(errors["huber"], 0.7 * errors["squared_error"]);
}

TEST_P(LearnerTaskTest, GivesEqualModelsOnAnyNumberOfThreadsAndFromDisk) {
  for (const char* label : {kSeveralClasses, kAnyClasses}) {
    LearnerRun run = Run(label);
    run.num_threads = 1;
    const TrainedModel one = run.Ok();
    run.num_threads = 3;
    EXPECT_EQ(*run.Ok().model->Encode(), *one.model->Encode());
    const auto again = model::DecodeModel(*one.model->Encode(), "model.pb");
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(PredictAll(**again, run.eval), PredictAll(*one.model, run.eval));
    EXPECT_EQ((*again)->signature().class_names, one.model->signature().class_names);
  }
}

TEST_P(LearnerTaskTest, WarmStartGoesOnWithTheSameClassesOnly) {
  LearnerRun run = Run(kSeveralClasses);
  const TrainedModel cold = run.Ok();
  run.warm_start = cold.model;
  run.hyperparameters[GetParam().learner == "boosted_trees" ? "num_rounds" : "num_epochs"] = 1;
  run.hyperparameters["learning_rate"] = 1e-6;
  EXPECT_NEAR(run.Ok().record.iterations[0].eval_loss, cold.record.best_eval_loss,
              0.02 * cold.record.best_eval_loss);
  run.label = "task: multiclass_classification\nlabel: if(y > 2, 'high', if(y < -2, 'deep', 'middle'))\n";
  EXPECT_THAT(run.Refusal(), HasSubstr("new are [deep], gone are [low]"));
}

TEST_P(LearnerTaskTest, WeighsClassesAlikeWhereAskedTo) {
  LearnerRun run = Run("task: multiclass_classification\nlabel: if(y > 6, 'rare', 'usual')\n");
  const auto mean_of_rare = [&] {
    const std::vector<double> scores = PredictAll(*run.Ok().model, run.eval);
    double sum = 0;
    for (size_t i = 0; i < scores.size(); i += 2) sum += scores[i];
    return sum / static_cast<double>(run.eval.size());
  };
  const double plain = mean_of_rare();
  run.hyperparameters["balance_classes"] = true;
  EXPECT_GT(mean_of_rare(), 1.1 * plain);
}

TEST_P(LearnerTaskTest, NamesTheOnlyClassOrTheConstantLabel) {
  LearnerRun run = Run("task: multiclass_classification\nlabel: if(y > 1000, 'rare', 'usual')\n");
  EXPECT_THAT(run.Refusal(), HasSubstr("all 1000 examples (of a weight above 0) are 'usual'"));
  run.label = "task: regression\nlabel: y * 0\n";
  EXPECT_THAT(run.Refusal(),
              HasSubstr("The label is constant in split 'train': it is 0 in all 1000 examples"));
  run.label = "label: {a: y > 1000, b: y < 1000}\n";
  EXPECT_THAT(run.Refusal(),
              HasSubstr("No class of the label tells the 1000 examples of split 'train' apart"));
}

TEST_P(LearnerTaskTest, NamesFeaturesWithoutAnyValue) {
  LearnerRun run = Run("label: y > 0\n");
  run.hyperparameters.erase("crosses");  // Of what is missing there are no buckets to cross.
  for (TestExample& example : run.train) example.a = std::nan("");
  if (GetParam().features.starts_with("{a: a,")) {
    EXPECT_THAT(
        run.Ok().record.warnings,
        testing::Contains(HasSubstr("Feature 'a' is missing or NaN in all examples of split 'train'")));
  }
  run.test_case.features = "{a: a, a_again: a * 2}";
  if (GetParam().learner != "lstm") {
    EXPECT_THAT(run.Refusal(), HasSubstr("No feature has a value in split 'train'"));
  }
}

TEST_P(LearnerTaskTest, NamesTheLossesOfTheTask) {
  LearnerRun run = Run("label: y > 0\n");
  run.hyperparameters["loss"] = "huber";
  EXPECT_THAT(run.Refusal(), HasSubstr("'loss' cannot be 'huber' for binary_classification"));
}

TEST_P(LearnerTaskTest, RanksWithinQueriesOrSaysThatItCannot) {
  // Five to ten examples a query.
  LearnerRun run = Run("task: ranking\nlabel: if(y > 3, 2, if(y > 0, 1, 0))\nquery: int(w)\n");
  for (auto* examples : {&run.train, &run.eval})
    for (size_t i = 0; i < examples->size(); ++i) (*examples)[i].weight = static_cast<double>(i % 100);
  if (!GetParam().ranks) {
    EXPECT_THAT(run.Refusal(), HasSubstr("does not rank; boosted_trees does"));
    return;
  }
  for (const char* loss : {"ndcg", "pairwise"}) {
    run.hyperparameters["loss"] = loss;
    const TrainedModel trained = run.Ok();
    EXPECT_EQ(trained.record.loss, std::string(loss) == "ndcg" ? "one_minus_ndcg" : "pairwise_log_loss");
    const std::vector<double> scores = PredictAll(*trained.model, run.eval);
    int64_t num_right = 0, num_pairs = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      for (size_t j = i + 100; j < scores.size(); j += 100) {
        if (std::abs(*run.eval[i].y - *run.eval[j].y) < 4) continue;
        ++num_pairs;
        num_right += (*run.eval[i].y > *run.eval[j].y) == (scores[i] > scores[j]) ? 1 : 0;
      }
    }
    EXPECT_GT(static_cast<double>(num_right), 0.9 * static_cast<double>(num_pairs)) << loss;
    run.num_threads = 1;
    EXPECT_EQ(*run.Ok().model->Encode(), *trained.model->Encode());
    run.num_threads = 2;
  }
}

INSTANTIATE_TEST_SUITE_P(Learners, LearnerTaskTest, testing::ValuesIn(LearnerCases()), NameOfCase);

}  // namespace
}  // namespace penstock::learning
