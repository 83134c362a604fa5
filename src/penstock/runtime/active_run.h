#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "penstock/base/execution.h"
#include "penstock/runtime/run_values.h"
#include "penstock/runtime/stored_run.h"
#include "penstock/runtime/task_launcher.h"

namespace penstock::runtime {

/// A run that this process works on. Jobs of its tasks hold it, so it outlives its end until the last
/// has returned.
struct ActiveRun {
  ActiveRun(StoredRun stored, const metadata::MetadataStore& store)
      : run(std::move(stored)), values(*run.view, *run.machine, run.record.run_id, run.parameters, store) {}

  /// Tells the attempts to end; `only_stopped`: not those that go on after a cancellation.
  void StopWork(bool only_stopped) {
    for (auto& [task, off] : at_work)
      if (!only_stopped || run.machine->IsStopped(task)) off->cancellation.Cancel();
  }

  StoredRun run;
  RunContext context;
  // Guarded by the engine's mutex, as is `run.machine`.
  std::map<TaskIndex, std::shared_ptr<TaskSwitch>> at_work;  ///< Attempts that workers have.
  RunValues values;
  bool is_completing = false;
  std::optional<Timestamp> wake;  ///< When Decide has something to say without an event.
  bool is_hungry = false;         ///< More could start if there were room.
};

/// One write that waits for its turn, with the event it belongs to.
struct QueuedWrite {
  std::shared_ptr<ActiveRun> run;
  TaskIndex task = -1;  ///< -1: the event is about the run.
  EventKind what;
  std::function<Status(const metadata::RunEvents&)> perform;
  std::shared_ptr<TaskOutputs> outputs;
  std::function<void(const Status&)> answer;  ///< May be empty.
};

/// `from` and everything downstream of it, in the root. kInvalidArgument: there is no such task.
Result<std::set<std::string>> TasksFrom(const pipeline::PipelineView& pipeline, const std::string& from);

/// Settings, folders and names of a run for its tasks.
Result<RunContext> MakeContext(const StoredRun& run, const std::string& root);

}  // namespace penstock::runtime
