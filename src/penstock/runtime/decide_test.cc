// Table tests of Decide: a pipeline, what has happened, the time; what the shell is asked to do next.
#include <gtest/gtest.h>

#include "penstock/runtime/machine_driver_testing.h"

namespace penstock::runtime {
namespace {

using testing::MachineDriver;

constexpr int64_t kSecond = 1'000'000;

/// "start a#1, stop b, wait 12.5, complete failed": times in seconds after the run was made.
std::string Describe(const MachineDriver& driver, const std::vector<Command>& commands) {
  std::vector<std::string> texts;
  for (const Command& command : commands) {
    if (const auto* start = std::get_if<command::StartTask>(&command))
      texts.push_back(fmt::format("start {}#{}", driver.machine->PathOf(start->task), start->attempt));
    if (const auto* stop = std::get_if<command::StopTask>(&command))
      texts.push_back("stop " + driver.machine->PathOf(stop->task));
    if (const auto* wait = std::get_if<command::WaitUntil>(&command))
      texts.push_back(fmt::format("wait {}", static_cast<double>(wait->time.micros) / kSecond));
    if (const auto* complete = std::get_if<command::CompleteRun>(&command))
      texts.push_back(complete->succeeded ? "complete succeeded" : "complete failed");
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// One thing that happens; `at` in seconds.
struct Happening {
  enum What {
    kLaunched,
    kBegun,
    kSucceeded,
    kFailed,
    kKilled,
    kInterrupted,
    kOpened,
    kCancel,
    kRetry,
    kStopped
  };
  double at = 0;
  What what = kLaunched;
  std::string task;
};
using H = Happening;

struct DecideCase {
  std::string name;
  std::string tasks;
  std::string components;
  std::vector<Happening> happened;
  double now = 0;
  std::string commands;
};

class DecideTable : public ::testing::TestWithParam<DecideCase> {};

TaskIndex IndexOf(const MachineDriver& driver, const std::string& path) {
  for (size_t i = 0; i < driver.machine->tasks().size(); ++i)
    if (driver.machine->PathOf(static_cast<TaskIndex>(i)) == path) return static_cast<TaskIndex>(i);
  ADD_FAILURE() << "no task " << path;
  return 0;
}

void Play(MachineDriver& driver, const Happening& event) {
  driver.now = {static_cast<int64_t>(event.at * kSecond)};
  const TaskIndex task = event.task.empty() ? 0 : IndexOf(driver, event.task);
  const int attempt = driver.machine->task(task).num_attempts + 1;
  const auto apply = [&](EventKind what) { ASSERT_TRUE(driver.Apply(std::move(what)).ok()); };
  switch (event.what) {
    case H::kLaunched:
      return apply(event::TaskLaunched{task, attempt});
    case H::kBegun:
      return driver.machine->MarkBegun(task, driver.now);
    case H::kSucceeded:
      return apply(event::TaskSucceeded{task, 100 + task});
    case H::kFailed:
      return apply(event::TaskFailed{task, StatusCode::kUnavailable, "it broke"});
    case H::kKilled:
      return apply(event::TaskFailed{task, StatusCode::kCancelled, "killed"});
    case H::kInterrupted:
      return apply(event::TaskInterrupted{task});
    case H::kOpened:
      return apply(event::TaskOpened{task, 2});
    case H::kCancel:
      return apply(event::CancelRequested{});
    case H::kRetry:
      apply(event::RunCompleted{false});
      return apply(event::RetryRequested{});
    case H::kStopped:
      return driver.machine->MarkStopped(task);
  }
}

TEST_P(DecideTable, AsksForWhatComesNext) {
  const DecideCase& tested = GetParam();
  MachineDriver driver(tested.tasks, tested.components);
  for (pipeline::TaskView& task : driver.view->tasks)
    if (task.id.starts_with("timed")) task.timeout_seconds = 10;
  driver.now = {0};
  ASSERT_TRUE(driver.Apply(event::RunCreated{}).ok());
  for (const Happening& event : tested.happened) Play(driver, event);
  const Timestamp now{static_cast<int64_t>(tested.now * kSecond)};
  EXPECT_EQ(Describe(driver, driver.machine->Decide(now, 2)), tested.commands);
}

const std::string kOne = "a: {componentRef: {name: leaf}}";
const std::string kThree =
    "a: {componentRef: {name: leaf}}, b: {componentRef: {name: leaf}}, c: {componentRef: {name: leaf}, "
    "dependentTasks: [a]}";
const std::string kTimed = "timed: {componentRef: {name: leaf}}";
const std::string kTimedAgain =
    "timed: {componentRef: {name: leaf}, retryPolicy: {maxRetryCount: 1, backoffDuration: 4s}}";
const std::string kTwoTimed = "timed1: {componentRef: {name: leaf}}, timed2: {componentRef: {name: leaf}}";
const std::string kRetried =
    "a: {componentRef: {name: leaf}, retryPolicy: {maxRetryCount: 3, backoffDuration: 4s, backoffFactor: 2}}";
const std::string kTwoRetried =
    kRetried + ", b: {componentRef: {name: leaf}, retryPolicy: {maxRetryCount: 1, backoffDuration: 1s}}";
/// Work in an exit handler's group; `exit` cleans up after it.
const std::string kExit =
    "group: {componentRef: {name: comp-exit-handler-1}}, exit: {componentRef: {name: leaf}, dependentTasks: "
    "[group], triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}}, last: {componentRef: {name: leaf}, "
    "dependentTasks: [exit]}";
const std::string kGroup =
    "comp-exit-handler-1: {dag: {tasks: {a: {componentRef: {name: leaf}}, b: {componentRef: {name: leaf}, "
    "dependentTasks: [a]}}}}";
/// The same, but the exit task is a DAG of two; and the group waits for something else.
const std::string kExitDag =
    "first: {componentRef: {name: leaf}}, group: {componentRef: {name: comp-exit-handler-1}, dependentTasks: "
    "[first]}, exit: {componentRef: {name: two}, dependentTasks: [group], triggerPolicy: {strategy: "
    "ALL_UPSTREAM_TASKS_COMPLETED}}";
const std::string kTwo =
    kGroup +
    ", two: {dag: {tasks: {x: {componentRef: {name: leaf}}, y: {componentRef: {name: leaf}, "
    "dependentTasks: [x]}}}}";
const std::string kIgnored =
    "a: {componentRef: {name: leaf}}, b: {componentRef: {name: leaf}, dependentTasks: [a], triggerPolicy: "
    "{strategy: ALL_UPSTREAM_TASKS_COMPLETED}}";

std::vector<DecideCase> Cases() {
  return {
      {"Ready", kThree, "", {}, 0, "start a#1, start b#1"},
      {"OnlyWhatIsReady", kThree, "", {{1, H::kLaunched, "a"}, {1, H::kLaunched, "b"}}, 2, ""},
      {"Successor",
       kThree,
       "",
       {{1, H::kLaunched, "a"}, {1, H::kLaunched, "b"}, {2, H::kSucceeded, "a"}},
       2,
       "start c#1"},
      {"Complete", kOne, "", {{1, H::kLaunched, "a"}, {2, H::kSucceeded, "a"}}, 2, "complete succeeded"},
      {"CompleteFailed", kOne, "", {{1, H::kLaunched, "a"}, {2, H::kFailed, "a"}}, 2, "complete failed"},

      {"TimeoutAhead", kTimed, "", {{1, H::kLaunched, "timed"}, {3, H::kBegun, "timed"}}, 5, "wait 13"},
      {"TimeoutAtItsInstant",
       kTimed,
       "",
       {{1, H::kLaunched, "timed"}, {3, H::kBegun, "timed"}},
       13,
       "stop timed"},
      {"TimeoutCountsFromTheProcess", kTimed, "", {{1, H::kLaunched, "timed"}}, 100, ""},
      {"TimeoutIsSaidOnce",
       kTimed,
       "",
       {{1, H::kLaunched, "timed"}, {3, H::kBegun, "timed"}, {13, H::kStopped, "timed"}},
       14,
       ""},
      {"TimeoutOfWhatHasEnded",
       kTimed,
       "",
       {{1, H::kLaunched, "timed"}, {3, H::kBegun, "timed"}, {9, H::kSucceeded, "timed"}},
       14,
       "complete succeeded"},
      {"TimeoutOfTwo",
       kTwoTimed,
       "",
       {{1, H::kLaunched, "timed1"},
        {1, H::kLaunched, "timed2"},
        {2, H::kBegun, "timed1"},
        {5, H::kBegun, "timed2"}},
       12,
       "stop timed1, wait 15"},
      {"TimeoutStartsAnewWithARetry",
       kTimedAgain,
       "",
       {{1, H::kLaunched, "timed"},
        {2, H::kBegun, "timed"},
        {12, H::kStopped, "timed"},
        {12, H::kFailed, "timed"},
        {16, H::kLaunched, "timed"},
        {17, H::kBegun, "timed"}},
       18,
       "wait 27"},
      {"TimeoutIsForgottenWithAnInterruption",
       kTimed,
       "",
       {{1, H::kLaunched, "timed"}, {2, H::kBegun, "timed"}, {3, H::kInterrupted, "timed"}},
       100,
       "start timed#2"},

      {"RetryWaitsForItsBackoff", kRetried, "", {{1, H::kLaunched, "a"}, {2, H::kFailed, "a"}}, 3, "wait 6"},
      {"RetryWhenItsTimeHasCome",
       kRetried,
       "",
       {{1, H::kLaunched, "a"}, {2, H::kFailed, "a"}},
       6,
       "start a#2"},
      {"SecondBackoffIsLonger",
       kRetried,
       "",
       {{1, H::kLaunched, "a"}, {2, H::kFailed, "a"}, {6, H::kLaunched, "a"}, {7, H::kFailed, "a"}},
       8,
       "wait 15"},
      {"InterruptionCountsForNoBackoff",
       kRetried,
       "",
       {{1, H::kLaunched, "a"}, {2, H::kInterrupted, "a"}},
       2,
       "start a#2"},
      {"OneRetryIsDueAnotherWaits",
       kTwoRetried,
       "",
       {{1, H::kLaunched, "a"}, {1, H::kLaunched, "b"}, {2, H::kFailed, "a"}, {2, H::kFailed, "b"}},
       3,
       "start b#2, wait 6"},

      {"CancelledExitTaskWaitsForTheKilled",
       kExit,
       kGroup,
       {{1, H::kLaunched, "group/a"}, {2, H::kCancel, ""}},
       2,
       ""},
      {"CancelledExitTaskRuns",
       kExit,
       kGroup,
       {{1, H::kLaunched, "group/a"}, {2, H::kCancel, ""}, {3, H::kKilled, "group/a"}},
       3,
       "start exit#1"},
      {"CancelledRunEndsWithItsExitTask",
       kExit,
       kGroup,
       {{1, H::kLaunched, "group/a"},
        {2, H::kCancel, ""},
        {3, H::kKilled, "group/a"},
        {4, H::kLaunched, "exit"},
        {5, H::kSucceeded, "exit"}},
       5,
       "complete failed"},
      {"CancelledBeforeAnythingOfTheGroup",
       kExitDag,
       kTwo,
       {{1, H::kLaunched, "first"}, {2, H::kCancel, ""}, {3, H::kKilled, "first"}},
       3,
       "complete failed"},
      {"ExitDagRunsItsTasksInOrder",
       kExitDag,
       kTwo,
       {{1, H::kLaunched, "first"},
        {2, H::kSucceeded, "first"},
        {3, H::kLaunched, "group/a"},
        {4, H::kCancel, ""},
        {5, H::kKilled, "group/a"},
        {6, H::kLaunched, "exit/x"},
        {7, H::kSucceeded, "exit/x"}},
       8,
       "start exit/y#1"},
      {"RunningExitTaskIsLetBe",
       kExit,
       kGroup,
       {{1, H::kLaunched, "group/a"},
        {2, H::kFailed, "group/a"},
        {3, H::kLaunched, "exit"},
        {4, H::kCancel, ""}},
       5,
       ""},
      {"InterruptedExitTaskRunsAgain",
       kExit,
       kGroup,
       {{1, H::kLaunched, "group/a"},
        {2, H::kFailed, "group/a"},
        {3, H::kLaunched, "exit"},
        {4, H::kCancel, ""},
        {5, H::kInterrupted, "exit"}},
       5,
       "start exit#2"},
      {"SecondCancellationEndsExitTasks",
       kExit,
       kGroup,
       {{1, H::kLaunched, "group/a"},
        {2, H::kCancel, ""},
        {3, H::kKilled, "group/a"},
        {4, H::kLaunched, "exit"},
        {5, H::kCancel, ""},
        {6, H::kKilled, "exit"}},
       6,
       "complete failed"},
      {"SecondCancellationBeforeTheExitTask",
       kExit,
       kGroup,
       {{1, H::kLaunched, "group/a"}, {2, H::kCancel, ""}, {3, H::kCancel, ""}, {4, H::kKilled, "group/a"}},
       4,
       "complete failed"},
      {"IgnoredUpstreamFailureIsNoExitTask",
       kIgnored,
       "",
       {{1, H::kLaunched, "a"}, {2, H::kCancel, ""}, {3, H::kKilled, "a"}},
       3,
       "complete failed"},
      {"RetriedRunRunsItsExitTaskAgain",
       kExit,
       kGroup,
       {{1, H::kLaunched, "group/a"},
        {2, H::kFailed, "group/a"},
        {3, H::kLaunched, "exit"},
        {4, H::kSucceeded, "exit"},
        {4, H::kLaunched, "last"},
        {4, H::kSucceeded, "last"},
        {5, H::kRetry, ""},
        {6, H::kLaunched, "group/a"},
        {7, H::kSucceeded, "group/a"},
        {7, H::kLaunched, "group/b"},
        {8, H::kSucceeded, "group/b"}},
       9,
       "start exit#2"},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, DecideTable, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace penstock::runtime
