#include "penstock/runtime/cache_key.h"

#include <vector>

#include "penstock/base/filesystem.h"

namespace penstock::runtime {
namespace {

constexpr size_t kMaxShownBytes = 60;

/// Below a folder a file's place counts (its span stands there), above it does not.
std::string NameBelow(const std::string& pattern, const std::string& file) {
  const std::string folder = pattern.ends_with('/') ? pattern : pattern + "/";
  return file.starts_with(folder) ? file.substr(folder.size()) : fs::BaseName(file);
}

Result<Digest> DigestOfExternal(const std::string& pattern) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto files, fs::Glob(pattern));
  DigestBuilder key;
  key.Add(static_cast<int64_t>(files.size()));
  for (const auto& file : files) {
    PENSTOCK_ASSIGN_OR_RETURN(const Digest content, fs::DigestOfTree(file));
    key.Add(NameBelow(pattern, file)).Add(content);
  }
  return key.Finish();
}

const pipeline::ParameterDescription* FindParameter(const pipeline::ComponentDescription* component,
                                                    const std::string& name) {
  if (component == nullptr) return nullptr;
  for (const auto& parameter : component->parameters)
    if (parameter.name == name) return &parameter;
  return nullptr;
}

std::string Short(const Digest& digest) { return digest.ToHex().substr(0, 12); }

/// Builds the digest and the parts side by side.
class KeyBuilder {
 public:
  void Add(const std::string& name, const Digest& digest) {
    builder_.Add(name).Add(digest);
    parts_[name] = Short(digest);
  }
  void Add(const std::string& name, const std::string& value) {
    const Digest digest = DigestOf(value);
    builder_.Add(name).Add(digest);
    parts_[name] = value.size() <= kMaxShownBytes ? value : Short(digest);
  }
  CacheKey Finish() { return {builder_.Finish(), std::move(parts_)}; }

 private:
  DigestBuilder builder_;
  KeyParts parts_;
};

void AddWork(const pipeline::TaskView& task, const pipeline::ComponentDescription* component,
             const std::string& image, KeyBuilder& key) {
  if (component != nullptr) {
    key.Add("component", component->type + " version " + component->version);
    return;
  }
  key.Add("image", image);
  DigestBuilder command;
  for (const auto& word : task.command) command.Add(word);
  command.Add("args");
  for (const auto& word : task.args) command.Add(word);
  key.Add("command", command.Finish());
  for (const auto& [name, value] : task.environment) key.Add("environment " + name, DigestOf(value));
  for (const auto& [name, type] : task.output_parameters) key.Add("output parameter " + name, std::string());
}

}  // namespace

std::string ResolvePath(const std::string& path, const std::string& base_directory) {
  if (path.empty() || path.starts_with('/') || path.find("://") != std::string::npos) return path;
  return fs::Absolute(fs::Join(base_directory, path));
}

void ResolvePaths(const pipeline::ComponentDescription& component, const std::string& base_directory,
                  std::map<std::string, nlohmann::json>& parameters) {
  for (const auto& parameter : component.parameters) {
    const auto entry = parameters.find(parameter.name);
    if (entry == parameters.end() || !entry->second.is_string()) continue;
    const auto& text = entry->second.get_ref<const std::string&>();
    if (parameter.is_external_path || parameter.is_destination) {
      entry->second = ResolvePath(text, base_directory);
    } else if (parameter.is_live_source) {
      // "sqlite:trips.db" names a file, "warehouse" and "duckdb:" do not.
      const size_t colon = text.find(':');
      if (colon != text.npos && colon + 1 < text.size() && text[colon + 1] != ':')
        entry->second = text.substr(0, colon + 1) + ResolvePath(text.substr(colon + 1), base_directory);
    }
  }
}

std::string LiveSourceOf(const pipeline::ComponentDescription* component,
                         const std::map<std::string, nlohmann::json>& parameters) {
  if (component == nullptr) return "";
  for (const auto& parameter : component->parameters) {
    const auto entry = parameters.find(parameter.name);
    if (parameter.is_live_source && entry != parameters.end() && !entry->second.is_null())
      return parameter.name;
  }
  return "";
}

Result<CacheKey> CacheKeyOf(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                            const pipeline::ComponentDescription* component, const std::string& image) {
  KeyBuilder key;
  key.Add("key format", std::string("2"));
  if (!task.cache_key.empty()) {
    key.Add("cache key", task.cache_key);
    return key.Finish();
  }
  AddWork(task, component, image, key);
  for (const auto& [name, value] : inputs.parameters) {
    const auto* parameter = FindParameter(component, name);
    if (parameter != nullptr && parameter->is_external_path && value.is_string()) {
      const auto digest = DigestOfExternal(value.get<std::string>());
      if (!digest.ok()) return Annotate(digest.status(), fmt::format("{}, parameter {}", task.id, name));
      key.Add("parameter " + name, *digest);
    } else {
      key.Add("parameter " + name, value.dump());
    }
  }
  for (const auto& [name, artifacts] : inputs.artifacts) {
    DigestBuilder content;
    for (const auto& artifact : artifacts)
      content.Add(artifact.type).Add(artifact.content).Add(artifact.properties.dump());
    key.Add("input " + name, content.Finish());
  }
  for (const auto& [name, type] : task.outputs) key.Add("output " + name, type);
  return key.Finish();
}

std::string ExplainDifference(const KeyParts& before, const KeyParts& now) {
  constexpr size_t kMaxShown = 3;
  std::vector<std::string> differences;
  for (const auto& [name, value] : now) {
    const auto old = before.find(name);
    if (old == before.end()) {
      differences.push_back(name + " is new");
    } else if (old->second != value) {
      differences.push_back(fmt::format("{} was {} and is {}", name, old->second, value));
    }
  }
  for (const auto& [name, value] : before)
    if (!now.contains(name)) differences.push_back(name + " is gone");
  const size_t num_more = differences.size() > kMaxShown ? differences.size() - kMaxShown : 0;
  differences.resize(differences.size() - num_more);
  std::string text = fmt::format("{}", fmt::join(differences, "; "));
  return num_more == 0 ? text : fmt::format("{}; and {} more", text, num_more);
}

}  // namespace penstock::runtime
