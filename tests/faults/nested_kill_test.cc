// kill -9 of a run with a loop, a condition, a retry and an exit handler, after each of its stored events.
#include <signal.h>
#include <sqlite3.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/kill_moments.h"
#include "faults/pipeline_folder.h"
#include "penstock/base/filesystem.h"

namespace penstock::faults {
namespace {

using testing::IsEmpty;

/// Twelve leaves: make; three iterations of two tasks; two tasks of a condition; one that fails at first; one
/// that collects; and the exit task. Each appends its name to the file "work" beside the pipeline.
constexpr const char* kPipeline = R"(
pipelineInfo: {name: nested}
schemaVersion: 2.1.0
deploymentSpec:
  executors:
    exec-say: {container: {image: x, command: [sh, -c, 'echo "$0" >> "$1"/work; sleep 0.02 & wait', '{{$.pipeline_task_name}}', "FOLDER"]}}
    exec-make: {container: {image: x, command: [sh, -c, 'echo make >> "$0"/work; printf "[1, 2, 3]" > "$1"', "FOLDER", "{{$.outputs.parameters['list'].output_file}}"]}}
    exec-flaky: {container: {image: x, command: [sh, -c, 'test -e "$0"/once || { touch "$0"/once; exit 1; }; echo flaky >> "$0"/work', "FOLDER"]}}
components:
  comp-say: {executorLabel: exec-say}
  comp-flaky: {executorLabel: exec-flaky}
  comp-make: {executorLabel: exec-make, outputDefinitions: {parameters: {list: {parameterType: LIST}}}}
  comp-two:
    dag:
      tasks:
        first: {componentRef: {name: comp-say}}
        second: {componentRef: {name: comp-say}, dependentTasks: [first]}
    inputDefinitions: {parameters: {item: {parameterType: NUMBER_INTEGER}, items: {parameterType: LIST}}}
  comp-then:
    dag:
      tasks:
        then-1: {componentRef: {name: comp-say}}
        then-2: {componentRef: {name: comp-say}, dependentTasks: [then-1]}
    inputDefinitions: {parameters: {list: {parameterType: LIST}}}
  comp-work:
    dag:
      tasks:
        make: {componentRef: {name: comp-make}}
        loop:
          componentRef: {name: comp-two}
          dependentTasks: [make]
          inputs: {parameters: {items: {taskOutputParameter: {producerTask: make, outputParameterKey: list}}}}
          iteratorPolicy: {parallelismLimit: 2}
          parameterIterator: {itemInput: item, items: {inputParameter: items}}
        if:
          componentRef: {name: comp-then}
          dependentTasks: [make]
          inputs: {parameters: {list: {taskOutputParameter: {producerTask: make, outputParameterKey: list}}}}
          triggerPolicy: {condition: "size(inputs.parameter_values['list']) == 3"}
        flaky: {componentRef: {name: comp-flaky}, retryPolicy: {maxRetryCount: 3, backoffDuration: 0s}}
        collect: {componentRef: {name: comp-say}, dependentTasks: [loop]}
root:
  dag:
    tasks:
      work: {componentRef: {name: comp-work}}
      exit: {componentRef: {name: comp-say}, dependentTasks: [work], triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}}
)";
constexpr int kNumLeaves = 12;
constexpr int kNumEvents = 31;

int64_t CountEvents(const PipelineFolder& folder) {
  sqlite3* database = nullptr;
  int64_t count = -1;
  if (sqlite3_open_v2((folder.root() + "/metadata.sqlite").c_str(), &database, SQLITE_OPEN_READONLY,
                      nullptr) == SQLITE_OK) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, "SELECT COUNT(*) FROM penstock_run_event", -1, &statement, nullptr) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
      count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
  }
  sqlite3_close(database);
  return count;
}

Moment AfterEvents(int64_t num_events) {
  return {fmt::format("after {} events", num_events),
          [=](const PipelineFolder& folder, const Program&) { return CountEvents(folder) >= num_events; }};
}

void KillAfter(int64_t num_events) {
  SCOPED_TRACE(num_events);
  const PipelineFolder folder;
  std::string text = kPipeline;
  for (size_t at = text.find("FOLDER"); at != text.npos; at = text.find("FOLDER"))
    text.replace(at, 6, folder.path());
  folder.Write("pipeline.yaml", text);
  Program program({.arguments = folder.RunCommand(), .working_directory = folder.path(), .set_up = {}});
  WaitFor(AfterEvents(num_events), folder, program);
  program.Send(SIGKILL);
  program.Wait();
  const auto runs = folder.Runs();
  const bool is_unfinished = !runs.empty() && runs[0].second == "RUNNING";
  const auto published =
      runs.empty() ? std::map<int64_t, std::string>{} : folder.ExecutionsInState(PipelineFolder::kComplete);
  const Ending ending = folder.Run();
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  EXPECT_EQ(folder.Runs()[0].second, "SUCCEEDED");
  EXPECT_THAT(folder.ExecutionsInState(PipelineFolder::kRunning), IsEmpty());
  EXPECT_THAT(folder.LivingProcessesAfterWaiting(), IsEmpty());
  EXPECT_THAT(Matches(folder.root() + "/staging/*"), IsEmpty());
  if (!is_unfinished) return;
  EXPECT_EQ(folder.Runs().size(), 1u);
  const auto complete = folder.ExecutionsInState(PipelineFolder::kComplete);
  EXPECT_EQ(complete.size(), static_cast<size_t>(kNumLeaves)) << "a task was published twice, or not at all";
  for (const auto& [id, name] : published) EXPECT_TRUE(complete.contains(id)) << name;
}

class NestedKillTest : public testing::TestWithParam<int> {};

TEST_P(NestedKillTest, RestartedRunEndsAsItWouldHaveAndRepeatsNothingPublished) { KillAfter(GetParam()); }

INSTANTIATE_TEST_SUITE_P(AfterEvents, NestedKillTest, testing::Values(1, 6, 14, 22));

class NestedKillSweep : public testing::TestWithParam<int> {};

TEST_P(NestedKillSweep, RestartedRunEndsAsItWouldHaveAndRepeatsNothingPublished) {
  if (std::getenv("PENSTOCK_KILL_SWEEP") == nullptr)
    GTEST_SKIP() << "set PENSTOCK_KILL_SWEEP=1 for all moments";
  KillAfter(GetParam());
}

INSTANTIATE_TEST_SUITE_P(EveryEvent, NestedKillSweep, testing::Range(0, kNumEvents));

}  // namespace
}  // namespace penstock::faults
