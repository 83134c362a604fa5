#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/base/execution.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/run_state.h"
#include "penstock/runtime/staging.h"
#include "penstock/runtime/task_backend.h"

namespace penstock::runtime {

struct RunOptions {
  pipeline::ParameterValues parameters;  ///< Bound: every pipeline parameter has its value.
  std::string base_directory;            ///< What relative paths in the pipeline start from.
  std::string root;                      ///< Absolute; made when missing.
  bool is_cache_enabled = true;
  std::string from_node;         ///< This node and all downstream run again; empty: none has to.
  int num_threads_per_task = 0;  ///< 0: one per core.
  int max_running = 0;           ///< Nodes at a time; 0: one per core.
};

/// Sees a run as it goes. Called from several threads, never at the same time.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  /// `is_resumed`: an interrupted run goes on.
  virtual void OnStart(const std::string& run_id, bool is_resumed) = 0;
  virtual void OnEvent(const RunEvent& event, const RunState& state) = 0;
  virtual void OnProgress(const std::string& node, double fraction, const std::string& message) = 0;
};

struct RunResult {
  std::string run_id;
  RunState state;
  bool is_resumed = false;
  double seconds = 0;
};

/// Runs a pipeline to its end in this process: the thin shell around Decide.
///
/// One run at a time below a root (a lock file says so, kFailedPrecondition otherwise). A
/// run that was killed is taken up where its history ends, when pipeline, parameters and
/// options are the same; published work is not repeated. Another unfinished run is closed as
/// failed. On cancellation the running tasks are stopped and the run ends as cancelled.
/// An error is that the run could not start or its store could not be written; a node that
/// fails is in the result. Blocking; safe from any thread.
Result<RunResult> RunPipeline(const pipeline::PipelineIr& ir, const RunOptions& options,
                              const pipeline::ComponentCatalog& components, TaskBackend& backend,
                              const Clock& clock, const CancellationToken& cancellation,
                              RunObserver& observer);

/// The store below `root`. kNotFound when nothing ever ran there.
Result<std::unique_ptr<metadata::MetadataStore>> OpenExistingStore(const std::string& root,
                                                                   const Clock& clock);

}  // namespace penstock::runtime
