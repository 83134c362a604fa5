// Tasks that are answered from the metadata store: importers and resolvers.
#include "penstock/base/filesystem.h"
#include "penstock/runtime/struct_properties.h"
#include "penstock/runtime/task_launcher.h"
#include "penstock/runtime/task_launcher_internal.h"

namespace penstock::runtime {

using metadata::ExecutionOutcome;
using nlohmann::json;
using pipeline::Artifact;

namespace {

/// Texts inside `value` with their placeholders replaced.
Result<json> Replace(const json& value, const pipeline::PlaceholderScope& scope) {
  if (value.is_string()) {
    PENSTOCK_ASSIGN_OR_RETURN(std::string text,
                              pipeline::ResolvePlaceholders(value.get_ref<const std::string&>(), scope));
    return json(std::move(text));
  }
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number == static_cast<double>(static_cast<int64_t>(number)))
      return json(static_cast<int64_t>(number));
  }
  if (!value.is_structured()) return value;
  json copy = value.is_object() ? json::object() : json::array();
  for (const auto& [key, member] : value.items()) {
    PENSTOCK_ASSIGN_OR_RETURN(json replaced, Replace(member, scope));
    if (copy.is_array()) {
      copy.push_back(std::move(replaced));
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(const std::string name, pipeline::ResolvePlaceholders(key, scope));
      copy[name] = std::move(replaced);
    }
  }
  return copy;
}

}  // namespace

namespace {

/// The artifact that an input's property names: by its id, or as the input of the execution that made the
/// artifact which has the property (a blessing's maker read the model that it blesses). None where the input
/// is empty: nothing was blessed yet.
Result<std::vector<Artifact>> FindNamed(const metadata::MetadataStore& store,
                                        const pipeline::ArtifactQueryView& query,
                                        const metadata::ArtifactsByName& inputs) {
  const auto input = inputs.find(query.name_input);
  if (input == inputs.end() || input->second.empty()) return std::vector<Artifact>();
  const Artifact& naming = input->second.front();
  const auto is_wanted = [&](const Artifact& artifact) {
    return artifact.type == query.artifact_type && artifact.state == pipeline::ArtifactState::kLive;
  };
  const auto property = naming.properties.find(query.name_property);
  if (property != naming.properties.end() && property->is_number_integer()) {
    const auto named = store.GetArtifact(property->get<int64_t>());
    if (named.ok() && is_wanted(*named)) return std::vector<Artifact>{*named};
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto producer, store.ProducerOf(naming.id));
  PENSTOCK_ASSIGN_OR_RETURN(const auto read, store.InputsOf(producer.id));
  const auto model = read.find("model");
  if (model != read.end() && !model->second.empty() && is_wanted(model->second.front()))
    return std::vector<Artifact>{model->second.front()};
  return std::vector<Artifact>();
}

}  // namespace

Status TaskLauncher::FindImported(Attempt& attempt, ExecutionOutcome& outcome) const {
  const pipeline::TaskView& view = *attempt.job.view;
  const pipeline::ImporterView& importer = view.importer;
  const pipeline::ExecutorInput input{.task = {view.id, {}, {}, attempt.job.inputs.parameters}};
  pipeline::PlaceholderScope scope{.input = input};
  scope.pipeline_job_name = attempt.run.pipeline_name;
  scope.pipeline_job_uuid = attempt.run.run_id;
  scope.pipeline_root = attempt.run.pipeline_root;
  scope.task_name = view.id;
  Artifact artifact{.type = importer.artifact_type};
  if (importer.uri_parameter.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(artifact.uri, pipeline::ResolvePlaceholders(importer.uri, scope));
  } else {
    const auto value = attempt.job.inputs.parameters.find(importer.uri_parameter);
    if (value == attempt.job.inputs.parameters.end() || !value->second.is_string())
      return InvalidArgument("Task '{}': its parameter '{}' is no URI", view.id, importer.uri_parameter);
    artifact.uri = value->second.get<std::string>();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const json properties, Replace(importer.metadata, scope));
  artifact.properties = PackProperties(properties);
  const std::string path = pipeline::LocalPathOf(artifact.uri);
  const bool is_local = artifact.uri.find("://") == std::string::npos || artifact.uri.starts_with("file://");
  bool exists = false;
  if (is_local) {
    PENSTOCK_ASSIGN_OR_RETURN(exists, fs::Exists(path));
  }
  artifact.content = DigestOf(artifact.uri);
  if (exists) {
    PENSTOCK_ASSIGN_OR_RETURN(artifact.content, fs::DigestOfTree(path));
  }
  const std::string output = view.outputs.empty() ? "artifact" : view.outputs.begin()->first;
  if (!importer.is_reimported) {
    metadata::ArtifactQuery query{
        .type = artifact.type, .state = pipeline::ArtifactState::kLive, .uri = artifact.uri, .limit = 10};
    PENSTOCK_ASSIGN_OR_RETURN(const auto known, store_.FindArtifacts(query));
    for (const Artifact& other : known) {
      if (other.content != artifact.content || other.properties != artifact.properties) continue;
      outcome.outputs[output].push_back(other);
      return OkStatus();
    }
  }
  outcome.outputs[output].push_back(std::move(artifact));
  return OkStatus();
}

Status TaskLauncher::FindResolved(Attempt& attempt, ExecutionOutcome& outcome) const {
  const pipeline::TaskView& view = *attempt.job.view;
  if (view.resolver_policy.empty()) {
    for (const auto& [output, query] : view.queries) {
      if (!query.name_input.empty()) {
        PENSTOCK_ASSIGN_OR_RETURN(outcome.outputs[output],
                                  FindNamed(store_, query, attempt.job.inputs.artifacts));
        continue;
      }
      PENSTOCK_ASSIGN_OR_RETURN(outcome.outputs[output],
                                store_.FindArtifacts({.type = query.artifact_type,
                                                      .state = pipeline::ArtifactState::kLive,
                                                      .properties = query.properties,
                                                      .limit = query.limit}));
    }
    return OkStatus();
  }
  if (view.resolver_policy != "latest_blessed_model")
    return Unimplemented("There is no resolver policy '{}'", view.resolver_policy);
  std::optional<int64_t> candidate;
  if (const auto entry = attempt.job.inputs.artifacts.find("model");
      entry != attempt.job.inputs.artifacts.end())
    candidate = entry->second[0].id;
  PENSTOCK_ASSIGN_OR_RETURN(const auto blessed,
                            store_.LatestBlessedModel(attempt.run.pipeline_name, candidate));
  for (const auto& [name, type] : view.outputs) {
    outcome.outputs[name];  // No blessed model yet: an output without artifacts.
    if (blessed) outcome.outputs[name].push_back(*blessed);
  }
  return OkStatus();
}

Status CopyCustomPaths(const std::string& report, const metadata::ArtifactsByName& outputs) {
  const json value = json::parse(report, nullptr, false);
  const auto artifacts = value.is_object() ? value.find("artifacts") : value.end();
  if (!value.is_object() || artifacts == value.end() || !artifacts->is_object()) return OkStatus();
  for (const auto& [name, entry] : artifacts->items()) {
    const auto output = outputs.find(name);
    const auto list = entry.is_object() ? entry.find("artifacts") : entry.end();
    if (output == outputs.end() || !entry.is_object() || list == entry.end() || !list->is_array()) continue;
    for (size_t i = 0; i < list->size() && i < output->second.size(); ++i) {
      const json& item = (*list)[i];
      if (!item.is_object()) continue;
      const auto path = item.contains("custom_path") ? item.find("custom_path") : item.find("customPath");
      if (path == item.end() || !path->is_string() || path->get_ref<const std::string&>().empty()) continue;
      const std::string& target = output->second[i].uri;
      PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(target));
      PENSTOCK_RETURN_IF_ERROR(fs::CopyTree(path->get<std::string>(), target));
    }
  }
  return OkStatus();
}

}  // namespace penstock::runtime
