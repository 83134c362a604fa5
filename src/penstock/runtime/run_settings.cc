#include "penstock/runtime/run_settings.h"

#include "penstock/base/storage_uri.h"

namespace penstock::runtime {

using nlohmann::json;

json ToJson(const RunSettings& settings) {
  json out = json::object();
  const auto put = [&](const char* key, const std::string& text) {
    if (!text.empty()) out[key] = text;
  };
  put("pipeline_root", settings.pipeline_root);
  put("display_name", settings.display_name);
  put("base_directory", settings.base_directory);
  put("from_node", settings.from_node);
  if (settings.is_cache_enabled.has_value()) out["cache"] = *settings.is_cache_enabled;
  if (!settings.labels.empty()) out["labels"] = settings.labels;
  if (settings.scheduled.micros != 0) out["scheduled"] = settings.scheduled.micros;
  return out;
}

Result<RunSettings> ReadRunSettings(const json& in) {
  try {
    RunSettings settings;
    settings.pipeline_root = in.value("pipeline_root", "");
    settings.display_name = in.value("display_name", "");
    settings.base_directory = in.value("base_directory", "");
    settings.from_node = in.value("from_node", "");
    if (in.contains("cache")) settings.is_cache_enabled = in.at("cache").get<bool>();
    if (in.contains("labels")) settings.labels = in.at("labels").get<std::map<std::string, std::string>>();
    settings.scheduled.micros = in.value("scheduled", int64_t{0});
    return settings;
  } catch (const json::exception& error) {
    return DataLoss("The run's history has settings that cannot be read: {}", error.what());
  }
}

RunSettings SettingsOf(const RunRequest& request) {
  return {.pipeline_root = request.pipeline_root,
          .is_cache_enabled = request.is_cache_enabled,
          .display_name = request.display_name,
          .labels = request.labels,
          .base_directory = request.base_directory,
          .from_node = request.from_node,
          .scheduled = request.scheduled};
}

Digest RunKeyOf(const pipeline::PipelineIr& ir, const pipeline::ParameterValues& parameters,
                const RunSettings& settings) {
  DigestBuilder key;
  const bool is_cached = settings.is_cache_enabled.value_or(true);
  key.Add(pipeline::SpecDigest(ir)).Add(settings.from_node).Add(int64_t{is_cached});
  if (!settings.pipeline_root.empty()) key.Add(settings.pipeline_root);
  for (const auto& [name, value] : parameters) key.Add(name).Add(value.dump());
  return key.Finish();
}

namespace {

Status CheckTask(const pipeline::TaskView& task, const pipeline::ParameterValues& values) {
  for (const auto& [name, value] : values)
    if (value.is_string() && fs::HoldsPassword(value.get_ref<const std::string&>()))
      return InvalidArgument(
          "Task '{}': the parameter '{}' holds a password, which metadata and logs would keep: leave it out, "
          "and let the environment or a profile have it (docs/guides/object-storage.md, docs/guides/sql.md)",
          task.id, name);
  return OkStatus();
}

}  // namespace

Status CheckForPasswords(const pipeline::PipelineView& pipeline, const pipeline::ParameterValues& parameters,
                         const RunSettings& settings) {
  if (fs::IsObjectStorage(settings.pipeline_root))
    PENSTOCK_RETURN_IF_ERROR(Annotate(fs::CheckStorageUri(settings.pipeline_root), "The pipeline root"));
  for (const auto& task : pipeline.tasks) {
    if (task.native_component.empty()) continue;
    const auto known = pipeline::ResolveKnownParameters(task, parameters);
    if (known.ok()) PENSTOCK_RETURN_IF_ERROR(CheckTask(task, *known));
  }
  for (const auto& [name, dag] : pipeline.dags)
    for (const auto& task : dag.tasks) {
      if (task.native_component.empty()) continue;
      pipeline::ParameterValues constants;
      for (const auto& [parameter, input] : task.parameters)
        if (input.source == pipeline::ParameterInput::Source::kConstant)
          constants[parameter] = input.constant;
      PENSTOCK_RETURN_IF_ERROR(CheckTask(task, constants));
    }
  return OkStatus();
}

}  // namespace penstock::runtime
