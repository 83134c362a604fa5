#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/base/execution.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/executor_input.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/pipeline/placeholders.h"
#include "penstock/runtime/cache_key.h"
#include "penstock/runtime/process_slots.h"
#include "penstock/runtime/run_event.h"
#include "penstock/runtime/run_settings.h"
#include "penstock/runtime/run_values.h"
#include "penstock/runtime/task_backend.h"
#include "penstock/runtime/task_files.h"

namespace penstock::runtime {

/// What is the same for all tasks of a run.
struct RunContext {
  std::string run_id;
  std::string pipeline_name;
  RunSettings settings;
  std::string pipeline_root;  ///< As {{$.pipeline_root}} says it.
  std::string base_directory;
  Timestamp created;
  RunLayout layout{std::string()};
  std::set<std::string> always_run;  ///< Tasks of the root that never take their outputs from the cache.
};

/// How an attempt is told to end.
struct TaskSwitch {
  CancellationToken cancellation;
  std::atomic<bool> is_out_of_time{false};  ///< Set before the cancellation: its timeout is why.
};

/// One attempt of one leaf, with its inputs.
struct TaskJob {
  TaskIndex index = 0;
  const pipeline::TaskView* view = nullptr;
  std::string path;
  std::string root_task;  ///< The task of the root that it is below.
  int attempt = 1;
  std::shared_ptr<TaskSwitch> off;
  ResolvedInputs inputs;
};

/// A write to the store that belongs to an event of a run.
struct TaskWrite {
  EventKind what;
  /// Stores the event together with something else. Called from the writing thread.
  std::function<Status(const metadata::RunEvents&)> perform;
  std::shared_ptr<TaskOutputs> outputs;  ///< Of a TaskSucceeded: known to the run as the event happens.
};

/// Takes writes; each blocks until it is on disk. kCancelled: the task has ended meanwhile.
class TaskEvents {
 public:
  virtual ~TaskEvents() = default;
  virtual Status Write(TaskIndex task, TaskWrite write) = 0;
  /// The task has got its room and its process begins.
  virtual void Begun(TaskIndex task) = 0;
  /// Why the last execution of that task in another run does not serve; for people.
  virtual std::string ExplainMiss(const std::string& path, const KeyParts& parts) = 0;
};

struct LauncherOptions {
  int num_threads_per_task = 0;  ///< 0: one per core.
};

/// Takes one leaf from "inputs known" to "published": look in the cache, run, publish.
/// The only caller of both a task's program and the MetadataStore. Safe from any thread.
class TaskLauncher {
 public:
  using OnProgress = std::function<void(double fraction, const std::string& message)>;

  /// Nothing is owned; all must outlive the launcher.
  TaskLauncher(const pipeline::ComponentCatalog& components, metadata::MetadataStore& store,
               TaskBackend& backend, ProcessSlots& slots, const Clock& clock, LauncherOptions options)
      : components_(components),
        store_(store),
        backend_(backend),
        slots_(slots),
        clock_(clock),
        options_(options) {}

  /// Ends with a TaskSucceeded or TaskFailed event. An error is that the store cannot be written:
  /// nothing can go on; kCancelled that nobody waits for this attempt any more.
  Status Launch(const RunContext& run, TaskJob job, TaskEvents& events, const OnProgress& on_progress) const;

 private:
  struct Attempt;

  Status LaunchChecked(Attempt& attempt) const;
  /// Writes down that the attempt begins: it is resumed where it is killed.
  Status Begin(Attempt& attempt) const;
  Status RunTask(Attempt& attempt) const;
  Status Execute(Attempt& attempt, TaskFiles& files, metadata::ExecutionOutcome& outcome) const;
  Status ExecuteInSlot(Attempt& attempt, const TaskFiles& files, const metadata::ArtifactsByName& pending,
                       metadata::ExecutionOutcome& outcome) const;
  Status ReadReport(Attempt& attempt, const TaskFiles& files, const metadata::ArtifactsByName& pending,
                    metadata::ExecutionOutcome& outcome) const;
  Result<TaskCommand> MakeCommand(Attempt& attempt, const TaskFiles& files,
                                  const metadata::ArtifactsByName& outputs) const;
  Status FindImported(Attempt& attempt, metadata::ExecutionOutcome& outcome) const;
  Status FindResolved(Attempt& attempt, metadata::ExecutionOutcome& outcome) const;
  Status AnswerFromStore(Attempt& attempt) const;
  Status AnswerVolumeTask(Attempt& attempt) const;
  Status PlaceInContainer(const Attempt& attempt, const TaskFiles& files,
                          const pipeline::PlaceholderScope& scope, const metadata::ArtifactsByName& outputs,
                          TaskCommand& command) const;
  Status PublishCached(Attempt& attempt, const metadata::CachedExecution& cached) const;
  Status PublishSuccess(Attempt& attempt, metadata::ExecutionOutcome outcome) const;
  Status PublishFailure(Attempt& attempt, const Status& error, metadata::ExecutionOutcome outcome) const;
  const pipeline::ComponentDescription* FindComponent(const pipeline::TaskView& task) const;

  // Constant after construction.
  const pipeline::ComponentCatalog& components_;
  metadata::MetadataStore& store_;
  TaskBackend& backend_;
  ProcessSlots& slots_;
  const Clock& clock_;
  const LauncherOptions options_;
};

}  // namespace penstock::runtime
