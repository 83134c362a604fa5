#include "penstock/learning/tuning/tuner.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gmock/gmock.h>

#include "penstock/transform/transform_testing.h"

namespace penstock::learning {
namespace {

using testing::HasSubstr;

/// Its loss is how far x and y are from (0.3, b), and more in the first iterations.
class BowlLearner final : public Learner {
 public:
  const std::vector<HyperparameterDescription>& hyperparameters() const override { return known_; }
  Result<TrainedModel> Train(const TrainingData&, const LearnerOptions& options,
                             ExecutionContext&) const override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto values, ResolveHyperparameters(options.hyperparameters, known_));
    {
      const std::lock_guard lock(mutex_);
      ++num_trainings_;
    }
    if (values.at("x").get<double>() > 0.95)
      return InvalidArgument("The loss is no longer a number: epoch 1, step 1 of 1");
    if (values.at("x").get<double>() < 0.001) return NotFound("no data");
    const double distance =
        std::pow(values.at("x").get<double>() - 0.3, 2) + (values.at("y") == "b" ? 0 : 0.2);
    TrainedModel trained;
    trained.record.best_eval_loss = INFINITY;
    for (int64_t i = 1; i <= values.at("num_epochs").get<int64_t>(); ++i) {
      const IterationRecord losses{i, distance, distance + 1.0 / static_cast<double>(i)};
      trained.record.best_eval_loss = losses.eval_loss;
      if (options.on_iteration && !options.on_iteration(losses)) break;
    }
    return trained;
  }
  int num_trainings() const { return num_trainings_; }

 private:
  const std::vector<HyperparameterDescription> known_{
      {"x", "", 0.5, 0.0, 1.0}, {"y", "", "a", 0, 0, {"a", "b", "c"}}, {"num_epochs", "", 9, 1, 100}};
  mutable std::mutex mutex_;
  mutable int num_trainings_ = 0;
};

class TunerTest : public testing::Test {
 protected:
  Result<TuningResult> Search(const std::string& head, const std::string& folder = "", int num_threads = 2) {
    const auto space = ParseSearchSpace(
        "learner: bowl\nparameters: {x: {type: float, min: 0.01, max: 0.9}, y: [a, b, c]}\n" + head,
        "space.yaml");
    EXPECT_TRUE(space.ok()) << space.status();
    space_ = *space;
    const data::Batch batch = transform::MakeBatch({{"a", transform::ArrayOf(transform::Numbers{1, 2})}});
    const auto graph = transform::Analyze("label: a > 1\nfeatures: {a: a}\n", batch);
    const TrainingData data{.transform = std::make_shared<const transform::TransformGraph>(*graph)};
    const FakeClock clock;
    ExecutionContext context{{.num_threads = num_threads}, clock};
    return Tuner(space_, learner_, folder).Search(data, context);
  }

  double Best(const std::string& head) {
    const auto result = Search(head);
    EXPECT_TRUE(result.ok()) << result.status();
    return result->trials[result->best_trial].score;
  }

  BowlLearner learner_;
  SearchSpace space_;
};

TEST_F(TunerTest, GridTriesEveryCombination) {
  const auto result = Search("algorithm: grid\nmax_trials: 100\n");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->trials.size(), 15u);
  EXPECT_EQ(result->trials[result->best_trial].values["y"], "b");
}

TEST_F(TunerTest, TpeFindsBetterValuesThanChanceOnAverage) {
  double tpe = 0, random = 0;
  for (int seed = 0; seed < 10; ++seed) {
    tpe += Best(fmt::format("algorithm: tpe\nmax_trials: 30\nseed: {}\n", seed));
    random += Best(fmt::format("algorithm: random\nmax_trials: 30\nseed: {}\n", seed));
  }
  EXPECT_LT(tpe, random);
  EXPECT_LT(tpe / 10 - 1.0 / 9, 0.004);
}

TEST_F(TunerTest, ResultDoesNotDependOnThreads) {
  const auto one = Search("max_trials: 20\nparallel_trials: 4\n", "", 1);
  const auto many = Search("max_trials: 20\nparallel_trials: 4\n", "", 8);
  EXPECT_EQ(one->ToJson(), many->ToJson());
}

TEST_F(TunerTest, HyperbandSpendsMostIterationsOnTheBest) {
  const auto result = Search("algorithm: hyperband\nmax_trials: 9\nmax_iterations: 9\n");
  ASSERT_TRUE(result.ok()) << result.status();
  // Brackets of 9, 3 and 1 trials: 9 + 3 + 1, 3 + 1, 1.
  EXPECT_EQ(result->trials.size(), 18u);
  EXPECT_EQ(result->trials[0].iterations.size(), 1u);
  EXPECT_EQ(result->trials[12].iterations.size(), 9u);
  EXPECT_EQ(result->trials[result->best_trial].iterations.size(), 9u);
}

TEST_F(TunerTest, AshaRunsOneBracket) {
  const auto result = Search("algorithm: asha\nmax_trials: 9\nmax_iterations: 9\nparallel_trials: 3\n");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->trials.size(), 13u);
}

TEST_F(TunerTest, CutsPoorTrialsShort) {
  const auto result = Search("algorithm: random\nmax_trials: 20\nstops_poor_trials: true\n");
  ASSERT_TRUE(result.ok()) << result.status();
  int num_cut = 0;
  for (const Trial& trial : result->trials) num_cut += trial.is_cut;
  EXPECT_GE(num_cut, 3);
  EXPECT_FALSE(result->trials[result->best_trial].is_cut);
}

TEST_F(TunerTest, DoesNotRepeatTheTrialsOfAnEarlierAttempt) {
  const std::string folder = testing::TempDir() + "tuner_test";
  std::filesystem::remove_all(folder);
  const auto first = Search("max_trials: 12\n", folder);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(learner_.num_trainings(), 12);
  std::filesystem::remove(folder + "/trials/trial-00007.json");
  std::ofstream(folder + "/trials/trial-00009.json") << "{damaged";
  const auto second = Search("max_trials: 12\n", folder);
  EXPECT_EQ(learner_.num_trainings(), 14);
  EXPECT_EQ(second->ToJson(), first->ToJson());
  // Of another search.
  ASSERT_TRUE(Search("max_trials: 12\nseed: 3\n", folder).ok());
  EXPECT_EQ(learner_.num_trainings(), 26);
  std::filesystem::remove_all(folder);
}

TEST_F(TunerTest, RecordsTrialsThatDivergeAndGoesOn) {
  const auto space =
      ParseSearchSpace("learner: bowl\nalgorithm: grid\nparameters: {x: [0.5, 0.99], y: b}\n", "s");
  const data::Batch batch = transform::MakeBatch({{"a", transform::ArrayOf(transform::Numbers{1, 2})}});
  const auto graph = transform::Analyze("label: a > 1\nfeatures: {a: a}\n", batch);
  const TrainingData data{.transform = std::make_shared<const transform::TransformGraph>(*graph)};
  const FakeClock clock;
  ExecutionContext context{{}, clock};
  const auto result = Tuner(*space, learner_, "").Search(data, context);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->best_trial, 0);
  EXPECT_THAT(result->trials[1].failure, HasSubstr("no longer a number"));
  EXPECT_EQ(result->ToJson()["trials"][1]["status"], "FAILED");
  const auto bad = ParseSearchSpace("learner: bowl\nparameters: {x: [0.0]}\n", "s");
  EXPECT_EQ(Tuner(*bad, learner_, "").Search(data, context).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace penstock::learning
