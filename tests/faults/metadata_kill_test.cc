#include <signal.h>
#include <unistd.h>

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/metadata_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/metadata/database/database_store.h"

namespace penstock::metadata {
namespace {

constexpr int kNumOutputs = 3;

ExecutionPlan PlanOf(int number) {
  ExecutionPlan plan;
  plan.run_id = "run-1";
  plan.pipeline_name = "taxi";
  plan.node_id = "node-" + std::to_string(number);
  plan.component_type = "Trainer";
  plan.cache_key = DigestOf(plan.node_id);
  return plan;
}

/// Begins and finishes executions until it is killed, from `number` on; writes one byte to
/// `acknowledgements` for each that the store said is finished. Each step appends one event.
int WriteUntilKilled(const std::string& path, int number, int acknowledgements) {
  const SystemClock clock;
  const auto store = OpenStore(path, clock);
  if (!store.ok()) return 1;
  const auto history = (*store)->ReadRunEvents("run-1");
  if (!history.ok()) return 2;
  auto num_events = static_cast<int64_t>(history->size());
  for (;; ++number) {
    const std::vector<std::string> begun = {"begun"};
    const auto id = (*store)->BeginExecution(PlanOf(number), {num_events++, begun});
    if (!id.ok()) return 3;
    ExecutionOutcome outcome;
    for (int i = 0; i < kNumOutputs; ++i) {
      outcome.outputs["output"].push_back({.type = "Model", .uri = "/m", .content = DigestOf("m")});
    }
    const std::vector<std::string> finished = {"finished"};
    if (!(*store)->FinishExecution(*id, outcome, {num_events++, finished}).ok()) return 4;
    if (write(acknowledgements, "x", 1) != 1) return 5;
  }
}

/// Keeps the processor busy, so that the kill after it falls elsewhere from round to round.
void Spin(int64_t num_steps) {
  std::atomic<int64_t> num_done = 0;
  while (num_done.fetch_add(1) < num_steps) {
  }
}

struct Counts {
  int num_executions = 0;
  int num_finished = 0;
};

/// Every execution is either begun, with no output, or finished, with all; each step has its event.
Counts ExpectWholeTransactions(MetadataStore& store) {
  Counts counts;
  const auto executions = store.FindExecutions("run-1");
  EXPECT_TRUE(executions.ok()) << executions.status();
  for (const Execution& execution : *executions) {
    ++counts.num_executions;
    const auto outputs = store.OutputsOf(execution.id);
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    if (execution.state == ExecutionState::kRunning) {
      EXPECT_TRUE(outputs->empty());
      continue;
    }
    ++counts.num_finished;
    EXPECT_EQ(execution.state, ExecutionState::kComplete);
    EXPECT_EQ(outputs->at("output").size(), static_cast<size_t>(kNumOutputs));
    for (const auto& artifact : outputs->at("output")) {
      EXPECT_EQ(artifact.state, pipeline::ArtifactState::kLive);
      EXPECT_EQ(artifact.content, DigestOf("m"));
    }
  }
  const auto events = store.ReadRunEvents("run-1");
  EXPECT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->size(), static_cast<size_t>(counts.num_executions + counts.num_finished));
  const auto artifacts = store.FindArtifacts({.limit = 1'000'000});
  EXPECT_TRUE(artifacts.ok()) << artifacts.status();
  EXPECT_EQ(artifacts->size(), static_cast<size_t>(counts.num_finished * kNumOutputs));
  return counts;
}

TEST(MetadataKillTest, HoldsWholeTransactionsAfterEveryKill) {
  const std::string folder = NewFolder();
  const std::string path = folder + "/metadata.sqlite";
  const SystemClock clock;
  {
    const auto store = OpenStore(path, clock);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->CreateRun({.run_id = "run-1", .pipeline_name = "taxi"}).ok());
  }
  int num_acknowledged = 0;
  int number = 0;
  for (int round = 0; round < 25; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = StartChild([&] {
      close(pipe_ends[0]);
      return WriteUntilKilled(path, number, pipe_ends[1]);
    });
    close(pipe_ends[1]);
    char byte = 0;
    for (int i = 0; i <= round % 4; ++i) {
      ASSERT_EQ(read(pipe_ends[0], &byte, 1), 1) << "the child ended by itself";
      ++num_acknowledged;
    }
    // The child is now somewhere in its next steps.
    Spin(round * 400'000);
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(WaitForChild(child), -SIGKILL);
    while (read(pipe_ends[0], &byte, 1) == 1) ++num_acknowledged;
    close(pipe_ends[0]);

    const auto store = OpenStore(path, clock);
    ASSERT_TRUE(store.ok()) << store.status();
    const Counts counts = ExpectWholeTransactions(**store);
    EXPECT_GE(counts.num_finished, num_acknowledged);
    number = counts.num_executions;
  }
  EXPECT_EQ(IntegrityOf(path), "ok");
  EXPECT_GT(number, 25);
  EXPECT_TRUE(fs::RemoveAll(folder).ok());
}

TEST(MetadataKillTest, MakesStoreWholeWhenKilledWhileMakingIt) {
  const SystemClock clock;
  for (int round = 0; round < 10; ++round) {
    const std::string folder = NewFolder();
    const std::string path = folder + "/metadata.sqlite";
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = StartChild([&] {
      const bool said = write(pipe_ends[1], "x", 1) == 1;
      const auto store = OpenStore(path, clock);
      return said && store.ok() ? 0 : 1;
    });
    char byte = 0;
    ASSERT_EQ(read(pipe_ends[0], &byte, 1), 1);
    Spin(round * 3'000'000);
    kill(child, SIGKILL);
    const int ending = WaitForChild(child);
    EXPECT_TRUE(ending == 0 || ending == -SIGKILL) << ending;
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    const auto store = OpenStore(path, clock);
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE((*store)->CreateRun({.run_id = "r", .pipeline_name = "taxi"}).ok());
    EXPECT_EQ(IntegrityOf(path), "ok");
    EXPECT_TRUE(fs::RemoveAll(folder).ok());
  }
}

}  // namespace
}  // namespace penstock::metadata
