#include <sys/stat.h>

#include <thread>

#include "conformance/metadata_store_suite.h"

namespace penstock::metadata {
namespace {

TEST_P(MetadataStoreSuite, ServesManyThreadsAtOnce) {
  constexpr int kNumThreads = 6;
  constexpr int kNumExecutions = 12;
  std::vector<Status> statuses(kNumThreads);
  const auto work = [&](int thread) -> Status {
    for (int i = 0; i < kNumExecutions; ++i) {
      // All threads meet in the same types and contexts; every second pair also in the same attempt.
      ExecutionPlan plan = Plan("Node" + std::to_string(thread / 2) + "." + std::to_string(i));
      PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, store().BeginExecution(plan));
      ExecutionOutcome outcome;
      outcome.outputs = {{"model", {NewArtifact("Model", "/" + plan.node_id)}}};
      PENSTOCK_RETURN_IF_ERROR(store().FinishExecution(id, outcome).status());
      PENSTOCK_ASSIGN_OR_RETURN(const auto cached, store().FindCached(plan.cache_key));
      if (!cached.has_value() || cached->execution_id != id) return Internal("{} is not found", plan.node_id);
      PENSTOCK_RETURN_IF_ERROR(store().FindArtifacts({.pipeline_name = "taxi", .limit = 3}).status());
    }
    return OkStatus();
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kNumThreads; ++i) threads.emplace_back([&, i] { statuses[i] = work(i); });
  for (std::thread& thread : threads) thread.join();
  for (const Status& status : statuses) EXPECT_TRUE(status.ok()) << status;

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto executions, store().FindExecutions("run-1"));
  EXPECT_EQ(executions.size(), kNumThreads / 2 * kNumExecutions);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto models, store().FindArtifacts({.type = "Model", .limit = 1000}));
  EXPECT_EQ(models.size(), kNumThreads / 2 * kNumExecutions);
}

TEST_P(MetadataStoreSuite, SharesOneStoreBetweenTwoOpeners) {
  std::unique_ptr<MetadataStore> other;
  PENSTOCK_ASSERT_OK_AND_ASSIGN(other, GetParam().open(folder(), clock()));
  PENSTOCK_ASSERT_OK(store().CreateRun(NewRun("r")));
  constexpr int kNumRuns = 25;
  Status status;
  std::thread writer([&] {
    for (int i = 0; i < kNumRuns && status.ok(); ++i)
      status = other->CreateRun(NewRun("x" + std::to_string(i)));
  });
  for (int i = 0; i < kNumRuns; ++i) EXPECT_TRUE(store().CreateRun(NewRun("y" + std::to_string(i))).ok());
  writer.join();
  EXPECT_TRUE(status.ok()) << status;
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto runs, other->FindRuns());
  EXPECT_EQ(runs.size(), 2 * kNumRuns + 1);
}

TEST_P(MetadataStoreSuite, LetsSeveralMakeTheStoreAtOnce) {
  const std::string fresh = folder() + "/fresh";
  ASSERT_EQ(mkdir(fresh.c_str(), 0755), 0);
  std::vector<Status> statuses(4);
  std::vector<std::thread> threads;
  for (Status& status : statuses) {
    threads.emplace_back([&] { status = GetParam().open(fresh, clock()).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace penstock::metadata
