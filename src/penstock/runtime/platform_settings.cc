#include "penstock/runtime/platform_settings.h"

#include "penstock/base/filesystem.h"
#include "penstock/pipeline/placeholders.h"

namespace penstock::runtime {
namespace {

using nlohmann::json;
using pipeline::ParameterValues;

const json& ListOf(const json& config, const char* name) {
  static const json kNothing = json::array();
  const auto list = config.find(name);
  return list == config.end() || !list->is_array() ? kNothing : *list;
}

std::string TextOf(const json& object, const char* name) {
  const auto text = object.is_object() ? object.find(name) : object.end();
  return !object.is_object() || text == object.end() || !text->is_string() ? "" : text->get<std::string>();
}

Result<std::string> Replaced(const std::string& text, const ParameterValues& parameters) {
  if (text.find("{{$") == std::string::npos) return text;
  const pipeline::ExecutorInput input{.task = {"", {}, {}, parameters}};
  return pipeline::ResolvePlaceholders(text, pipeline::PlaceholderScope{.input = input});
}

/// A name that stands there, or (KFP's *Parameter fields) in a parameter of the task or a constant.
Result<std::string> NameOf(const json& entry, const char* plain, const char* parameter,
                           const ParameterValues& parameters) {
  if (const auto source = entry.find(parameter); source != entry.end() && source->is_object()) {
    const std::string input = TextOf(*source, "componentInputParameter");
    if (const auto value = parameters.find(input); value != parameters.end() && value->second.is_string())
      return value->second.get<std::string>();
    if (const auto value = source->find("runtimeValue"); value != source->end())
      return Replaced(TextOf(*value, "constant"), parameters);
  }
  return Replaced(TextOf(entry, plain), parameters);
}

class PlatformReader {
 public:
  PlatformReader(const json& config, const ParameterValues& parameters, const std::string& root,
                 TaskCommand& command)
      : config_(config), parameters_(parameters), root_(root), command_(command) {}

  Status EnvironmentOf(const char* list, const char* folder, const char* name, const char* parameter,
                       const char* key) {
    for (const json& entry : ListOf(config_, list)) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::string of, NameOf(entry, name, parameter, parameters_));
      if (of.empty()) continue;
      PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(of, "The name of a secret or config map"));
      for (const json& item : ListOf(entry, "keyToEnv")) {
        const std::string file = TextOf(item, key);
        PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(file, "The key of a secret or config map"));
        const auto value = fs::ReadFile(fmt::format("{}/{}/{}/{}", root_, folder, of, file));
        if (value.ok()) command_.environment[TextOf(item, "envVar")] = *value;
      }
    }
    return OkStatus();
  }

  Status MountsOf(const char* list, const char* folder, const char* name, const char* parameter,
                  bool is_made) {
    for (const json& entry : ListOf(config_, list)) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::string of, NameOf(entry, name, parameter, parameters_));
      const std::string path = TextOf(entry, "mountPath");
      if (of.empty() || path.empty()) continue;
      PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(of, "The name of a volume"));
      const std::string directory = fmt::format("{}/{}/{}", root_, folder, of);
      if (is_made) PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(directory));
      mounts_[path] = directory;
      command_.mounts.push_back({directory, path, !is_made});
    }
    return OkStatus();
  }

  void FieldsOf(const PlatformIdentity& identity) {
    for (const json& entry : ListOf(config_, "fieldPathAsEnv")) {
      const std::string path = TextOf(entry, "fieldPath");
      const std::string name = TextOf(entry, "name");
      if (name.empty()) continue;
      if (path == "metadata.name") command_.environment[name] = identity.task_name;
      if (path == "metadata.namespace") command_.environment[name] = identity.pipeline_name;
      if (path == "metadata.uid") command_.environment[name] = identity.run_id;
      if (path == "spec.nodeName") command_.environment[name] = "localhost";
      if (path == "status.podIP" || path == "status.hostIP") command_.environment[name] = "127.0.0.1";
    }
  }

  void TellMounts() {
    if (!mounts_.empty()) command_.environment["PENSTOCK_MOUNTS"] = mounts_.dump();
  }

 private:
  const json& config_;
  const ParameterValues& parameters_;
  const std::string& root_;
  TaskCommand& command_;
  json mounts_ = json::object();
};

}  // namespace

TaskPlacement PlacementOf(const json& config) {
  TaskPlacement placement;
  if (!config.is_object()) return placement;
  const std::string pull = TextOf(config, "imagePullPolicy");
  if (pull == "Always") placement.pull_policy = "always";
  if (pull == "Never") placement.pull_policy = "never";
  if (pull == "IfNotPresent") placement.pull_policy = "missing";
  if (const auto pod = config.find("podMetadata"); pod != config.end() && pod->is_object())
    if (const auto annotations = pod->find("annotations"); annotations != pod->end())
      placement.place = TextOf(*annotations, "penstock.dev/backend");
  return placement;
}

Status ApplyPlatform(const json& config, const ParameterValues& parameters, const std::string& root,
                     const PlatformIdentity& identity, TaskCommand& command) {
  if (!config.is_object() || config.empty()) return OkStatus();
  const TaskPlacement placement = PlacementOf(config);
  command.place = placement.place;
  command.pull_policy = placement.pull_policy;
  PlatformReader reader(config, parameters, root, command);
  PENSTOCK_RETURN_IF_ERROR(
      reader.EnvironmentOf("secretAsEnv", "secrets", "secretName", "secretNameParameter", "secretKey"));
  PENSTOCK_RETURN_IF_ERROR(reader.EnvironmentOf("configMapAsEnv", "config_maps", "configMapName",
                                                "configMapNameParameter", "configMapKey"));
  reader.FieldsOf(identity);
  PENSTOCK_RETURN_IF_ERROR(
      reader.MountsOf("secretAsVolume", "secrets", "secretName", "secretNameParameter", false));
  PENSTOCK_RETURN_IF_ERROR(
      reader.MountsOf("configMapAsVolume", "config_maps", "configMapName", "configMapNameParameter", false));
  PENSTOCK_RETURN_IF_ERROR(reader.MountsOf("pvcMount", "volumes", "constant", "pvcNameParameter", true));
  PENSTOCK_RETURN_IF_ERROR(reader.MountsOf("emptyDirMounts", "volumes", "volumeName", "", true));
  PENSTOCK_RETURN_IF_ERROR(reader.MountsOf("genericEphemeralVolume", "volumes", "volumeName", "", true));
  reader.TellMounts();
  return OkStatus();
}

Result<ResourceDemand> LimitOf(const pipeline::ResourceView& resources, const ParameterValues& parameters) {
  pipeline::ResourceView limits = resources;
  limits.cpu_request.clear();
  limits.memory_request.clear();
  return DemandOf(limits, parameters);
}

Result<ResourceDemand> DemandOf(const pipeline::ResourceView& resources, const ParameterValues& parameters) {
  const auto quantity = [&](const std::string& request, const std::string& limit) -> Result<double> {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text,
                              Replaced(request.empty() ? limit : request, parameters));
    if (text.empty()) return 0.0;
    return ParseQuantity(text);
  };
  ResourceDemand demand;
  PENSTOCK_ASSIGN_OR_RETURN(demand.cpus, quantity(resources.cpu_request, resources.cpu_limit));
  PENSTOCK_ASSIGN_OR_RETURN(const double memory, quantity(resources.memory_request, resources.memory_limit));
  demand.memory_bytes = memory > 9e18 ? INT64_MAX / 4 : static_cast<int64_t>(memory);
  return demand;
}

}  // namespace penstock::runtime
