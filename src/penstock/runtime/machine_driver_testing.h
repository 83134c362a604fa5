#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "penstock/pipeline/pipeline_ir.h"
#include "penstock/runtime/run_machine.h"

namespace penstock::runtime::testing {

/// Plays the shell around a RunMachine without processes: asks Decide, answers with the events that the
/// test's rules say, keeps the history.
class MachineDriver {
 public:
  /// YAML of the pipeline's parts below "root: {dag: {tasks: ...}}" and "components: ...".
  explicit MachineDriver(const std::string& tasks, const std::string& components = "") {
    const std::string text =
        "pipelineInfo: {name: p}\n"
        "deploymentSpec: {executors: {x: {container: {image: i, command: [c]}}}}\n"
        "components: {leaf: {executorLabel: x}" +
        (components.empty() ? "" : ", " + components) + "}\nroot: {dag: {tasks: {" + tasks + "}}}\n";
    const auto ir = pipeline::ParsePipelineIr(text, "test");
    EXPECT_TRUE(ir.ok()) << ir.status() << text;
    auto parsed = pipeline::ViewPipeline(*ir);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    view = std::make_unique<pipeline::PipelineView>(*std::move(parsed));
    Reset();
  }

  void Reset() {
    machine = std::make_unique<RunMachine>(*view, Timestamp{0});
    history.clear();
    running.clear();
  }

  Status Apply(EventKind what) {
    history.push_back({now, std::move(what)});
    return machine->Apply(history.back());
  }

  /// What the shell does for one round of Decide; false when there is nothing to do and nothing at work.
  bool Step() {
    bool is_busy = false;
    for (const auto& command : machine->Decide(now, capacity)) {
      if (const auto* start = std::get_if<command::StartTask>(&command)) {
        is_busy = true;
        machine->MarkStarted(start->task);
        Start(*start);
      } else if (const auto* wait = std::get_if<command::WaitUntil>(&command)) {
        if (!is_busy && running.empty()) now = wait->time, is_busy = true;
      } else if (const auto* complete = std::get_if<command::CompleteRun>(&command)) {
        EXPECT_TRUE(Apply(event::RunCompleted{complete->succeeded}).ok());
        return false;
      }
    }
    if (!is_busy && !running.empty()) {
      Finish(pick ? pick(running) : *running.begin());
      is_busy = true;
    }
    return is_busy && !machine->is_complete();
  }

  void Start(const command::StartTask& start) {
    const TaskState& state = machine->task(start.task);
    const std::string path = machine->PathOf(start.task);
    order.push_back(path);
    if (false_conditions.contains(state.view->id)) {
      EXPECT_TRUE(Apply(event::TaskSkipped{start.task, "its condition is false"}).ok());
    } else if (state.kind == TaskKind::kLoop) {
      EXPECT_TRUE(Apply(event::TaskOpened{start.task, iterations[state.view->id]}).ok());
    } else if (state.kind == TaskKind::kDag) {
      EXPECT_TRUE(Apply(event::TaskOpened{start.task, -1}).ok());
    } else {
      EXPECT_TRUE(Apply(event::TaskLaunched{start.task, start.attempt}).ok());
      running.insert(start.task);
      most_running = std::max(most_running, running.size());
    }
  }

  void Finish(TaskIndex task) {
    running.erase(task);
    const Status outcome =
        fails ? fails(machine->PathOf(task), machine->task(task).num_attempts) : OkStatus();
    if (outcome.ok()) {
      EXPECT_TRUE(Apply(event::TaskSucceeded{task, 100 + task}).ok());
    } else {
      EXPECT_TRUE(Apply(event::TaskFailed{task, outcome.code(), std::string(outcome.message())}).ok());
    }
  }

  RuntimeState Run() {
    EXPECT_TRUE(Apply(event::RunCreated{}).ok());
    return GoOn();
  }
  RuntimeState GoOn() {
    int num_steps = 0;
    while (Step()) {
      if (++num_steps > 200'000) {
        ADD_FAILURE() << "the run does not end";
        break;
      }
    }
    return machine->state();
  }

  /// The state of the task at `path`; kUnspecified: there is none.
  RuntimeState StateOf(const std::string& path) const {
    for (size_t i = 0; i < machine->tasks().size(); ++i)
      if (machine->PathOf(static_cast<TaskIndex>(i)) == path) return machine->tasks()[i].state;
    return RuntimeState::kUnspecified;
  }
  const TaskState& At(const std::string& path) const {
    for (size_t i = 0; i < machine->tasks().size(); ++i)
      if (machine->PathOf(static_cast<TaskIndex>(i)) == path) return machine->tasks()[i];
    ADD_FAILURE() << "no task " << path;
    return machine->tasks()[0];
  }

  std::unique_ptr<pipeline::PipelineView> view;
  std::unique_ptr<RunMachine> machine;
  std::vector<RunEvent> history;
  std::set<TaskIndex> running;
  std::vector<std::string> order;  ///< Paths in the order of their starts.
  size_t most_running = 0;
  Timestamp now{1'000'000};
  int capacity = 4;
  std::map<std::string, int> iterations;
  std::set<std::string> false_conditions;  ///< By task name.
  std::function<Status(const std::string& path, int attempt)> fails;
  std::function<TaskIndex(const std::set<TaskIndex>&)> pick;
};

inline std::string Leaf(const std::string& name, const std::string& after = "",
                        const std::string& more = "") {
  return name + ": {componentRef: {name: leaf}" + (after.empty() ? "" : ", dependentTasks: [" + after + "]") +
         (more.empty() ? "" : ", " + more) + "}";
}

}  // namespace penstock::runtime::testing
