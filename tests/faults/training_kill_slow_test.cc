// Every learner, killed twice by SIGKILL: each time it goes on from its checkpoint. That the model is then
// the one of an uninterrupted training, to the bit, tests/conformance/learner_training_test.cc shows.
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <penstock/training.pb.h>

#include "faults/pipeline_folder.h"
#include "penstock/base/filesystem.h"

namespace penstock::faults {
namespace {

using Checkpoint = learning::v1::TrainingCheckpoint;

struct Endless {
  const char* learner;
  std::vector<std::string> parameters;  // So many iterations that no machine ends them.
};

class TrainingKillTest : public testing::TestWithParam<Endless> {
 protected:
  TrainingKillTest() {
    folder_.Write("features.yaml",
                  "label: y > 0\nfeatures:\n  x: x\n  square: x * x\n  hot: one_hot(bucketize(x, 4), 4)\n");
    folder_.Write("train.csv", GoodRows());
  }

  /// Trains until a checkpoint is there that `before` is not, then kills it; the checkpoint.
  Checkpoint TrainUntilKilled(const std::string& before) const {
    std::vector<std::string> arguments = {
        "train",         "--data",    "train.csv",        "--eval-data", "train.csv", "--transform",
        "features.yaml", "--learner", GetParam().learner, "-o",          "model"};
    for (const std::string& parameter : GetParam().parameters) {
      arguments.push_back("--param");
      arguments.push_back(parameter);
    }
    Program program({.arguments = arguments, .working_directory = folder_.path(), .set_up = {}});
    Result<std::string> bytes = before;
    while (program.IsRunning() && (!bytes.ok() || *bytes == before)) bytes = fs::ReadFile(path_);
    program.Send(SIGKILL);
    const Ending ending = program.Wait();
    EXPECT_EQ(ending.signal, SIGKILL) << "it ended before it could be killed: " << ending.Describe();
    Checkpoint checkpoint;
    const Result<std::string> kept = fs::ReadFile(path_);
    EXPECT_TRUE(kept.ok() && checkpoint.ParseFromString(*kept)) << "the checkpoint is not whole";
    return checkpoint;
  }

  const PipelineFolder folder_;
  const std::string path_ = fs::Join(folder_.path(), "model/checkpoint/checkpoint.pb");
};

TEST_P(TrainingKillTest, GoesOnFromItsCheckpoint) {
  const Checkpoint first = TrainUntilKilled("");
  ASSERT_GT(first.iterations_size(), 0);
  const Checkpoint second = TrainUntilKilled(*fs::ReadFile(path_));
  EXPECT_EQ(second.fingerprint(), first.fingerprint());
  ASSERT_GT(second.iterations_size(), first.iterations_size());
  for (int i = 0; i < first.iterations_size(); ++i) {
    EXPECT_EQ(second.iterations(i).train_loss(), first.iterations(i).train_loss()) << i;
    EXPECT_EQ(second.iterations(i).eval_loss(), first.iterations(i).eval_loss()) << i;
  }
}

const std::vector<std::string> kEndlessEpochs = {"num_epochs=100000", "early_stopping_epochs=100000"};

INSTANTIATE_TEST_SUITE_P(
    Learners, TrainingKillTest,
    testing::Values(Endless{"boosted_trees",
                            {"num_rounds=100000", "early_stopping_rounds=100000", "learning_rate=0.0001"}},
                    Endless{"linear", kEndlessEpochs}, Endless{"dense", kEndlessEpochs},
                    Endless{"wide_and_deep", kEndlessEpochs}, Endless{"lstm", kEndlessEpochs},
                    Endless{"autoencoder", kEndlessEpochs}),
    [](const auto& info) { return std::string(info.param.learner); });

}  // namespace
}  // namespace penstock::faults
