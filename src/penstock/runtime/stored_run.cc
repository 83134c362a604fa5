#include "penstock/runtime/stored_run.h"

#include <map>

#include "penstock/pipeline/pipeline_ir.h"
#include "penstock/runtime/struct_properties.h"

namespace penstock::runtime {

Result<StoredRun> LoadRun(const metadata::MetadataStore& store, const std::string& run_id) {
  StoredRun run;
  PENSTOCK_ASSIGN_OR_RETURN(run.record, store.GetRun(run_id));
  PENSTOCK_ASSIGN_OR_RETURN(
      const auto ir,
      pipeline::ParsePipelineIr(run.record.spec, "the stored pipeline of run " + run.record.run_id));
  run.record.spec.clear();
  PENSTOCK_ASSIGN_OR_RETURN(auto view, pipeline::ViewPipeline(ir));
  run.view = std::make_unique<const pipeline::PipelineView>(std::move(view));
  for (const auto& [name, value] : run.record.parameters.items()) run.parameters[name] = value;
  run.machine = std::make_unique<RunMachine>(*run.view, run.record.created);
  PENSTOCK_ASSIGN_OR_RETURN(const auto lines, store.ReadRunEvents(run.record.run_id));
  for (const auto& line : lines) {
    PENSTOCK_ASSIGN_OR_RETURN(const RunEvent event, DecodeEvent(line));
    if (const auto* created = std::get_if<event::RunCreated>(&event.what)) {
      PENSTOCK_ASSIGN_OR_RETURN(run.settings, ReadRunSettings(created->settings));
    }
    PENSTOCK_RETURN_IF_ERROR(Annotate(run.machine->Apply(event), "Run " + run.record.run_id));
  }
  run.machine->TakeChanged();
  run.num_events = static_cast<int64_t>(lines.size());
  return run;
}

TaskSnapshot StoredRun::SnapshotTask(TaskIndex index) const {
  const TaskState& state = machine->task(index);
  TaskSnapshot task;
  task.index = index;
  task.task_id = fmt::format("{}-{}", record.run_id, index);
  task.path = machine->PathOf(index);
  task.parent_index = state.parent;
  task.iteration_index = state.iteration;
  task.kind = state.kind;
  task.state = state.state;
  task.state_history = state.history;
  task.created = state.created;
  task.started = state.started;
  task.ended = state.ended;
  task.error = state.error;
  task.num_attempts = state.num_attempts;
  task.execution_id = state.execution_id;
  task.is_cached = state.is_cached;
  task.cache_note = state.note;
  task.refusal = state.refusal;
  task.seconds = state.seconds;
  task.child_indices.assign(state.children.begin(), state.children.end());
  if (state.view == nullptr) {
    task.name = task.display_name = record.pipeline_name;
    return task;
  }
  task.name = state.view->id;
  task.display_name = state.view->display_name;
  task.component =
      state.view->native_component.empty() ? state.view->component_name : state.view->native_component;
  return task;
}

RunSnapshot StoredRun::Snapshot(bool with_tasks) const {
  RunSnapshot snapshot;
  snapshot.run_id = record.run_id;
  snapshot.pipeline_name = record.pipeline_name;
  snapshot.display_name = settings.display_name.empty() ? record.pipeline_name : settings.display_name;
  snapshot.labels = settings.labels;
  snapshot.parameters = record.parameters;
  snapshot.pipeline_root = settings.pipeline_root.empty() ? record.root : settings.pipeline_root;
  snapshot.state = machine->state();
  snapshot.state_history = machine->history();
  snapshot.created = record.created;
  snapshot.scheduled = settings.scheduled.micros == 0 ? record.created : settings.scheduled;
  if (machine->is_complete()) snapshot.ended = snapshot.state_history.back().time;
  snapshot.error = machine->task(0).error;
  const bool may_be_refused = snapshot.state == RuntimeState::kSucceeded;
  for (const TaskState& task : machine->tasks())
    if (may_be_refused && !task.refusal.empty()) snapshot.is_refused = true;
  if (!with_tasks) return snapshot;
  for (size_t i = 0; i < machine->tasks().size(); ++i)
    snapshot.tasks.push_back(SnapshotTask(static_cast<TaskIndex>(i)));
  return snapshot;
}

Status FillValues(const metadata::MetadataStore& store, RunSnapshot& snapshot) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store.FindExecutions(snapshot.run_id));
  std::map<std::string, const metadata::Execution*> latest;
  for (const auto& execution : executions) latest[execution.node_id] = &execution;
  for (TaskSnapshot& task : snapshot.tasks) {
    const auto found = latest.find(task.path);
    if (task.path.empty() || found == latest.end()) continue;
    const metadata::Execution& execution = *found->second;
    if (task.execution_id == 0) task.execution_id = execution.id;
    task.log_path = execution.log_path;
    task.input_parameters = execution.parameters;
    task.output_parameters = execution.output_parameters;
    PENSTOCK_ASSIGN_OR_RETURN(task.input_artifacts, store.InputsOf(execution.id));
    PENSTOCK_ASSIGN_OR_RETURN(task.output_artifacts, store.OutputsOf(execution.id));
    UnpackAll(task.input_artifacts);
    UnpackAll(task.output_artifacts);
  }
  return OkStatus();
}

metadata::RunState StoredStateOf(const RunMachine& machine) {
  if (machine.state() == RuntimeState::kCanceled) return metadata::RunState::kCancelled;
  switch (ExitCodeOf(machine)) {
    case 0:
      return metadata::RunState::kSucceeded;
    case 3:
      return metadata::RunState::kRefused;
    default:
      return metadata::RunState::kFailed;
  }
}

RuntimeState RuntimeStateOf(metadata::RunState state) {
  switch (state) {
    case metadata::RunState::kPending:
      return RuntimeState::kPending;
    case metadata::RunState::kRunning:
      return RuntimeState::kRunning;
    case metadata::RunState::kSucceeded:
    case metadata::RunState::kRefused:
      return RuntimeState::kSucceeded;
    case metadata::RunState::kFailed:
      return RuntimeState::kFailed;
    case metadata::RunState::kCancelled:
      return RuntimeState::kCanceled;
  }
  return RuntimeState::kUnspecified;
}

}  // namespace penstock::runtime
