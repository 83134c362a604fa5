#pragma once

#include <memory>
#include <string>

#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/run_machine.h"
#include "penstock/runtime/run_settings.h"

namespace penstock::runtime {

/// A run as its record and its history make it: the same in the process that runs it and in one that
/// only looks.
struct StoredRun {
  metadata::RunRecord record;  ///< Without the spec: `view` is made of it.
  RunSettings settings;
  pipeline::ParameterValues parameters;
  std::unique_ptr<const pipeline::PipelineView> view;
  std::unique_ptr<RunMachine> machine;
  int64_t num_events = 0;

  /// For tasks, only those of `tasks_from` on are laid out; values are left out.
  RunSnapshot Snapshot(bool with_tasks) const;
  TaskSnapshot SnapshotTask(TaskIndex task) const;
};

/// kNotFound; kDataLoss: the history cannot be replayed.
Result<StoredRun> LoadRun(const metadata::MetadataStore& store, const std::string& run_id);

/// Reads inputs, outputs, logs and errors of every task from the store into `snapshot`.
Status FillValues(const metadata::MetadataStore& store, RunSnapshot& snapshot);

/// How the store calls the way a run ended.
metadata::RunState StoredStateOf(const RunMachine& machine);
RuntimeState RuntimeStateOf(metadata::RunState state);

}  // namespace penstock::runtime
