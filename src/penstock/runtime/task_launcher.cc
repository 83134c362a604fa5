#include "penstock/runtime/task_launcher.h"

#include <algorithm>

#include "penstock/base/filesystem.h"
#include "penstock/base/logging.h"
#include "penstock/runtime/platform_settings.h"
#include "penstock/runtime/stored_artifacts.h"
#include "penstock/runtime/struct_properties.h"
#include "penstock/runtime/task_launcher_internal.h"
#include "penstock/runtime/volume_tasks.h"

namespace penstock::runtime {

using metadata::ArtifactsByName;
using metadata::ExecutionOutcome;
using metadata::ExecutionPlan;
using metadata::ExecutionState;
using metadata::RunEvents;
using nlohmann::json;

namespace {

std::string RefusalOf(const ArtifactsByName& outputs) {
  for (const auto& [name, artifacts] : outputs)
    for (const auto& artifact : artifacts)
      if (const auto entry = artifact.properties.find(pipeline::kRefusalProperty);
          entry != artifact.properties.end() && entry->is_string() &&
          !entry->get_ref<const std::string&>().empty())
        return entry->get<std::string>();
  return "";
}

/// What went wrong with a task that ended badly, for people.
Status ErrorOf(const TaskOutcome& outcome, const TaskCommand& command) {
  if (outcome.exit_code == 0 && outcome.signal == 0) return OkStatus();
  if (!outcome.reported_error.ok()) return outcome.reported_error;
  if (outcome.signal != 0)
    return Unavailable("The task was ended by signal {} (log: {})", outcome.signal, command.log_path);
  return Unavailable("The task ended with exit code {} (log: {})", outcome.exit_code, command.log_path);
}

std::map<std::string, std::vector<int64_t>> IdsOf(const ArtifactsByName& artifacts) {
  std::map<std::string, std::vector<int64_t>> ids;
  for (const auto& [name, list] : artifacts)
    for (const auto& artifact : list) ids[name].push_back(artifact.id);
  return ids;
}

}  // namespace

const pipeline::ComponentDescription* TaskLauncher::FindComponent(const pipeline::TaskView& task) const {
  if (task.native_component.empty()) return nullptr;
  const auto component = components_.Find(task.native_component);
  return component.ok() ? &(*component)->description : nullptr;
}

Status TaskLauncher::Launch(const RunContext& run, TaskJob job, TaskEvents& events,
                            const OnProgress& on_progress) const {
  const pipeline::TaskView& view = *job.view;
  Attempt attempt{run, std::move(job), events, on_progress};
  attempt.component = FindComponent(view);
  attempt.plan = {
      .run_id = run.run_id,
      .pipeline_name = run.pipeline_name,
      .node_id = attempt.job.path,
      .component_type = view.native_component.empty() ? view.component_name : view.native_component,
      .attempt = attempt.job.attempt};
  UnpackAll(attempt.job.inputs.artifacts);
  if (attempt.component != nullptr)
    ResolvePaths(*attempt.component, run.base_directory, attempt.job.inputs.parameters);
  attempt.plan.inputs = IdsOf(attempt.job.inputs.artifacts);
  for (const auto& [name, value] : attempt.job.inputs.parameters) attempt.plan.parameters[name] = value;
  return LaunchChecked(attempt);
}

Status TaskLauncher::LaunchChecked(Attempt& attempt) const {
  const pipeline::TaskView& view = *attempt.job.view;
  if (view.kind == pipeline::TaskView::Kind::kResolver || view.kind == pipeline::TaskView::Kind::kImporter)
    return AnswerFromStore(attempt);
  if (IsVolumeTask(view)) return AnswerVolumeTask(attempt);
  const bool is_cacheable = attempt.component == nullptr || attempt.component->is_cacheable;
  const bool is_wanted = attempt.run.settings.is_cache_enabled.value_or(true);
  // The run's switch turns off what a task asks for; where the task does not ask, `true` turns it on.
  const bool is_on = attempt.run.settings.is_cache_enabled.value_or(view.is_cache_enabled) &&
                     (view.is_cache_enabled || attempt.run.settings.is_cache_enabled.has_value());
  if (!is_cacheable) {
    attempt.note = "not cached: its component runs every time";
  } else if (const std::string live = LiveSourceOf(attempt.component, attempt.job.inputs.parameters);
             !live.empty()) {
    attempt.note = fmt::format(
        "not cached: what its {} holds is known only by reading it; the tasks after it go by what it wrote",
        live);
  } else if (!view.is_cache_enabled && !is_on) {
    attempt.note = "not cached: caching is off for this task";
  } else {
    const TaskPlacement placement = PlacementOf(view.platform);
    auto key = CacheKeyOf(view, attempt.job.inputs, attempt.component,
                          backend_.IdentityOf(placement.place, view.image, placement.pull_policy));
    if (!key.ok()) return PublishFailure(attempt, key.status(), {});
    attempt.plan.cache_key = key->digest;
    attempt.parts = key->parts;
    if (!is_wanted) {
      attempt.note = "not cached: the run was started without the cache";
    } else if (attempt.run.always_run.contains(attempt.job.root_task)) {
      attempt.note = "not cached: the run was asked to run it again";
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(const auto cached, store_.FindCached(attempt.plan.cache_key));
      if (cached) return PublishCached(attempt, *cached);
      attempt.note = "not cached: " + attempt.events.ExplainMiss(attempt.job.path, key->parts);
    }
  }
  return RunTask(attempt);
}

Status TaskLauncher::AnswerFromStore(Attempt& attempt) const {
  ExecutionOutcome outcome;
  const Status found = attempt.job.view->kind == pipeline::TaskView::Kind::kImporter
                           ? FindImported(attempt, outcome)
                           : FindResolved(attempt, outcome);
  if (!found.ok()) return PublishFailure(attempt, found, {});
  return PublishSuccess(attempt, std::move(outcome));
}

Status TaskLauncher::AnswerVolumeTask(Attempt& attempt) const {
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store_.FindExecutions(attempt.run.run_id));
  const bool is_resumed = std::any_of(executions.begin(), executions.end(), [&](const auto& execution) {
    return execution.node_id == attempt.job.path && WasInterrupted(execution);
  });
  // Known before it deletes: a kill between that and the end shows.
  PENSTOCK_RETURN_IF_ERROR(Begin(attempt));
  auto outcome = RunVolumeTask(*attempt.job.view, attempt.job.inputs.parameters, attempt.run.layout.root(),
                               attempt.run.run_id, is_resumed);
  if (!outcome.ok()) return PublishFailure(attempt, outcome.status(), {});
  return PublishSuccess(attempt, *std::move(outcome));
}

Status TaskLauncher::PublishCached(Attempt& attempt, const metadata::CachedExecution& cached) const {
  std::string note = fmt::format("cached: the same work as execution {}", cached.execution_id);
  if (const auto other = store_.GetExecution(cached.execution_id); other.ok())
    note += fmt::format(" of run {} ({})", other->run_id, other->updated.ToIsoString());
  auto outputs = std::make_shared<TaskOutputs>();
  outputs->artifacts = cached.outputs;
  outputs->parameters = cached.output_parameters;
  // Both in one transaction needs the new execution's id in the event before it is known:
  // the event names the execution whose outputs these are, which answers OutputsOf alike.
  return attempt.events.Write(
      attempt.job.index,
      {event::TaskSucceeded{attempt.job.index, cached.execution_id, true, 0, RefusalOf(cached.outputs), note,
                            attempt.job.path, attempt.parts},
       [&](const RunEvents& events) {
         return store_.PublishCached(attempt.plan, cached.execution_id, events).status();
       },
       std::move(outputs)});
}

Status TaskLauncher::PublishSuccess(Attempt& attempt, ExecutionOutcome outcome) const {
  auto outputs = std::make_shared<TaskOutputs>();
  outputs->parameters = outcome.output_parameters;
  event::TaskSucceeded done{attempt.job.index,
                            attempt.execution_id,
                            false,
                            outcome.usage.wall_seconds,
                            RefusalOf(outcome.outputs),
                            "",
                            "",
                            {}};
  if (attempt.execution_id == 0) {  // Answered without a process: begun and finished at once.
    PENSTOCK_ASSIGN_OR_RETURN(attempt.execution_id, store_.BeginExecution(attempt.plan));
    done.execution_id = attempt.execution_id;
  }
  return attempt.events.Write(attempt.job.index,
                              {done,
                               [&, outputs](const RunEvents& events) -> Status {
                                 PENSTOCK_ASSIGN_OR_RETURN(
                                     outputs->artifacts,
                                     store_.FinishExecution(attempt.execution_id, outcome, events));
                                 return OkStatus();
                               },
                               outputs});
}

Status TaskLauncher::PublishFailure(Attempt& attempt, const Status& error, ExecutionOutcome outcome) const {
  outcome.state =
      error.code() == StatusCode::kCancelled ? ExecutionState::kCancelled : ExecutionState::kFailed;
  outcome.outputs.clear();
  outcome.error_code = absl::StatusCodeToString(error.code());
  outcome.error_message = std::string(error.message());
  return attempt.events.Write(
      attempt.job.index,
      {event::TaskFailed{attempt.job.index, error.code(), outcome.error_message, outcome.usage.wall_seconds},
       [&](const RunEvents& events) {
         if (attempt.execution_id == 0) return store_.AppendRunEvents(attempt.run.run_id, events);
         return store_.FinishExecution(attempt.execution_id, outcome, events).status();
       },
       nullptr});
}

Status TaskLauncher::Begin(Attempt& attempt) const {
  return attempt.events.Write(attempt.job.index,
                              {event::TaskLaunched{attempt.job.index, attempt.job.attempt, 0, attempt.note,
                                                   attempt.job.path, attempt.parts},
                               [&](const RunEvents& events) -> Status {
                                 PENSTOCK_ASSIGN_OR_RETURN(attempt.execution_id,
                                                           store_.BeginExecution(attempt.plan, events));
                                 return OkStatus();
                               },
                               nullptr});
}

Status TaskLauncher::RunTask(Attempt& attempt) const {
  PENSTOCK_RETURN_IF_ERROR(Begin(attempt));
  TaskFiles files(attempt.run.layout, *attempt.job.view, attempt.job.path, attempt.execution_id);
  ExecutionOutcome outcome;
  Status error = Execute(attempt, files, outcome);
  if (error.ok()) {
    auto published = files.Publish(std::move(outcome.outputs));
    error = published.status();
    if (published.ok()) outcome.outputs = *std::move(published);
  }
  if (error.ok()) {
    error = PublishSuccess(attempt, outcome);
    if (error.ok()) return files.Close();
    // What the store refuses is the task's failure; a store that fails is nobody's.
    if (!absl::IsAlreadyExists(error) && !absl::IsInvalidArgument(error)) return error;
  }
  if (const Status discarded = files.Discard(); !discarded.ok())
    logging::Warning("cannot remove what a failed attempt wrote", {{"error", discarded.message()}});
  return PublishFailure(attempt, error, std::move(outcome));
}

Status TaskLauncher::Execute(Attempt& attempt, TaskFiles& files, ExecutionOutcome& outcome) const {
  PENSTOCK_ASSIGN_OR_RETURN(const auto pending, files.Open());
  PENSTOCK_ASSIGN_OR_RETURN(const ResourceDemand demand,
                            DemandOf(attempt.job.view->resources, attempt.job.inputs.parameters));
  const TaskSwitch& off = *attempt.job.off;
  PENSTOCK_RETURN_IF_ERROR(slots_.Take(demand, off.cancellation));
  attempt.events.Begun(attempt.job.index);
  const Status ended = ExecuteInSlot(attempt, files, pending, outcome);
  slots_.GiveBack(demand);
  if (off.is_out_of_time && absl::IsCancelled(ended))
    return DeadlineExceeded("The task took longer than its {} s and was stopped",
                            attempt.job.view->timeout_seconds);
  PENSTOCK_RETURN_IF_ERROR(ended);
  return ReadReport(attempt, files, pending, outcome);
}

Status TaskLauncher::ExecuteInSlot(Attempt& attempt, const TaskFiles& files, const ArtifactsByName& pending,
                                   ExecutionOutcome& outcome) const {
  const RunLayout& layout = attempt.run.layout;
  const CancellationToken& cancellation = attempt.job.off->cancellation;
  PENSTOCK_ASSIGN_OR_RETURN(attempt.local_inputs,
                            FetchInputs(layout, layout.StagingPath(attempt.execution_id),
                                        attempt.job.inputs.artifacts, cancellation));
  PENSTOCK_ASSIGN_OR_RETURN(const TaskCommand command, MakeCommand(attempt, files, pending));
  outcome.log_path = command.log_path;
  PENSTOCK_ASSIGN_OR_RETURN(const TaskOutcome ended,
                            backend_.Run(command, cancellation, attempt.on_progress));
  outcome.usage = {ended.wall_seconds, ended.cpu_seconds, ended.peak_memory_bytes};
  return ErrorOf(ended, command);
}

}  // namespace penstock::runtime
