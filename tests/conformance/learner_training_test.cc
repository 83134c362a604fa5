// What every learner keeps to: training, saving, predicting, resuming.
#include <cmath>
#include <filesystem>
#include <limits>

#include <gmock/gmock.h>

#include "conformance/learner_suite.h"

namespace penstock::learning {
namespace {

using testing::HasSubstr;

class LearnerConformanceTest : public testing::TestWithParam<LearnerCase> {
 protected:
  bool has_label() const { return GetParam().has_label; }
};

TEST_P(LearnerConformanceTest, LearnsToClassify) {
  if (!has_label()) GTEST_SKIP() << "learns without labels";
  const LearnerRun run(GetParam());
  const TrainedModel trained = run.Ok();
  EXPECT_GT(AucOf(PredictAll(*trained.model, run.eval), run.eval), 0.93);
}

TEST_P(LearnerConformanceTest, LearnsToRegress) {
  if (!has_label()) GTEST_SKIP() << "learns without labels";
  LearnerRun run(GetParam());
  run.label = "label: y\ntask: regression\n";
  const TrainedModel trained = run.Ok();
  const std::vector<double> predictions = PredictAll(*trained.model, run.eval);
  double squared_error = 0;
  for (size_t i = 0; i < predictions.size(); ++i)
    squared_error += std::pow(predictions[i] - *run.eval[i].y, 2);
  squared_error /= static_cast<double>(predictions.size());
  EXPECT_NEAR(squared_error, trained.record.best_eval_loss, 1e-4 * squared_error);
  EXPECT_LT(squared_error, 4);  // The labels' variance is 14; nine in a hundred lack `a`.
}

TEST_P(LearnerConformanceTest, KnowsWhatIsUnlikeTheExamples) {
  if (has_label()) GTEST_SKIP() << "learns from labels";
  const TrainedModel trained = LearnerRun(GetParam()).Ok();
  // `sum` is always a + b, and both are around 0.
  const std::vector<double> errors = PredictAll(*trained.model, {{0.1, 0.2, "x", 0}, {30, -30, "x", 0}});
  EXPECT_LT(errors[0], 0.3);
  EXPECT_GT(errors[1], 3);
}

TEST_P(LearnerConformanceTest, RecordsLossesThatFallAndKeepsTheBest) {
  LearnerRun run(GetParam());
  run.train.push_back({1, 1, "x", std::nullopt});
  const TrainingRecord record = run.Ok().record;
  EXPECT_EQ(record.learner, GetParam().learner);
  EXPECT_EQ(record.num_train_examples, has_label() ? 1000 : 1001);
  EXPECT_EQ(record.num_eval_examples, 500);
  EXPECT_EQ(record.num_unlabeled_examples, has_label() ? 1 : 0);
  ASSERT_FALSE(record.iterations.empty());
  EXPECT_LT(record.iterations.back().train_loss, record.iterations.front().train_loss);
  ASSERT_GT(record.best_iteration, 0);
  EXPECT_EQ(record.iterations[record.best_iteration - 1].eval_loss, record.best_eval_loss);
  for (const IterationRecord& iteration : record.iterations)
    EXPECT_GE(iteration.eval_loss, record.best_eval_loss);
  double total = 0;
  for (const auto& [feature, share] : record.feature_importances) total += share;
  EXPECT_NEAR(total, 1, 1e-9);
  EXPECT_EQ(record.feature_importances.size(), 3u);
}

TEST_P(LearnerConformanceTest, LossOfTheRecordIsThatOfThePredictions) {
  const LearnerRun run(GetParam());
  const TrainedModel trained = run.Ok();
  const std::vector<double> predictions = PredictAll(*trained.model, run.eval);
  double loss = 0;
  for (size_t i = 0; i < predictions.size(); ++i) {
    const double p = predictions[i];
    loss += !has_label() ? p : -std::log(*run.eval[i].y > 0 ? p : 1 - p);
  }
  EXPECT_NEAR(loss / 500, trained.record.best_eval_loss, 1e-5);
}

TEST_P(LearnerConformanceTest, SavedModelPredictsTheSameBits) {
  const LearnerRun run(GetParam());
  const TrainedModel trained = run.Ok();
  const std::string folder = testing::TempDir() + "learner_conformance_" + GetParam().learner;
  ASSERT_TRUE(model::SaveModel(*trained.model, folder).ok());
  const auto loaded = model::LoadModel(folder);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(PredictAll(**loaded, run.eval), PredictAll(*trained.model, run.eval));
  EXPECT_EQ(*(*loaded)->Encode(), *trained.model->Encode());
  std::filesystem::remove_all(folder);
}

TEST_P(LearnerConformanceTest, ExampleGetsTheSameBitsAloneAndAmongOthers) {
  const LearnerRun run(GetParam());
  const TrainedModel trained = run.Ok();
  const std::vector<double> all = PredictAll(*trained.model, run.eval);
  for (size_t i = 0; i < 40; ++i) EXPECT_EQ(PredictAll(*trained.model, {run.eval[i]})[0], all[i]);
  EXPECT_TRUE(PredictAll(*trained.model, {}).empty());
}

TEST_P(LearnerConformanceTest, PredictsFiniteNumbersForMissingUnknownAndHugeValues) {
  const TrainedModel trained = LearnerRun(GetParam()).Ok();
  const double kNaN = std::numeric_limits<double>::quiet_NaN();
  const double kInfinity = std::numeric_limits<double>::infinity();
  for (double prediction : PredictAll(*trained.model, {{kNaN, kNaN, "", 0},
                                                       {kInfinity, -kInfinity, "never seen", 0},
                                                       {1e300, -1e300, "\xf0\x9f\x9a\x95", 0},
                                                       {1e-300, 0, "x", 0}})) {
    EXPECT_TRUE(std::isfinite(prediction)) << prediction;
  }
}

TEST_P(LearnerConformanceTest, GivesEqualModelsOnAnyNumberOfThreads) {
  LearnerRun run(GetParam());
  run.num_threads = 1;
  const TrainedModel one = run.Ok();
  for (int num_threads : {2, 5}) {
    run.num_threads = num_threads;
    const TrainedModel many = run.Ok();
    EXPECT_EQ(*many.model->Encode(), *one.model->Encode());
    EXPECT_EQ(many.record.ToJson(), one.record.ToJson());
  }
}

TEST_P(LearnerConformanceTest, GoesOnAfterAKillAsIfThereHadBeenNone) {
  LearnerRun run(GetParam());
  const TrainedModel whole = run.Ok();
  const std::string folder = testing::TempDir() + "learner_resume_" + GetParam().learner;
  std::filesystem::remove_all(folder);
  CancellationToken token;
  run.checkpoint_folder = folder;
  run.cancellation = &token;
  int num_iterations = 0;
  run.on_iteration = [&](const IterationRecord& losses, FakeClock& clock) {
    clock.Advance(10'000'000);
    ++num_iterations;
    if (losses.iteration == 4) token.Cancel();
    return true;
  };
  EXPECT_EQ(run.Train().status().code(), StatusCode::kCancelled);
  EXPECT_EQ(num_iterations, 4);
  EXPECT_TRUE(std::filesystem::exists(folder + "/checkpoint.pb"));
  run.cancellation = nullptr;
  const TrainedModel resumed = run.Ok();
  EXPECT_EQ(num_iterations, static_cast<int>(whole.record.iterations.size()));  // None was repeated.
  EXPECT_EQ(*resumed.model->Encode(), *whole.model->Encode());
  EXPECT_EQ(resumed.record.iterations.size(), whole.record.iterations.size());
  EXPECT_FALSE(std::filesystem::exists(folder + "/checkpoint.pb"));
  std::filesystem::remove_all(folder);
}

TEST_P(LearnerConformanceTest, BeginsAnewWhereTheCheckpointIsAnotherTrainings) {
  LearnerRun run(GetParam());
  const std::string folder = testing::TempDir() + "learner_other_" + GetParam().learner;
  std::filesystem::remove_all(folder);
  CancellationToken token;
  run.checkpoint_folder = folder;
  run.cancellation = &token;
  run.on_iteration = [&](const IterationRecord&, FakeClock& clock) {
    clock.Advance(10'000'000);
    token.Cancel();
    return true;
  };
  EXPECT_EQ(run.Train().status().code(), StatusCode::kCancelled);
  run.cancellation = nullptr;
  run.on_iteration = nullptr;
  run.seed = 6;
  const TrainedModel other = run.Ok();
  run.checkpoint_folder = "";
  EXPECT_EQ(*other.model->Encode(), *run.Ok().model->Encode());
  std::filesystem::remove_all(folder);
}

TEST_P(LearnerConformanceTest, StopsWhereItIsToldTo) {
  LearnerRun run(GetParam());
  run.on_iteration = [](const IterationRecord& losses, FakeClock&) { return losses.iteration < 3; };
  EXPECT_EQ(run.Ok().record.iterations.size(), 3u);
}

TEST_P(LearnerConformanceTest, TakesExamplesOfWeightZeroForAbsent) {
  if (!has_label()) GTEST_SKIP() << "learns without labels";
  LearnerRun run(GetParam());
  run.label = "weight: w\nlabel: y > 0\n";
  // Twice as many examples that say the contrary.
  for (int copy = 0; copy < 2; ++copy) {
    for (TestExample liar : LinearExamples(1, 1000)) {
      liar.y = -*liar.y;
      liar.weight = 0;
      run.train.push_back(liar);
    }
  }
  EXPECT_GT(AucOf(PredictAll(*run.Ok().model, run.eval), run.eval), 0.93);
  for (TestExample& example : run.train) example.weight = 1;
  const double misled = AucOf(PredictAll(*run.Ok().model, run.eval), run.eval);
  EXPECT_LT(misled, 0.7);
}

TEST_P(LearnerConformanceTest, FindsNothingInShuffledLabels) {
  if (!has_label()) GTEST_SKIP() << "learns without labels";
  LearnerRun run(GetParam());
  // The labels of other examples.
  const std::vector<TestExample> others = LinearExamples(7, 1000);
  for (size_t i = 0; i < run.train.size(); ++i) run.train[i].y = others[i].y;
  const std::vector<TestExample> eval_others = LinearExamples(8, 500);
  for (size_t i = 0; i < run.eval.size(); ++i) run.eval[i].y = eval_others[i].y;
  for (TestExample& example : run.train) example.kind = "x";
  for (TestExample& example : run.eval) example.kind = "x";
  const TrainedModel trained = run.Ok();
  const std::vector<TestExample> fresh_labels = LinearExamples(9, 500);
  std::vector<TestExample> fresh = LinearExamples(10, 500);
  for (size_t i = 0; i < fresh.size(); ++i) {
    fresh[i].y = fresh_labels[i].y;
    fresh[i].kind = "x";
  }
  EXPECT_NEAR(AucOf(PredictAll(*trained.model, fresh), fresh), 0.5, 0.09);
}

TEST_P(LearnerConformanceTest, WarmStartBeginsWhereTheModelEnded) {
  LearnerRun run(GetParam());
  const TrainedModel cold = run.Ok();
  run.warm_start = cold.model;
  run.hyperparameters[GetParam().learner == "boosted_trees" ? "num_rounds" : "num_epochs"] = 1;
  run.hyperparameters["learning_rate"] = 1e-6;
  const TrainedModel warm = run.Ok();
  EXPECT_NEAR(warm.record.iterations[0].eval_loss, cold.record.best_eval_loss,
              0.02 * cold.record.best_eval_loss);
}

INSTANTIATE_TEST_SUITE_P(Learners, LearnerConformanceTest, testing::ValuesIn(LearnerCases()), NameOfCase);

}  // namespace
}  // namespace penstock::learning
