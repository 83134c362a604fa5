// Splits that are larger than shuffle_buffer are read from disk in windows: what is learned of them.
#include <cmath>

#include <gmock/gmock.h>

#include "conformance/learner_suite.h"

namespace penstock::learning {
namespace {

class StreamedTrainingTest : public testing::TestWithParam<LearnerCase> {};

std::string Bytes(const model::Model& model) {
  const auto bytes = model.Encode();
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return *bytes;
}

std::vector<LearnerCase> Networks() {
  std::vector<LearnerCase> networks;
  for (const LearnerCase& learner : LearnerCases()) {
    if (learner.learner == "linear" || learner.learner == "wide_and_deep" || learner.learner == "dense")
      networks.push_back(learner);
  }
  return networks;
}

TEST_P(StreamedTrainingTest, LearnsAsWellAsInMemory) {
  LearnerRun in_memory(GetParam()), streamed(GetParam());
  streamed.hyperparameters["batch_size"] = 32;
  streamed.hyperparameters["shuffle_buffer"] = 128;
  in_memory.hyperparameters["batch_size"] = 32;
  const TrainedModel one = in_memory.Ok(), other = streamed.Ok();
  EXPECT_EQ(other.record.num_train_examples, 1000);
  EXPECT_GT(AucOf(PredictAll(*other.model, streamed.eval), streamed.eval), 0.93);
  EXPECT_NEAR(other.record.best_eval_loss, one.record.best_eval_loss, 0.3 * one.record.best_eval_loss);
}

TEST_P(StreamedTrainingTest, MeasuresAStreamedEvalSplitAsOneInMemory) {
  LearnerRun in_memory(GetParam()), streamed(GetParam());
  in_memory.eval = streamed.eval = LinearExamples(2, 3000);
  // The train split's 1,000 examples are in memory in both.
  streamed.hyperparameters["batch_size"] = in_memory.hyperparameters["batch_size"] = 100;
  streamed.hyperparameters["shuffle_buffer"] = 1000;
  in_memory.hyperparameters["shuffle_buffer"] = 10000;
  const TrainedModel one = in_memory.Ok(), other = streamed.Ok();
  ASSERT_EQ(one.record.iterations.size(), other.record.iterations.size());
  for (size_t i = 0; i < one.record.iterations.size(); ++i) {
    EXPECT_EQ(one.record.iterations[i].train_loss, other.record.iterations[i].train_loss);
    EXPECT_NEAR(one.record.iterations[i].eval_loss, other.record.iterations[i].eval_loss, 1e-9);
  }
  EXPECT_EQ(PredictAll(*one.model, in_memory.eval), PredictAll(*other.model, in_memory.eval));
}

TEST_P(StreamedTrainingTest, GivesTheSameBitsWhateverTheThreads) {
  LearnerRun one(GetParam()), four(GetParam());
  for (LearnerRun* run : {&one, &four}) {
    run->hyperparameters["batch_size"] = 64;
    run->hyperparameters["shuffle_buffer"] = 256;
  }
  one.num_threads = 1;
  four.num_threads = 4;
  EXPECT_EQ(Bytes(*one.Ok().model), Bytes(*four.Ok().model));
}

TEST_P(StreamedTrainingTest, AnotherOrderOfTheExamplesIsAnotherSeed) {
  LearnerRun one(GetParam()), other(GetParam());
  for (LearnerRun* run : {&one, &other}) {
    run->hyperparameters["batch_size"] = 64;
    run->hyperparameters["shuffle_buffer"] = 256;
  }
  other.seed = 6;
  EXPECT_NE(Bytes(*one.Ok().model), Bytes(*other.Ok().model));
}

INSTANTIATE_TEST_SUITE_P(Networks, StreamedTrainingTest, testing::ValuesIn(Networks()), NameOfCase);

}  // namespace
}  // namespace penstock::learning
