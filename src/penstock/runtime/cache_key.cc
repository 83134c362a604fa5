#include "penstock/runtime/cache_key.h"

#include "penstock/base/filesystem.h"

namespace penstock::runtime {
namespace {

/// Below a folder a file's place counts (its span stands there), above it does not.
std::string NameBelow(const std::string& pattern, const std::string& file) {
  const std::string folder = pattern.ends_with('/') ? pattern : pattern + "/";
  return file.starts_with(folder) ? file.substr(folder.size()) : fs::BaseName(file);
}

Status AddExternal(const std::string& pattern, DigestBuilder& key) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto files, fs::Glob(pattern));
  key.Add(static_cast<int64_t>(files.size()));
  for (const auto& file : files) {
    PENSTOCK_ASSIGN_OR_RETURN(const Digest content, fs::DigestOfTree(file));
    key.Add(NameBelow(pattern, file)).Add(content);
  }
  return OkStatus();
}

const pipeline::ParameterDescription* FindParameter(const pipeline::ComponentDescription* component,
                                                    const std::string& name) {
  if (component == nullptr) return nullptr;
  for (const auto& parameter : component->parameters)
    if (parameter.name == name) return &parameter;
  return nullptr;
}

}  // namespace

std::string ResolvePath(const std::string& path, const std::string& base_directory) {
  if (path.empty() || path.starts_with('/') || path.find("://") != std::string::npos) return path;
  return fs::Absolute(fs::Join(base_directory, path));
}

Result<Digest> CacheKeyOf(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                          const pipeline::ComponentDescription* component) {
  DigestBuilder key;
  key.Add("penstock-cache-key/1");
  if (component != nullptr) {
    key.Add(component->type).Add(component->version);
  } else {
    key.Add(task.image);
    for (const auto& word : task.command) key.Add(word);
    key.Add("args");
    for (const auto& word : task.args) key.Add(word);
    for (const auto& [name, value] : task.environment) key.Add(name).Add(value);
  }
  key.Add("parameters");
  for (const auto& [name, value] : inputs.parameters) {
    const auto* parameter = FindParameter(component, name);
    key.Add(name);
    if (parameter != nullptr && parameter->is_external_path && value.is_string()) {
      PENSTOCK_RETURN_IF_ERROR(Annotate(AddExternal(value.get<std::string>(), key),
                                        fmt::format("{}, parameter {}", task.id, name)));
    } else {
      key.Add(value.dump());
    }
  }
  key.Add("inputs");
  for (const auto& [name, artifacts] : inputs.artifacts) {
    key.Add(name).Add(static_cast<int64_t>(artifacts.size()));
    for (const auto& artifact : artifacts)
      key.Add(artifact.type).Add(artifact.content).Add(artifact.properties.dump());
  }
  key.Add("outputs");
  for (const auto& [name, type] : task.outputs) key.Add(name).Add(type);
  return key.Finish();
}

}  // namespace penstock::runtime
