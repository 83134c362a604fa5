#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/run_snapshot.h"
#include "penstock/runtime/task_backend.h"

namespace penstock::runtime {

/// A run to be made. Everything needed to go on after a crash is stored by Submit.
struct RunRequest {
  std::string run_id;  ///< Empty: a new UUID. At most 200 bytes, a path component.
  /// PipelineSpec as YAML or JSON, as ParsePipelineIr reads it: it may hold the PlatformSpec as
  /// its second document or as {"pipeline_spec", "platform_spec"}.
  std::string pipeline;
  std::string platform;                  ///< PlatformSpec where it comes apart; empty: none.
  pipeline::ParameterValues parameters;  ///< Of the runtime config; defaults are filled in.
  std::string pipeline_root;             ///< A folder or a URI of object storage; empty: the engine's.
  std::optional<bool> is_cache_enabled;  ///< Set: over what the tasks say.
  std::string display_name;
  std::map<std::string, std::string> labels;
  std::string base_directory;  ///< What relative paths in parameters start from; empty: the engine's root.
  std::string from_node;       ///< This root task and all downstream run again; empty: none has to.
  Timestamp scheduled;         ///< When a schedule wanted it; zero: now.
};

/// Sees what happens. Called from the engine's own thread, one call at a time, after the change
/// is stored: must be quick and may call Snapshot (without values), nothing else of the engine.
class EngineObserver {
 public:
  virtual ~EngineObserver() = default;
  /// `is_resumed`: the run goes on after a restart.
  virtual void OnRunChanged(const RunSnapshot& run_without_tasks, bool is_resumed) = 0;
  /// Without values. `task.index` tells it apart within the run.
  virtual void OnTaskChanged(const std::string& run_id, const TaskSnapshot& task) = 0;
  /// What a native component says of its progress. From the task's thread.
  virtual void OnProgress(const std::string& run_id, const std::string& path, double fraction,
                          const std::string& message) = 0;
};

struct EngineOptions {
  std::string root;  ///< Absolute; made when missing. Artifacts, logs and work directories lie below.
  /// Of runs that name none: where their artifacts lie, which may be in object storage. Empty: `root`.
  std::string pipeline_root;
  int max_running = 0;            ///< Task processes at a time, all runs together; 0: one per core.
  double max_cpus = 0;            ///< What requests of running tasks may add up to; 0: the machine's cores.
  int64_t max_memory_bytes = 0;   ///< 0: the machine's memory.
  int num_threads_per_task = 0;   ///< 0: one per core.
  bool is_native_enabled = true;  ///< TFX's standard components run as ours where they are equivalent.
  bool resumes_runs = true;       ///< Unfinished runs of the store go on at Open.
};

/// Runs pipelines: many at a time, in this process, below one root, on one store. The thin
/// shell around RunMachine's Decide; a killed process's runs go on where their histories end.
///
/// All calls are safe from any thread. The engine holds the root's lock (kFailedPrecondition at
/// Open when another process has it). Store writes are grouped: what a call or callback has told
/// is on disk.
class RunEngine {
 public:
  /// All but `options` are not owned and must outlive the engine; `observer` may be null.
  static Result<std::unique_ptr<RunEngine>> Open(const EngineOptions& options,
                                                 const pipeline::ComponentCatalog& components,
                                                 metadata::MetadataStore& store, TaskBackend& backend,
                                                 const Clock& clock, EngineObserver* observer);
  /// Stops task processes without marking anything failed: the runs go on at the next Open.
  virtual ~RunEngine() = default;

  /// What Submit would refuse: kInvalidArgument names task and field. Starts nothing.
  virtual Status Check(const RunRequest& request) const = 0;
  /// Stores the run and starts it; answers its id. kInvalidArgument: pipeline or parameters;
  /// kAlreadyExists: the id is taken.
  virtual Result<std::string> Submit(const RunRequest& request) = 0;
  /// Goes on with an unfinished run of the store; Open did so already where `resumes_runs` says it.
  virtual Status Resume(const std::string& run_id) = 0;
  /// Closes an unfinished run of the store that nobody goes on with as failed.
  virtual Status Abandon(const std::string& run_id) = 0;
  /// Asks the run to stop: running tasks are killed, nothing new starts, the state becomes
  /// CANCELING and then CANCELED. OK when it stops already. kNotFound; kFailedPrecondition: it has ended.
  virtual Status Terminate(const std::string& run_id) = 0;
  /// Takes up a failed or cancelled run: what failed, was skipped or cancelled runs again, with new
  /// attempts; what succeeded stays. kNotFound; kFailedPrecondition: it has not ended, or succeeded.
  virtual Status Retry(const std::string& run_id) = 0;
  /// Forgets a run that has ended (its rows in the store are the caller's); a running one is terminated
  /// first.
  virtual Status Forget(const std::string& run_id) = 0;
  /// Blocks until the run has ended, `timeout_millis` have passed (negative: no limit) or the
  /// cancellation comes: kDeadlineExceeded, kCancelled. Answers its final state.
  virtual Result<RuntimeState> Wait(const std::string& run_id, int64_t timeout_millis,
                                    const CancellationToken* cancellation = nullptr) const = 0;
  /// Of a running run from memory, of an ended one from its history. kNotFound.
  /// `with_values`: inputs and outputs of every task, read from the store.
  virtual Result<RunSnapshot> Snapshot(const std::string& run_id, bool with_values) const = 0;
  /// Runs that have not ended.
  virtual int NumRunning() const = 0;
};

/// As RunEngine::Snapshot, for whoever only reads a store (no lock, no engine).
Result<RunSnapshot> ReadRunSnapshot(const metadata::MetadataStore& store, const std::string& run_id,
                                    bool with_values);

/// The store below `root`. kNotFound when nothing ever ran there.
Result<std::unique_ptr<metadata::MetadataStore>> OpenExistingStore(const std::string& root,
                                                                   const Clock& clock);

}  // namespace penstock::runtime
