#include "penstock/pipeline/placeholders.h"

#include <algorithm>
#include <array>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;

constexpr size_t kMaxCommandWords = 10'000;
constexpr int kMaxStructureDepth = 16;
/// Longer than an argument of a process may be.
constexpr size_t kMaxValueBytes = 128 * 1024;

std::string Spelled(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Map>
std::vector<std::string> KeysOf(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

/// "prefix['key']rest" taken apart; either quote.
struct Keyed {
  std::string key;
  std::string_view rest;
};
std::optional<Keyed> TakeKey(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (path.size() < 4 || path[0] != '[' || (path[1] != '\'' && path[1] != '"')) return std::nullopt;
  const size_t end = path.find(path[1], 2);
  if (end == std::string_view::npos || end + 1 >= path.size() || path[end + 1] != ']') return std::nullopt;
  return Keyed{std::string(path.substr(2, end - 2)), path.substr(end + 2)};
}

class Resolver {
 public:
  explicit Resolver(const PlaceholderScope& scope) : scope_(scope), task_(scope.input.task) {}

  Result<std::string> Text(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const size_t start = text.find("{{$");
      out += text.substr(0, start);
      if (start == std::string_view::npos) break;
      text.remove_prefix(start);
      const size_t end = text.find("}}");
      if (end == std::string_view::npos)
        return InvalidArgument("A placeholder has no end: {}", text.substr(0, 80));
      PENSTOCK_ASSIGN_OR_RETURN(std::string value, Value(text.substr(3, end - 3)));
      out += value;
      text.remove_prefix(end + 2);
    }
    return out;
  }

  Result<std::vector<std::string>> Word(const std::string& word) const {
    if (word.starts_with('{') && !word.starts_with("{{")) {
      const json structure = json::parse(word, nullptr, false);
      if (IsStructure(structure)) return Structure(structure, 0);
    }
    PENSTOCK_ASSIGN_OR_RETURN(std::string text, Text(word));
    return std::vector<std::string>{std::move(text)};
  }

 private:
  static bool IsStructure(const json& value) {
    return value.is_object() && value.size() == 1 &&
           (value.contains("Concat") || value.contains("IfPresent"));
  }

  /// `path` stands between "{{$" and "}}".
  Result<std::string> Value(std::string_view path) const {
    if (path.empty() || path == ".json_escape[1]") return PrintExecutorInput(scope_.input);
    if (path == ".outputs.output_file" || path == ".outputMetadataUri") return scope_.input.output_file;
    if (const auto keyed = TakeKey(path, ".inputs.parameters")) return Parameter(*keyed);
    if (const auto keyed = TakeKey(path, ".outputs.parameters")) return OutputParameter(*keyed);
    if (const auto keyed = TakeKey(path, ".inputs.artifacts"))
      return OfArtifact(task_.inputs, *keyed, "input");
    if (const auto keyed = TakeKey(path, ".outputs.artifacts"))
      return OfArtifact(task_.outputs, *keyed, "output");
    return OfRun(path);
  }

  Result<std::string> OfRun(std::string_view path) const {
    const std::string& resource_name = scope_.pipeline_job_resource_name.empty()
                                           ? scope_.pipeline_job_name
                                           : scope_.pipeline_job_resource_name;
    const std::string& task_name = scope_.task_name.empty() ? task_.node_id : scope_.task_name;
    const std::array<std::pair<std::string_view, const std::string*>, 10> values = {
        {{".pipeline_job_name", &scope_.pipeline_job_name},
         {".pipeline_job_uuid", &scope_.pipeline_job_uuid},
         {".pipeline_job_resource_name", &resource_name},
         {".pipeline_job_create_time_utc", &scope_.create_time_utc},
         {".pipeline_job_schedule_time_utc", &scope_.schedule_time_utc},
         {".pipeline_root", &scope_.pipeline_root},
         {".workspace_path", &scope_.workspace_path},
         {".pipeline_task_name", &task_name},
         {".pipeline_task_uuid", &scope_.task_uuid},
         {".pipeline_task_resource_name", &task_name}}};
    std::vector<std::string> known;
    for (const auto& [name, value] : values) {
      if (name == path) return *value;
      known.emplace_back(name);
    }
    return InvalidArgument("Unknown placeholder: {{{{${}}}}}{}", path, DidYouMean(path, known));
  }

  Result<std::string> Parameter(const Keyed& keyed) const {
    const auto found = task_.parameters.find(keyed.key);
    if (found == task_.parameters.end())
      return Missing("input parameter", keyed.key, KeysOf(task_.parameters));
    if (!keyed.rest.empty())
      return InvalidArgument("Unknown part of the parameter '{}': {}", keyed.key, keyed.rest);
    return Spelled(found->second);
  }

  Result<std::string> OutputParameter(const Keyed& keyed) const {
    const auto& files = scope_.input.output_parameter_files;
    const auto found = files.find(keyed.key);
    if (found == files.end()) return Missing("output parameter", keyed.key, KeysOf(files));
    if (keyed.rest == ".output_file") return found->second;
    return InvalidArgument("Unknown part of the output parameter '{}': {}", keyed.key, keyed.rest);
  }

  Result<std::string> OfArtifact(const std::map<std::string, std::vector<Artifact>>& artifacts,
                                 const Keyed& keyed, std::string_view direction) const {
    const auto found = artifacts.find(keyed.key);
    if (found == artifacts.end() || found->second.empty()) {
      return Missing(fmt::format("{} artifact", direction), keyed.key, KeysOf(artifacts));
    }
    const Artifact& artifact = found->second.front();
    if (keyed.rest == ".uri") return artifact.uri;
    if (keyed.rest == ".path") return LocalPathOf(artifact.uri);
    if (keyed.rest == ".name") return artifact.name;
    if (keyed.rest == ".value") return ContentOf(LocalPathOf(artifact.uri), keyed.key);
    if (keyed.rest == ".metadata") return Spelled(artifact.properties);
    if (const auto property = TakeKey(keyed.rest, ".metadata");
        property.has_value() && property->rest.empty()) {
      const auto value = artifact.properties.find(property->key);
      if (value != artifact.properties.end()) return Spelled(*value);
      return InvalidArgument("The {} artifact '{}' has no property '{}'", direction, keyed.key,
                             property->key);
    }
    return InvalidArgument(
        "Unknown part of the {} artifact '{}': {} (known: .uri, .path, .name, .value, .metadata['KEY'])",
        direction, keyed.key, keyed.rest);
  }

  /// Of an artifact that is a value: the file, or the file "value" in its folder, as TFX writes it.
  static Result<std::string> ContentOf(const std::string& path, const std::string& name) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_folder, fs::IsDirectory(path));
    const std::string file = is_folder ? fs::Join(path, "value") : path;
    PENSTOCK_ASSIGN_OR_RETURN(std::string content, fs::ReadFile(file));
    if (content.size() <= kMaxValueBytes) return content;
    return InvalidArgument("The artifact '{}' is no value: {} has {} bytes (at most {})", name, file,
                           content.size(), kMaxValueBytes);
  }

  Status Missing(std::string_view kind, const std::string& name,
                 const std::vector<std::string>& known) const {
    return InvalidArgument("Task '{}' has no {} '{}'{}", task_.node_id, kind, name, DidYouMean(name, known));
  }

  bool IsPresent(const std::string& name) const {
    const auto artifacts = task_.inputs.find(name);
    return task_.parameters.contains(name) || (artifacts != task_.inputs.end() && !artifacts->second.empty());
  }

  Result<std::vector<std::string>> Structure(const json& value, int depth) const {
    if (depth > kMaxStructureDepth)
      return InvalidArgument("Placeholders are nested deeper than {}", kMaxStructureDepth);
    if (value.is_array()) return Each(value, depth);
    if (!IsStructure(value)) {
      PENSTOCK_ASSIGN_OR_RETURN(std::string text, Text(Spelled(value)));
      return std::vector<std::string>{std::move(text)};
    }
    if (const auto parts = value.find("Concat"); parts != value.end()) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> words, Each(*parts, depth));
      return std::vector<std::string>{fmt::format("{}", fmt::join(words, ""))};
    }
    const json& choice = value.at("IfPresent");
    const auto name = choice.is_object() ? choice.find("InputName") : choice.end();
    if (!choice.is_object() || name == choice.end() || !name->is_string()) {
      return InvalidArgument("Task '{}': IfPresent needs an InputName", task_.node_id);
    }
    const auto branch = choice.find(IsPresent(name->get_ref<const std::string&>()) ? "Then" : "Else");
    if (branch == choice.end()) return std::vector<std::string>{};
    return Structure(*branch, depth + 1);
  }

  Result<std::vector<std::string>> Each(const json& list, int depth) const {
    if (!list.is_array()) return InvalidArgument("Task '{}': Concat needs a list", task_.node_id);
    std::vector<std::string> words;
    for (const json& item : list) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> more, Structure(item, depth + 1));
      words.insert(words.end(), more.begin(), more.end());
      if (words.size() > kMaxCommandWords) return InvalidArgument("Task '{}': too many words", task_.node_id);
    }
    return words;
  }

  const PlaceholderScope& scope_;
  const ExecutionTask& task_;
};

}  // namespace

Result<std::string> ResolvePlaceholders(std::string_view text, const PlaceholderScope& scope) {
  return Resolver(scope).Text(text);
}

Result<std::vector<std::string>> ResolveCommand(const std::vector<std::string>& words,
                                                const PlaceholderScope& scope) {
  const Resolver resolver(scope);
  std::vector<std::string> resolved;
  for (const std::string& word : words) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> more, resolver.Word(word));
    resolved.insert(resolved.end(), more.begin(), more.end());
  }
  return resolved;
}

bool MentionsWorkspace(const TaskView& task) {
  const auto mentions = [](const std::string& text) {
    return text.find("workspace_path}}") != std::string::npos;
  };
  const auto is_said = [&](const auto& parameter) {
    return parameter.second.constant.is_string() &&
           mentions(parameter.second.constant.template get<std::string>());
  };
  return std::any_of(task.command.begin(), task.command.end(), mentions) ||
         std::any_of(task.args.begin(), task.args.end(), mentions) ||
         std::any_of(task.parameters.begin(), task.parameters.end(), is_said);
}

std::string LocalPathOf(std::string_view uri) {
  if (uri.starts_with("file://")) return std::string(uri.substr(7));
  for (std::string_view scheme : {"gs", "s3", "minio"}) {
    const std::string prefix = std::string(scheme) + "://";
    if (uri.starts_with(prefix))
      return "/" + std::string(scheme == "gs" ? "gcs" : scheme) + "/" +
             std::string(uri.substr(prefix.size()));
  }
  return std::string(uri);
}

}  // namespace penstock::pipeline
