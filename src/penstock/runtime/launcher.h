#pragma once

#include <set>
#include <string>

#include "penstock/base/execution.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/cache_key.h"
#include "penstock/runtime/run_history.h"
#include "penstock/runtime/staging.h"
#include "penstock/runtime/task_backend.h"

namespace penstock::runtime {

struct LaunchOptions {
  std::string base_directory;  ///< What relative paths in parameters start from.
  bool is_cache_enabled = true;
  std::set<std::string> always_run;  ///< Nodes that never take their outputs from the cache.
  int num_threads_per_task = 0;      ///< 0: one per core.
};

/// Takes one node from "launch" to "published": resolve, look in the cache, run, publish.
/// The only caller of both a task's program and the MetadataStore. Safe from any thread.
class Launcher {
 public:
  using OnProgress = std::function<void(double fraction, const std::string& message)>;

  /// All but `options` and `parameters` are not owned and must outlive the launcher.
  Launcher(const pipeline::PipelineView& pipeline, pipeline::ParameterValues parameters,
           const pipeline::ComponentCatalog& components, metadata::MetadataStore& store, TaskBackend& backend,
           RunHistory& history, RunLayout layout, LaunchOptions options);

  /// Ends with a NodeSucceeded or NodeFailed event in the history. An error is that the
  /// store or the history cannot be written: the run cannot go on.
  Status Launch(const pipeline::TaskView& task, int attempt, const CancellationToken& cancellation,
                const OnProgress& on_progress);

  /// After a crash: gives up the attempt of `task` that nobody runs any more, with its
  /// files; the history gets NodeInterrupted.
  Status AbandonInterrupted(const pipeline::TaskView& task);

 private:
  Result<ResolvedInputs> Resolve(const pipeline::TaskView& task) const;
  Status RunResolver(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                     metadata::ExecutionPlan plan);
  Status RunTask(const pipeline::TaskView& task, const ResolvedInputs& inputs, metadata::ExecutionPlan plan,
                 const CancellationToken& cancellation, const OnProgress& on_progress);
  /// Fills in what is known of `outcome` (usage, log) whether or not the task does its work.
  Status Execute(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                 const metadata::ExecutionPlan& plan, Staging& staging, const CancellationToken& cancellation,
                 const OnProgress& on_progress, metadata::ExecutionOutcome& outcome);
  Result<TaskCommand> MakeCommand(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                                  const metadata::ExecutionPlan& plan,
                                  const metadata::ArtifactsByName& outputs, const Staging& staging) const;
  Status PublishCached(const metadata::ExecutionPlan& plan, const metadata::CachedExecution& cached);
  Status PublishFailure(int64_t execution_id, const std::string& node, const Status& error,
                        metadata::ExecutionOutcome outcome);
  const pipeline::ComponentDescription* FindComponent(const pipeline::TaskView& task) const;

  // Constant after construction.
  const pipeline::PipelineView& pipeline_;
  const pipeline::ParameterValues parameters_;
  const pipeline::ComponentCatalog& components_;
  metadata::MetadataStore& store_;
  TaskBackend& backend_;
  RunHistory& history_;
  const RunLayout layout_;
  const LaunchOptions options_;
};

}  // namespace penstock::runtime
