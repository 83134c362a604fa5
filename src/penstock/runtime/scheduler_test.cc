#include "penstock/runtime/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

pipeline::TaskView Task(std::string id, std::vector<std::string> dependencies = {}, int num_retries = 0) {
  pipeline::TaskView task;
  task.id = std::move(id);
  task.dependencies = std::move(dependencies);
  task.retry = {
      .num_retries = num_retries, .backoff_seconds = 2, .backoff_factor = 3, .max_backoff_seconds = 10};
  return task;
}

/// a -> b -> d, a -> c -> d.
pipeline::PipelineView Diamond(int num_retries = 0) {
  pipeline::PipelineView view;
  view.tasks = {Task("a", {}, num_retries), Task("b", {"a"}), Task("c", {"a"}), Task("d", {"b", "c"})};
  return view;
}

/// What Decide says, one word each.
std::vector<std::string> Words(const std::vector<Command>& commands) {
  std::vector<std::string> words;
  for (const auto& what : commands) {
    if (const auto* launch = std::get_if<command::LaunchNode>(&what)) {
      words.push_back(fmt::format("launch {} #{}", launch->node, launch->attempt));
    } else if (const auto* skip = std::get_if<command::SkipNode>(&what)) {
      words.push_back(fmt::format("skip {} for {}", skip->node, skip->cause));
    } else if (const auto* wait = std::get_if<command::WaitUntil>(&what)) {
      words.push_back(fmt::format("wait {}", wait->time.micros));
    } else {
      words.push_back(std::get<command::CompleteRun>(what).succeeded ? "complete" : "complete failed");
    }
  }
  return words;
}

class SchedulerTest : public testing::Test {
 protected:
  void Happen(decltype(RunEvent::what) what, int64_t micros = 0) {
    state_ = Apply(std::move(state_), {{micros}, std::move(what)});
  }
  std::vector<std::string> Next(int64_t now_micros = 0, int max_running = 8) {
    return Words(Decide(pipeline_, state_, {now_micros}, max_running));
  }

  pipeline::PipelineView pipeline_ = Diamond();
  RunState state_;
};

TEST_F(SchedulerTest, StartsWithWhatDependsOnNothing) { EXPECT_THAT(Next(), ElementsAre("launch a #1")); }

TEST_F(SchedulerTest, SaysNothingWhileTheOnlyReadyNodeRuns) {
  Happen(event::NodeLaunched{"a", 1});
  EXPECT_THAT(Next(), IsEmpty());
}

TEST_F(SchedulerTest, StartsIndependentNodesTogether) {
  Happen(event::NodeSucceeded{"a"});
  EXPECT_THAT(Next(), ElementsAre("launch b #1", "launch c #1"));
}

TEST_F(SchedulerTest, StartsNoMoreThanMayRun) {
  Happen(event::NodeSucceeded{"a"});
  EXPECT_THAT(Next(0, 1), ElementsAre("launch b #1"));
  Happen(event::NodeLaunched{"b", 1});
  EXPECT_THAT(Next(0, 1), IsEmpty());
}

TEST_F(SchedulerTest, WaitsForEveryDependency) {
  Happen(event::NodeSucceeded{"a"});
  Happen(event::NodeSucceeded{"b"});
  Happen(event::NodeLaunched{"c", 1});
  EXPECT_THAT(Next(), IsEmpty());
  Happen(event::NodeSucceeded{"c"});
  EXPECT_THAT(Next(), ElementsAre("launch d #1"));
}

TEST_F(SchedulerTest, CompletesWhenAllSucceeded) {
  for (const char* node : {"a", "b", "c", "d"}) Happen(event::NodeSucceeded{node});
  EXPECT_THAT(Next(), ElementsAre("complete"));
  Happen(event::RunCompleted{true});
  EXPECT_THAT(Next(), IsEmpty());
}

TEST_F(SchedulerTest, SkipsWhatDependsOnAFailedNodeAndGoesOnWithTheRest) {
  Happen(event::NodeSucceeded{"a"});
  Happen(event::NodeFailed{"b", StatusCode::kUnavailable, "broken"});
  EXPECT_THAT(Next(), ElementsAre("launch c #1", "skip d for b"));
}

TEST_F(SchedulerTest, NamesTheFirstCauseOfALongChainOfSkips) {
  Happen(event::NodeFailed{"a", StatusCode::kUnavailable, "broken"});
  EXPECT_THAT(Next(), ElementsAre("skip b for a", "skip c for a"));
  Happen(event::NodeSkipped{"b", "a"});
  Happen(event::NodeSkipped{"c", "a"});
  EXPECT_THAT(Next(), ElementsAre("skip d for a"));
  Happen(event::NodeSkipped{"d", "a"});
  EXPECT_THAT(Next(), ElementsAre("complete failed"));
}

TEST_F(SchedulerTest, TriesAgainAfterAGrowingBackoffThatIsCapped) {
  pipeline_ = Diamond(/*num_retries=*/3);
  Happen(event::NodeLaunched{"a", 1});
  Happen(event::NodeFailed{"a", StatusCode::kUnavailable, "flaky"}, 1'000'000);
  EXPECT_THAT(Next(2'999'999), ElementsAre("wait 3000000"));
  EXPECT_THAT(Next(3'000'000), ElementsAre("launch a #2"));
  Happen(event::NodeLaunched{"a", 2});
  Happen(event::NodeFailed{"a", StatusCode::kUnavailable, "flaky"}, 10'000'000);
  EXPECT_THAT(Next(10'000'000), ElementsAre("wait 16000000"));
  Happen(event::NodeLaunched{"a", 3});
  Happen(event::NodeFailed{"a", StatusCode::kUnavailable, "flaky"}, 20'000'000);
  EXPECT_THAT(Next(20'000'000), ElementsAre("wait 30000000"));  // 18 s, but for the cap of 10.
}

TEST_F(SchedulerTest, GivesUpWhenTheRetriesAreSpent) {
  pipeline_ = Diamond(/*num_retries=*/1);
  for (int attempt : {1, 2}) {
    Happen(event::NodeLaunched{"a", attempt});
    Happen(event::NodeFailed{"a", StatusCode::kUnavailable, "broken"});
  }
  EXPECT_THAT(Next(100'000'000), ElementsAre("skip b for a", "skip c for a"));
}

TEST_F(SchedulerTest, NeverTriesBadInputAgain) {
  pipeline_ = Diamond(/*num_retries=*/5);
  Happen(event::NodeFailed{"a", StatusCode::kInvalidArgument, "row 7 is ragged"});
  EXPECT_THAT(Next(100'000'000), ElementsAre("skip b for a", "skip c for a"));
}

TEST_F(SchedulerTest, StartsAnInterruptedNodeAgainAtOnceWithoutCountingIt) {
  Happen(event::NodeLaunched{"a", 1});
  Happen(event::NodeInterrupted{"a"});
  EXPECT_THAT(Next(), ElementsAre("launch a #2"));
}

TEST_F(SchedulerTest, StartsNothingAfterACancellationAndCompletesWhenNothingRuns) {
  Happen(event::NodeSucceeded{"a"});
  Happen(event::NodeLaunched{"b", 1});
  Happen(event::CancelRequested{});
  EXPECT_THAT(Next(), IsEmpty());
  Happen(event::NodeFailed{"b", StatusCode::kCancelled, "stopped"});
  EXPECT_THAT(Next(), ElementsAre("complete failed"));
}

TEST_F(SchedulerTest, DecidesTheSameForTheSameStateHoweverOftenAsked) {
  Happen(event::NodeSucceeded{"a"});
  EXPECT_EQ(Next(5), Next(5));
}

TEST_F(SchedulerTest, MapsTheEndOfARunToExitCodes) {
  Happen(event::NodeSucceeded{"a"});
  Happen(event::RunCompleted{true});
  EXPECT_EQ(ExitCodeOf(state_), 0);
  Happen(event::NodeSucceeded{.node = "b", .refusal = "AUC too low"});
  EXPECT_EQ(ExitCodeOf(state_), 3);
  Happen(event::RunCompleted{false});
  Happen(event::NodeFailed{"c", StatusCode::kUnavailable, "crash"});
  EXPECT_EQ(ExitCodeOf(state_), 1);
  Happen(event::NodeFailed{"d", StatusCode::kDataLoss, "truncated"});
  EXPECT_EQ(ExitCodeOf(state_), 2);
}

}  // namespace
}  // namespace penstock::runtime
