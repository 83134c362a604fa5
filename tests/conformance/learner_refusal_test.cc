// What every learner refuses, and how it says so.
#include <limits>

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "conformance/learner_suite.h"
#include "penstock/learning/boosted_trees/boosted_trees_learner.h"
#include "penstock/learning/network/network_learner.h"

namespace penstock::learning {
namespace {

using testing::HasSubstr;

class LearnerRefusalTest : public testing::TestWithParam<LearnerCase> {};

TEST_P(LearnerRefusalTest, RefusesLabelOfOneClassWithCounts) {
  if (!GetParam().has_label) GTEST_SKIP() << "learns without labels";
  LearnerRun run(GetParam());
  run.label = "label: y > 1000\n";
  EXPECT_THAT(run.Refusal(), HasSubstr("0 examples are positive, 1000 negative"));
}

TEST_P(LearnerRefusalTest, NamesSplitWithoutExamples) {
  LearnerRun run(GetParam());
  run.train.clear();
  EXPECT_THAT(run.Refusal(), HasSubstr("Split 'train' has no examples"));
  run.train = LinearExamples(1, 10);
  run.eval.clear();
  EXPECT_THAT(run.Refusal(), HasSubstr("Split 'eval' has no examples"));
}

TEST_P(LearnerRefusalTest, NamesSplitWithoutLabels) {
  if (!GetParam().has_label) GTEST_SKIP() << "learns without labels";
  LearnerRun run(GetParam());
  run.eval = {{1, 1, "x", std::nullopt}, {1, 2, "x", std::nullopt}};
  EXPECT_THAT(run.Refusal(), HasSubstr("Split 'eval' has no example with a label: all 2 lack it"));
}

TEST_P(LearnerRefusalTest, RefusesTransformWithoutLabel) {
  if (!GetParam().has_label) GTEST_SKIP() << "learns without labels";
  LearnerRun run(GetParam());
  run.label = "";
  EXPECT_THAT(run.Refusal(), HasSubstr("`label:`"));
}

TEST_P(LearnerRefusalTest, NamesNearestHyperparameter) {
  LearnerRun run(GetParam());
  run.hyperparameters["learning_rat"] = 0.1;
  EXPECT_THAT(run.Refusal(), HasSubstr("did you mean 'learning_rate'?"));
}

TEST_P(LearnerRefusalTest, RefusesHyperparameterOutOfRange) {
  LearnerRun run(GetParam());
  run.hyperparameters["learning_rate"] = -1;
  EXPECT_THAT(run.Refusal(), HasSubstr("'learning_rate' must be a number from"));
}

TEST_P(LearnerRefusalTest, RefusesLabelsThatAreNotFiniteByRow) {
  if (!GetParam().has_label) GTEST_SKIP() << "learns without labels";
  // What TransformGraph::Apply would never give, as an edited file might hold it.
  const LearnerRun run(GetParam());
  const auto graph = run.Graph();
  const data::Batch good = *graph->Apply(RawBatch(LinearExamples(1, 5)));
  for (double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 0.5}) {
    arrow::DoubleBuilder labels;
    EXPECT_TRUE(labels.AppendValues({0, 1, 0, bad, 1}).ok());
    const int index = good->schema()->GetFieldIndex(std::string(transform::kLabelColumn));
    const data::Batch edited =
        *good->SetColumn(index, good->schema()->field(index), labels.Finish().ValueOrDie());
    const TestShards shards({good->Slice(0, 2), edited});
    LearnerCatalog catalog("learner");
    ASSERT_TRUE(RegisterBoostedTreesLearner(catalog).ok());
    ASSERT_TRUE(RegisterNetworkLearners(catalog).ok());
    const FakeClock clock;
    ExecutionContext context{{}, clock};
    const Status status = (**catalog.Find(GetParam().learner))
                              ->Train({.train = &shards, .eval = &shards, .transform = graph}, {}, context)
                              .status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("Split 'train' cannot be learned from: in row 6, the label is"));
  }
}

TEST_P(LearnerRefusalTest, StopsWhenCancelled) {
  CancellationToken token;
  token.Cancel();
  LearnerRun run(GetParam());
  run.cancellation = &token;
  EXPECT_EQ(run.Train().status().code(), StatusCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Learners, LearnerRefusalTest, testing::ValuesIn(LearnerCases()), NameOfCase);

}  // namespace
}  // namespace penstock::learning
