#include "penstock/runtime/launcher.h"

#include <algorithm>

#include "penstock/base/filesystem.h"
#include "penstock/base/logging.h"
#include "penstock/pipeline/executor_input.h"
#include "penstock/pipeline/placeholders.h"
#include "penstock/runtime/interrupted_execution.h"

namespace penstock::runtime {
namespace {

using metadata::ArtifactsByName;
using metadata::ExecutionOutcome;
using metadata::ExecutionPlan;
using metadata::ExecutionState;
using metadata::RunEvents;

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
  if (outcome.exit_code == 0 && outcome.signal == 0 && !outcome.is_timed_out) return OkStatus();
  if (outcome.is_timed_out)
    return DeadlineExceeded("The task took longer than its {} s and was stopped",
                            command.timeout_millis / 1000.0);
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

Launcher::Launcher(const pipeline::PipelineView& pipeline, pipeline::ParameterValues parameters,
                   const pipeline::ComponentCatalog& components, metadata::MetadataStore& store,
                   TaskBackend& backend, RunHistory& history, RunLayout layout, LaunchOptions options)
    : pipeline_(pipeline),
      parameters_(std::move(parameters)),
      components_(components),
      store_(store),
      backend_(backend),
      history_(history),
      layout_(std::move(layout)),
      options_(std::move(options)) {}

const pipeline::ComponentDescription* Launcher::FindComponent(const pipeline::TaskView& task) const {
  if (task.native_component.empty()) return nullptr;
  const auto component = components_.Find(task.native_component);
  return component.ok() ? &(*component)->description : nullptr;
}

Status Launcher::Launch(const pipeline::TaskView& task, int attempt, const CancellationToken& cancellation,
                        const OnProgress& on_progress) {
  const auto* component = FindComponent(task);
  ExecutionPlan plan{
      .run_id = history_.run_id(),
      .pipeline_name = pipeline_.name,
      .node_id = task.id,
      .component_type = task.native_component.empty() ? task.component_name : task.native_component,
      .attempt = attempt};
  auto inputs = Resolve(task);
  Status status = inputs.status();
  const bool is_cacheable = status.ok() && task.is_cache_enabled && task.resolver_policy.empty() &&
                            (component == nullptr || component->is_cacheable);
  if (is_cacheable) {
    auto key = CacheKeyOf(task, *inputs, component);
    status = key.status();
    if (key.ok()) plan.cache_key = *key;
  }
  if (!status.ok())
    return history_.AppendWith(
        event::NodeFailed{task.id, status.code(), std::string(status.message()), 0},
        [&](const RunEvents& events) { return store_.AppendRunEvents(history_.run_id(), events); });
  plan.inputs = IdsOf(inputs->artifacts);
  for (const auto& [name, value] : inputs->parameters) plan.parameters[name] = value;
  if (!task.resolver_policy.empty()) return RunResolver(task, *inputs, std::move(plan));
  if (is_cacheable && options_.is_cache_enabled && !options_.always_run.contains(task.id)) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto cached, store_.FindCached(plan.cache_key));
    if (cached) return PublishCached(plan, *cached);
  }
  return RunTask(task, *inputs, std::move(plan), cancellation, on_progress);
}

Result<ResolvedInputs> Launcher::Resolve(const pipeline::TaskView& task) const {
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(task.id, "A node's name"));
  const RunState state = history_.state();
  auto execution_of = [&](const std::string& node) {
    const auto entry = state.nodes.find(node);
    return entry == state.nodes.end() ? int64_t{0} : entry->second.execution_id;
  };
  ResolvedInputs inputs;
  for (const auto& [name, from] : task.inputs) {
    PENSTOCK_ASSIGN_OR_RETURN(auto outputs, store_.OutputsOf(execution_of(from.node)));
    if (auto entry = outputs.find(from.output); entry != outputs.end() && !entry->second.empty())
      inputs.artifacts[name] = std::move(entry->second);
  }
  std::map<std::string, nlohmann::json> output_parameters;
  for (const auto& [name, parameter] : task.parameters) {
    if (parameter.source != pipeline::ParameterInput::Source::kTaskOutput) continue;
    const auto& node = parameter.task_output.node;
    PENSTOCK_ASSIGN_OR_RETURN(const auto execution, store_.GetExecution(execution_of(node)));
    output_parameters[node] = execution.output_parameters;
  }
  auto lookup = [&](const pipeline::OutputReference& reference) -> const nlohmann::json* {
    const auto& values = output_parameters[reference.node];
    const auto entry = values.find(reference.output);
    return entry == values.end() ? nullptr : &*entry;
  };
  PENSTOCK_ASSIGN_OR_RETURN(inputs.parameters, pipeline::ResolveParameters(task, parameters_, lookup));
  if (const auto* component = FindComponent(task)) {
    for (const auto& parameter : component->parameters) {
      const auto entry = inputs.parameters.find(parameter.name);
      if (entry != inputs.parameters.end() && entry->second.is_string() &&
          (parameter.is_external_path || parameter.is_destination))
        entry->second = ResolvePath(entry->second.get<std::string>(), options_.base_directory);
    }
  }
  return inputs;
}

Status Launcher::RunResolver(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                             ExecutionPlan plan) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t execution_id, store_.BeginExecution(plan));
  if (task.resolver_policy != "latest_blessed_model")
    return PublishFailure(execution_id, task.id,
                          Unimplemented("There is no resolver policy '{}'", task.resolver_policy), {});
  std::optional<int64_t> candidate;
  if (const auto entry = inputs.artifacts.find("model"); entry != inputs.artifacts.end())
    candidate = entry->second[0].id;
  PENSTOCK_ASSIGN_OR_RETURN(const auto blessed, store_.LatestBlessedModel(pipeline_.name, candidate));
  ExecutionOutcome outcome;
  for (const auto& [name, type] : task.outputs) {
    outcome.outputs[name];  // No blessed model yet: an output without artifacts.
    if (blessed) outcome.outputs[name].push_back(*blessed);
  }
  return history_.AppendWith(event::NodeSucceeded{task.id, execution_id, false, 0, ""},
                             [&](const RunEvents& events) {
                               return store_.FinishExecution(execution_id, outcome, events).status();
                             });
}

Status Launcher::PublishCached(const ExecutionPlan& plan, const metadata::CachedExecution& cached) {
  // Both in one transaction needs the new execution's id in the event before it is known:
  // the event names the execution whose outputs these are, which answers OutputsOf alike.
  return history_.AppendWith(
      event::NodeSucceeded{plan.node_id, cached.execution_id, true, 0, RefusalOf(cached.outputs)},
      [&](const RunEvents& events) {
        return store_.PublishCached(plan, cached.execution_id, events).status();
      });
}

Status Launcher::PublishFailure(int64_t execution_id, const std::string& node, const Status& error,
                                ExecutionOutcome outcome) {
  outcome.state =
      error.code() == StatusCode::kCancelled ? ExecutionState::kCancelled : ExecutionState::kFailed;
  outcome.outputs.clear();
  outcome.error_code = absl::StatusCodeToString(error.code());
  outcome.error_message = std::string(error.message());
  return history_.AppendWith(
      event::NodeFailed{node, error.code(), outcome.error_message, outcome.usage.wall_seconds},
      [&](const RunEvents& events) {
        return store_.FinishExecution(execution_id, outcome, events).status();
      });
}

Status Launcher::RunTask(const pipeline::TaskView& task, const ResolvedInputs& inputs, ExecutionPlan plan,
                         const CancellationToken& cancellation, const OnProgress& on_progress) {
  int64_t execution_id = 0;
  PENSTOCK_RETURN_IF_ERROR(
      history_.AppendWith(event::NodeLaunched{task.id, plan.attempt}, [&](const RunEvents& events) -> Status {
        PENSTOCK_ASSIGN_OR_RETURN(execution_id, store_.BeginExecution(plan, events));
        return OkStatus();
      }));
  Staging staging(layout_, task, execution_id);
  ExecutionOutcome outcome;
  Status error = Execute(task, inputs, plan, staging, cancellation, on_progress, outcome);
  if (error.ok()) {
    auto published = staging.Publish(std::move(outcome.outputs));
    error = published.status();
    if (published.ok()) outcome.outputs = *std::move(published);
  }
  if (!error.ok()) {
    if (const Status discarded = staging.Discard(); !discarded.ok())
      logging::Warning("cannot remove what a failed attempt wrote", {{"error", discarded.message()}});
    return PublishFailure(execution_id, task.id, error, std::move(outcome));
  }
  PENSTOCK_RETURN_IF_ERROR(
      history_.AppendWith(event::NodeSucceeded{task.id, execution_id, false, outcome.usage.wall_seconds,
                                               RefusalOf(outcome.outputs)},
                          [&](const RunEvents& events) {
                            return store_.FinishExecution(execution_id, outcome, events).status();
                          }));
  return staging.Close();
}

Status Launcher::Execute(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                         const ExecutionPlan& plan, Staging& staging, const CancellationToken& cancellation,
                         const OnProgress& on_progress, ExecutionOutcome& outcome) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto pending, staging.Open());
  PENSTOCK_ASSIGN_OR_RETURN(const TaskCommand command, MakeCommand(task, inputs, plan, pending, staging));
  outcome.log_path = command.log_path;
  PENSTOCK_ASSIGN_OR_RETURN(const TaskOutcome ended, backend_.Run(command, cancellation, on_progress));
  outcome.usage = {ended.wall_seconds, ended.cpu_seconds, ended.peak_memory_bytes};
  PENSTOCK_RETURN_IF_ERROR(ErrorOf(ended, command));
  const pipeline::ExecutionTask executed{task.id, inputs.artifacts, pending, inputs.parameters};
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_report, fs::Exists(staging.OutputFile()));
  std::string report_text = "{}";
  if (has_report) {
    PENSTOCK_ASSIGN_OR_RETURN(report_text, fs::ReadFile(staging.OutputFile()));
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto report, pipeline::ParseExecutorOutput(report_text, executed));
  outcome.outputs = std::move(report.outputs);
  for (const auto& [name, value] : report.output_parameters) outcome.output_parameters[name] = value;
  return OkStatus();
}

Result<TaskCommand> Launcher::MakeCommand(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                                          const ExecutionPlan& plan, const ArtifactsByName& outputs,
                                          const Staging& staging) const {
  const pipeline::ExecutorInput input{.task = {task.id, inputs.artifacts, outputs, inputs.parameters},
                                      .output_file = staging.OutputFile(),
                                      .output_parameter_files = {}};
  const pipeline::PlaceholderScope scope{
      .input = input,
      .pipeline_job_name = pipeline_.name,
      .pipeline_job_uuid = plan.run_id,
      .pipeline_root = layout_.root(),
      .task_uuid = fmt::format("{}-{}-{}", plan.run_id, task.id, plan.attempt),
      .create_time_utc = "",
      .schedule_time_utc = ""};
  TaskCommand command;
  PENSTOCK_ASSIGN_OR_RETURN(command.arguments, pipeline::ResolveCommand(task.command, scope));
  PENSTOCK_ASSIGN_OR_RETURN(const auto args, pipeline::ResolveCommand(task.args, scope));
  command.arguments.insert(command.arguments.end(), args.begin(), args.end());
  command.environment = task.environment;
  if (options_.num_threads_per_task > 0)
    command.environment["PENSTOCK_NUM_THREADS"] = std::to_string(options_.num_threads_per_task);
  command.log_path = layout_.LogPath(plan.run_id, task.id, plan.attempt);
  command.timeout_millis = static_cast<int64_t>(task.timeout_seconds * 1000);
  return command;
}

Status Launcher::AbandonInterrupted(const pipeline::TaskView& task) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store_.FindExecutions(history_.run_id()));
  for (const auto& execution : executions) {
    if (execution.node_id != task.id || execution.state != ExecutionState::kRunning) continue;
    PENSTOCK_RETURN_IF_ERROR(GiveUpInterrupted(store_, layout_, execution));
  }
  return history_.Append(event::NodeInterrupted{task.id});
}

}  // namespace penstock::runtime
