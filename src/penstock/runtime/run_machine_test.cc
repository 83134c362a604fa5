#include "penstock/runtime/run_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/runtime/machine_driver_testing.h"

namespace penstock::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Leaf;
using testing::MachineDriver;

constexpr const char* kAlways = "triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}";
constexpr const char* kCondition = "triggerPolicy: {condition: 'true'}";
constexpr const char* kLoop = "parameterIterator: {itemInput: i, items: {raw: '[]'}}";

std::string Dag(const std::string& name, const std::string& component, const std::string& after = "",
                const std::string& more = "") {
  return name + ": {componentRef: {name: " + component + "}" +
         (after.empty() ? "" : ", dependentTasks: [" + after + "]") + (more.empty() ? "" : ", " + more) + "}";
}

std::function<Status(const std::string&, int)> FailsAt(const std::string& path, int num_times = 1000) {
  return [=](const std::string& at, int attempt) {
    return at == path && attempt <= num_times ? Unavailable("it broke") : OkStatus();
  };
}

TEST(RunMachineTest, StartsTasksInTheOrderOfTheirDependencies) {
  MachineDriver driver(Leaf("c", "b") + ", " + Leaf("b", "a") + ", " + Leaf("a"));
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded);
  EXPECT_THAT(driver.order, ElementsAre("a", "b", "c"));
}

TEST(RunMachineTest, SkipsWhatDependsOnAFailureAndGoesOnWithTheRest) {
  MachineDriver driver(Leaf("a") + ", " + Leaf("b", "a") + ", " + Leaf("c", "b") + ", " + Leaf("d"));
  driver.fails = FailsAt("a");
  EXPECT_EQ(driver.Run(), RuntimeState::kFailed);
  EXPECT_EQ(driver.StateOf("b"), RuntimeState::kSkipped);
  EXPECT_EQ(driver.At("c").error.message(), "a failed");
  EXPECT_EQ(driver.StateOf("d"), RuntimeState::kSucceeded);
  EXPECT_THAT(std::string(driver.machine->task(0).error.message()), HasSubstr("Task 'a' failed: it broke"));
}

TEST(RunMachineTest, RunsExitTaskAfterFailureAndFailsAllTheSame) {
  MachineDriver driver(Dag("work", "inner") + ", " + Leaf("exit", "work", kAlways),
                       "inner: {dag: {tasks: {" + Leaf("a") + ", " + Leaf("b", "a") + "}}}");
  driver.fails = FailsAt("work/a");
  EXPECT_EQ(driver.Run(), RuntimeState::kFailed);
  EXPECT_EQ(driver.StateOf("work"), RuntimeState::kFailed);
  EXPECT_EQ(driver.StateOf("work/b"), RuntimeState::kSkipped);
  EXPECT_EQ(driver.StateOf("exit"), RuntimeState::kSucceeded);
}

TEST(RunMachineTest, ExitTaskWaitsForAllItDependsOn) {
  MachineDriver driver(Leaf("a") + ", " + Leaf("b") + ", " + Leaf("exit", "a, b", kAlways));
  driver.fails = FailsAt("a");
  EXPECT_EQ(driver.Run(), RuntimeState::kFailed);
  EXPECT_THAT(driver.order, ElementsAre("a", "b", "exit"));
}

TEST(RunMachineTest, SkipsFalseConditionAndWhatWaitsForIt) {
  MachineDriver driver(Dag("if", "inner", "", kCondition) + ", " + Leaf("after", "if") + ", " + Leaf("b"),
                       "inner: {dag: {tasks: {" + Leaf("a") + "}}}");
  driver.false_conditions = {"if"};
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded) << "a condition that is false is no failure";
  EXPECT_EQ(driver.StateOf("if"), RuntimeState::kSkipped);
  EXPECT_EQ(driver.StateOf("after"), RuntimeState::kSkipped);
  EXPECT_EQ(driver.At("after").error.message(), "if was skipped");
}

TEST(RunMachineTest, OpensConditionThatIsTrue) {
  MachineDriver driver(Dag("if", "inner", "", kCondition), "inner: {dag: {tasks: {" + Leaf("a") + "}}}");
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded);
  EXPECT_THAT(driver.order, ElementsAre("if", "if/a"));
}

TEST(RunMachineTest, RunsLoopWithItsLimitInOrder) {
  MachineDriver driver(
      Dag("loop", "inner", "", std::string(kLoop) + ", iteratorPolicy: {parallelismLimit: 2}"),
      "inner: {dag: {tasks: {" + Leaf("a") + "}}}");
  driver.iterations = {{"loop", 5}};
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded);
  EXPECT_THAT(driver.order, ElementsAre("loop", "loop/0/a", "loop/1/a", "loop/2/a", "loop/3/a", "loop/4/a"));
  EXPECT_EQ(driver.most_running, 2U);
}

TEST(RunMachineTest, LoopOverNothingSucceeds) {
  MachineDriver driver(Dag("loop", "inner", "", kLoop) + ", " + Leaf("after", "loop"),
                       "inner: {dag: {tasks: {" + Leaf("a") + "}}}");
  driver.iterations = {{"loop", 0}};
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded);
  EXPECT_THAT(driver.order, ElementsAre("loop", "after"));
}

TEST(RunMachineTest, LoopRunsAllIterationsAndFailsWithOne) {
  MachineDriver driver(Leaf("loop", "", kLoop) + ", " + Leaf("after", "loop"));
  driver.iterations = {{"loop", 3}};
  driver.fails = FailsAt("loop/1");
  EXPECT_EQ(driver.Run(), RuntimeState::kFailed);
  EXPECT_EQ(driver.StateOf("loop/2"), RuntimeState::kSucceeded);
  EXPECT_EQ(driver.StateOf("after"), RuntimeState::kSkipped);
}

TEST(RunMachineTest, NestsLoopsInLoops) {
  MachineDriver driver(Dag("outer", "one", "", kLoop), "one: {dag: {tasks: {" +
                                                           Dag("inner", "two", "", kLoop) +
                                                           "}}}, two: {dag: {tasks: {" + Leaf("a") + "}}}");
  driver.iterations = {{"outer", 2}, {"inner", 2}};
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded);
  EXPECT_EQ(driver.StateOf("outer/1/inner/1/a"), RuntimeState::kSucceeded);
}

struct RetryCase {
  const char* name;
  int num_failures;
  const char* policy;
  RuntimeState state;
  int num_attempts;
  int64_t seconds;  ///< That the backoff took.
};

class RetryTable : public ::testing::TestWithParam<RetryCase> {};

TEST_P(RetryTable, TriesAgainAsThePolicySays) {
  MachineDriver driver(Leaf("a", "", GetParam().policy));
  driver.fails = FailsAt("a", GetParam().num_failures);
  const Timestamp start = driver.now;
  EXPECT_EQ(driver.Run(), GetParam().state);
  EXPECT_EQ(driver.At("a").num_attempts, GetParam().num_attempts);
  EXPECT_EQ((driver.now.micros - start.micros) / 1'000'000, GetParam().seconds);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RetryTable,
    ::testing::Values(RetryCase{"none", 1, "cachingOptions: {}", RuntimeState::kFailed, 1, 0},
                      RetryCase{"once", 1, "retryPolicy: {maxRetryCount: 1, backoffDuration: 0s}",
                                RuntimeState::kSucceeded, 2, 0},
                      RetryCase{"exhausted", 3,
                                "retryPolicy: {maxRetryCount: 2, backoffDuration: 10s, backoffFactor: 2}",
                                RuntimeState::kFailed, 3, 30},
                      RetryCase{"grows", 3,
                                "retryPolicy: {maxRetryCount: 3, backoffDuration: 10s, backoffFactor: 3}",
                                RuntimeState::kSucceeded, 4, 130},
                      RetryCase{"bounded", 3,
                                "retryPolicy: {maxRetryCount: 3, backoffDuration: 10s, backoffFactor: 3, "
                                "backoffMaxDuration: 20s}",
                                RuntimeState::kSucceeded, 4, 50}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(RunMachineTest, NeverRetriesWhatIsTheInputsFault) {
  MachineDriver driver(Leaf("a", "", "retryPolicy: {maxRetryCount: 5, backoffDuration: 0s}"));
  driver.fails = [](const std::string&, int) { return InvalidArgument("no such column"); };
  EXPECT_EQ(driver.Run(), RuntimeState::kFailed);
  EXPECT_EQ(driver.At("a").num_attempts, 1);
  EXPECT_EQ(ExitCodeOf(*driver.machine), 2);
}

TEST(RunMachineTest, TaskWithoutPolicyHasItsDagsPolicy) {
  MachineDriver driver(Dag("d", "inner", "", "retryPolicy: {maxRetryCount: 1, backoffDuration: 0s}"),
                       "inner: {dag: {tasks: {" + Leaf("a") + "}}}");
  driver.fails = FailsAt("d/a", 1);
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded);
}

TEST(RunMachineTest, InterruptedAttemptCountsAgainstNothing) {
  MachineDriver driver(Leaf("a"));
  ASSERT_TRUE(driver.Apply(event::RunCreated{}).ok());
  ASSERT_TRUE(driver.Apply(event::TaskLaunched{1, 1}).ok());
  ASSERT_TRUE(driver.Apply(event::TaskInterrupted{1}).ok());
  EXPECT_EQ(driver.GoOn(), RuntimeState::kSucceeded);
  EXPECT_EQ(driver.At("a").num_attempts, 2);
}

TEST(RunMachineTest, CancellationEndsWhatWaitsAtOnceAndTheRestWithItsProcesses) {
  MachineDriver driver(Leaf("a") + ", " + Leaf("b", "a") + ", " + Dag("loop", "inner", "", kLoop),
                       "inner: {dag: {tasks: {" + Leaf("x") + "}}}");
  driver.iterations = {{"loop", 3}};
  driver.capacity = 1;
  ASSERT_TRUE(driver.Apply(event::RunCreated{}).ok());
  driver.Step();
  ASSERT_EQ(driver.StateOf("a"), RuntimeState::kRunning);
  ASSERT_TRUE(driver.Apply(event::CancelRequested{}).ok());
  EXPECT_EQ(driver.machine->state(), RuntimeState::kCanceling);
  EXPECT_EQ(driver.StateOf("b"), RuntimeState::kCanceled);
  EXPECT_EQ(driver.StateOf("loop"), RuntimeState::kCanceled);
  EXPECT_TRUE(driver.machine->Decide(driver.now, 4).empty());
  ASSERT_TRUE(driver.Apply(event::TaskFailed{1, StatusCode::kCancelled, "killed"}).ok());
  EXPECT_EQ(driver.GoOn(), RuntimeState::kCanceled);
}

TEST(RunMachineTest, RetryRunsAgainWhatDidNotSucceedAndNothingElse) {
  MachineDriver driver(Leaf("a") + ", " + Dag("d", "inner", "a") + ", " + Leaf("z", "d") + ", " +
                           Dag("if", "inner", "a", kCondition) + ", " + Leaf("y", "if"),
                       "inner: {dag: {tasks: {" + Leaf("x") + ", " + Leaf("w", "x") + "}}}");
  driver.false_conditions = {"if"};
  driver.fails = FailsAt("d/w", 1);
  EXPECT_EQ(driver.Run(), RuntimeState::kFailed);
  driver.order.clear();
  ASSERT_TRUE(driver.Apply(event::RetryRequested{}).ok());
  EXPECT_EQ(driver.machine->state(), RuntimeState::kRunning);
  EXPECT_EQ(driver.GoOn(), RuntimeState::kSucceeded);
  EXPECT_THAT(driver.order, ElementsAre("d/w", "z"));
  EXPECT_EQ(driver.StateOf("y"), RuntimeState::kSkipped);
}

TEST(RunMachineTest, RefusesEventsThatCannotHappen) {
  MachineDriver driver(Leaf("a"));
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded);
  EXPECT_EQ(driver.Apply(event::TaskLaunched{1, 1}).code(), StatusCode::kDataLoss);
  EXPECT_EQ(driver.Apply(event::TaskSucceeded{7, 1}).code(), StatusCode::kDataLoss);
  EXPECT_EQ(driver.Apply(event::TaskOpened{1, 3}).code(), StatusCode::kDataLoss);
}

TEST(RunMachineTest, TenThousandIterationsCostWhatTenThousandIterationsCost) {
  MachineDriver driver(Dag("loop", "inner", "", kLoop), "inner: {dag: {tasks: {" + Leaf("a") + "}}}");
  driver.iterations = {{"loop", 10'000}};
  EXPECT_EQ(driver.Run(), RuntimeState::kSucceeded);
  EXPECT_EQ(driver.machine->tasks().size(), 20'002U);
}

TEST(RunEventTest, SurvivesBeingStoredAndRead) {
  const std::vector<RunEvent> events = {
      {{1}, event::RunCreated{{{"display_name", "x"}}}},
      {{2}, event::TaskOpened{3, 10'000}},
      {{3}, event::TaskLaunched{4, 2, 0, "not cached: it has not run before", "d/a", {{"image", "i"}}}},
      {{4},
       event::TaskSucceeded{4, 7, true, 1.5, "AUC 0.5 is below 0.9", "cached: …", "d/a", {{"image", "i"}}}},
      {{5}, event::TaskFailed{5, StatusCode::kDataLoss, "line one\nline \"two\" \xff", 0.25}},
      {{6}, event::TaskSkipped{6, "its condition is false"}},
      {{7}, event::TaskInterrupted{7}},
      {{8}, event::CancelRequested{}},
      {{9}, event::RetryRequested{}},
      {{10}, event::RunCompleted{true}}};
  for (const auto& event : events) {
    const std::string line = EncodeEvent(event);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto decoded = DecodeEvent(line);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(EncodeEvent(*decoded), line);
    EXPECT_EQ(decoded->what.index(), event.what.index());
  }
}

TEST(RunEventTest, RefusesDamagedLines) {
  for (const char* line :
       {"", "{", "[]", "{\"time\":1}", "{\"time\":1,\"event\":\"nonsense\"}",
        "{\"time\":\"x\",\"event\":\"cancel_requested\"}", "{\"time\":1,\"event\":\"task_launched\"}"})
    EXPECT_EQ(DecodeEvent(line).status().code(), StatusCode::kDataLoss) << line;
}

}  // namespace
}  // namespace penstock::runtime
