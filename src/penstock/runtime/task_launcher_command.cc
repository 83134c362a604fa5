// What a task's process is given and what it leaves.
#include <algorithm>
#include <map>
#include <set>

#include "penstock/base/filesystem.h"
#include "penstock/runtime/platform_settings.h"
#include "penstock/runtime/stored_artifacts.h"
#include "penstock/runtime/struct_properties.h"
#include "penstock/runtime/task_launcher.h"
#include "penstock/runtime/task_launcher_internal.h"

namespace penstock::runtime {

using metadata::ArtifactsByName;
using metadata::ExecutionOutcome;
using nlohmann::json;

namespace {

/// A longer argument is refused by the kernel (MAX_ARG_STRLEN).
constexpr size_t kMaxArgumentBytes = 128 * 1024 - 1;

pipeline::PlaceholderScope ScopeOf(const RunContext& run, const TaskJob& job,
                                   const pipeline::ExecutorInput& input) {
  const Timestamp scheduled = run.settings.scheduled.micros == 0 ? run.created : run.settings.scheduled;
  return {
      .input = input,
      .pipeline_job_name = run.settings.display_name.empty() ? run.pipeline_name : run.settings.display_name,
      .pipeline_job_uuid = run.run_id,
      .pipeline_job_resource_name = run.run_id,
      .pipeline_root = run.pipeline_root,
      .task_name = job.view->id,
      .task_uuid = fmt::format("{}-{}-{}", run.run_id, job.index, job.attempt),
      .create_time_utc = run.created.ToIsoString(),
      .schedule_time_utc = scheduled.ToIsoString(),
      .workspace_path = fs::Join(fs::Join(run.layout.root(), "workspaces"), run.run_id)};
}

/// Constants of the pipeline may hold placeholders of the run ({{$.pipeline_job_name}}): they are in
/// the cache key as they are written, and get their values here.
Status ReplaceRunPlaceholders(const pipeline::TaskView& view, pipeline::ExecutorInput& input,
                              const pipeline::PlaceholderScope& scope) {
  pipeline::ParameterValues replaced;
  for (const auto& [name, value] : input.task.parameters) {
    const auto source = view.parameters.find(name);
    const bool is_constant = source != view.parameters.end() &&
                             source->second.source == pipeline::ParameterInput::Source::kConstant;
    if (!is_constant || !value.is_string() ||
        value.get_ref<const std::string&>().find("{{$.") == std::string::npos)
      continue;
    PENSTOCK_ASSIGN_OR_RETURN(replaced[name],
                              pipeline::ResolvePlaceholders(value.get_ref<const std::string&>(), scope));
  }
  for (auto& [name, value] : replaced) input.task.parameters[name] = std::move(value);
  return OkStatus();
}

/// TFX's executors read parameters in KFP's old form where their command does not give them the inputs'
/// types.
bool WantsOldParameters(const pipeline::TaskView& view) {
  const auto mentions = [&](std::string_view word) {
    return std::find(view.args.begin(), view.args.end(), word) != view.args.end() ||
           std::find(view.command.begin(), view.command.end(), word) != view.command.end();
  };
  return mentions("--executor_class_path") && !mentions("--json_serialized_inputs_spec_args");
}

/// KFP's components expect names: an output is called as its port, an input as it was when it was an output.
void NameArtifacts(pipeline::ExecutionTask& task) {
  for (auto& [name, artifacts] : task.outputs)
    for (auto& artifact : artifacts) artifact.name = name;
  for (auto& [name, artifacts] : task.inputs)
    for (auto& artifact : artifacts)
      if (artifact.name.empty()) artifact.name = fs::BaseName(artifact.uri);
}

}  // namespace

Result<TaskCommand> TaskLauncher::MakeCommand(Attempt& attempt, const TaskFiles& files,
                                              const ArtifactsByName& outputs) const {
  const pipeline::TaskView& view = *attempt.job.view;
  pipeline::ExecutorInput input{
      .task = {view.id, attempt.local_inputs, outputs, attempt.job.inputs.parameters},
      .output_file = files.OutputFile(),
      .output_parameter_files = {},
      .has_old_parameters = WantsOldParameters(view)};
  const bool is_native = !view.native_component.empty();
  if (!is_native) NameArtifacts(input.task);
  if (!is_native)
    for (const auto& [name, type] : view.output_parameters) {
      PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(name, "An output parameter's name"));
      input.output_parameter_files[name] = files.ParameterFile(name);
    }
  const pipeline::PlaceholderScope scope = ScopeOf(attempt.run, attempt.job, input);
  if (!is_native) PENSTOCK_RETURN_IF_ERROR(ReplaceRunPlaceholders(view, input, scope));
  TaskCommand command;
  PENSTOCK_ASSIGN_OR_RETURN(command.arguments, pipeline::ResolveCommand(view.command, scope));
  PENSTOCK_ASSIGN_OR_RETURN(const auto args, pipeline::ResolveCommand(view.args, scope));
  command.arguments.insert(command.arguments.end(), args.begin(), args.end());
  for (std::string& argument : command.arguments) {
    if (argument.size() <= kMaxArgumentBytes) continue;
    if (!is_native || argument != pipeline::PrintExecutorInput(input))
      return InvalidArgument(
          "Task '{}': an argument of {} bytes is longer than a process can be given; hand such "
          "values on as artifacts",
          view.id, argument.size());
    PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(files.InputFile(), argument));
    argument = "@" + files.InputFile();
  }
  command.owner = attempt.run.layout.root();
  for (const auto& [name, value] : view.environment) {
    PENSTOCK_ASSIGN_OR_RETURN(command.environment[name], pipeline::ResolvePlaceholders(value, scope));
  }
  if (options_.num_threads_per_task > 0)
    command.environment["PENSTOCK_NUM_THREADS"] = std::to_string(options_.num_threads_per_task);
  PENSTOCK_RETURN_IF_ERROR(ApplyPlatform(view.platform, attempt.job.inputs.parameters,
                                         attempt.run.layout.root(),
                                         {attempt.run.run_id, attempt.run.pipeline_name, view.id}, command));
  command.working_directory = files.WorkDirectory();
  if (!is_native) {
    // What the program leaves in the system's temporary folder goes with its work directory.
    command.environment.try_emplace("TMPDIR", command.working_directory);
    command.state_directory = fs::Join(attempt.run.layout.root(), "python");
    if (pipeline::MentionsWorkspace(view))
      PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(scope.workspace_path));
    PENSTOCK_RETURN_IF_ERROR(PlaceInContainer(attempt, files, scope, outputs, command));
  }
  command.log_path = attempt.run.layout.LogPath(attempt.run.run_id, attempt.job.path, attempt.job.attempt);
  PENSTOCK_ASSIGN_OR_RETURN(const ResourceDemand limit,
                            LimitOf(view.resources, attempt.job.inputs.parameters));
  command.max_memory_bytes = limit.memory_bytes;
  command.max_cpus = limit.cpus;
  return command;
}

/// The image, and what its container sees: the inputs to read, its own folders to write.
Status TaskLauncher::PlaceInContainer(const Attempt& attempt, const TaskFiles& files,
                                      const pipeline::PlaceholderScope& scope, const ArtifactsByName& outputs,
                                      TaskCommand& command) const {
  const pipeline::TaskView& view = *attempt.job.view;
  PENSTOCK_ASSIGN_OR_RETURN(command.image, pipeline::ResolvePlaceholders(view.image, scope));
  if (command.image.starts_with('-'))
    return InvalidArgument("The image '{}' of task {} begins with a dash, which no image's name does",
                           command.image, view.id);
  command.is_for_entry_point = view.command.empty();
  std::map<std::string, bool> seen;  // Each path once: engines refuse a place that is mounted twice.
  const auto see = [&](const std::string& path, bool is_read_only) {
    const auto [at, is_new] = seen.emplace(path, is_read_only);
    at->second = at->second && is_read_only;
  };
  const std::string artifacts = fs::DirName(attempt.run.layout.NodePath("any"));
  if (artifacts.starts_with('/')) {  // Otherwise they lie in object storage, with copies here.
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(artifacts));
    see(artifacts, true);
  }
  for (const auto& [name, list] : attempt.local_inputs)
    for (const auto& artifact : list)
      if (artifact.uri.starts_with('/') && !artifact.uri.starts_with(artifacts + "/"))
        see(artifact.uri, true);
  std::set<std::string> folders;
  for (const auto& [name, list] : outputs)
    for (const auto& artifact : list) folders.insert(fs::DirName(artifact.uri));
  for (const std::string& folder : folders) see(folder, false);
  see(fs::DirName(files.OutputFile()), false);
  if (pipeline::MentionsWorkspace(view)) see(scope.workspace_path, false);
  for (const auto& [path, is_read_only] : seen) {
    if (path.find_first_of(",\n") != path.npos)
      return InvalidArgument("A container cannot be shown {}: engines take no comma in the path of a mount",
                             path);
    command.mounts.push_back({path, path, is_read_only});
  }
  return OkStatus();
}

Status TaskLauncher::ReadReport(Attempt& attempt, const TaskFiles& files, const ArtifactsByName& pending,
                                ExecutionOutcome& outcome) const {
  const pipeline::TaskView& view = *attempt.job.view;
  const pipeline::ExecutionTask executed{view.id, attempt.local_inputs, pending,
                                         attempt.job.inputs.parameters};
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_report, fs::Exists(files.OutputFile()));
  std::string report_text = "{}";
  if (has_report) {
    PENSTOCK_ASSIGN_OR_RETURN(report_text, fs::ReadFile(files.OutputFile()));
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto report, pipeline::ParseExecutorOutput(report_text, executed));
  outcome.outputs = std::move(report.outputs);
  PENSTOCK_RETURN_IF_ERROR(NameAsStored(attempt.job.inputs.artifacts, attempt.local_inputs, outcome.outputs));
  for (const auto& [name, value] : report.output_parameters) outcome.output_parameters[name] = value;
  if (!view.native_component.empty()) return OkStatus();

  for (const auto& [name, type] : view.output_parameters) {
    if (outcome.output_parameters.contains(name)) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(files.ParameterFile(name)));
    if (!exists) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text, fs::ReadFile(files.ParameterFile(name)));
    PENSTOCK_ASSIGN_OR_RETURN(
        outcome.output_parameters[name],
        pipeline::ReadOutputParameter(text, type,
                                      fmt::format("Output parameter '{}' of task '{}'", name, view.id)));
  }
  for (auto& [name, artifacts] : outcome.outputs)
    for (auto& artifact : artifacts) {
      // Names of artifacts are unique in the store; what a component calls its output is not.
      artifact.name.clear();
      artifact.properties = PackProperties(artifact.properties);
    }
  return CopyCustomPaths(report_text, outcome.outputs);
}

}  // namespace penstock::runtime
