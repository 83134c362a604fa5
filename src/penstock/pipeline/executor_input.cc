#include "penstock/pipeline/executor_input.h"

#include <algorithm>

#include "penstock/base/near_miss.h"
#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;
using ArtifactMap = std::map<std::string, std::vector<Artifact>>;

constexpr int kMaxDepth = 64;
constexpr std::string_view kIdProperty = "penstock_artifact_id";
constexpr std::string_view kDigestProperty = "penstock_content_digest";

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// By the proto's JSON name or its own, as proto JSON allows.
const json* Member(const json& object, const char* camel, const char* snake) {
  if (!object.is_object()) return nullptr;
  auto found = object.find(camel);
  if (found == object.end()) found = object.find(snake);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> TextMember(const json& object, const char* camel, const char* snake,
                               std::string_view what) {
  const json* member = Member(object, camel, snake);
  if (member == nullptr) return std::string();
  if (member->is_string()) return member->get<std::string>();
  return InvalidArgument("{}: '{}' must be text", what, camel);
}

/// An empty object where there is none.
Result<json> ObjectMember(const json& object, const char* camel, const char* snake, std::string_view what) {
  const json* member = Member(object, camel, snake);
  if (member == nullptr) return json::object();
  if (member->is_object()) return *member;
  return InvalidArgument("{}: '{}' must be an object", what, camel);
}

Result<json> ParseText(std::string_view text, std::string_view what) {
  bool is_too_deep = false;
  const auto watch_depth = [&](int depth, json::parse_event_t, json&) {
    is_too_deep = is_too_deep || depth > kMaxDepth;
    return !is_too_deep;
  };
  json value = json::parse(text, watch_depth, false);
  if (is_too_deep) return InvalidArgument("{}: nested deeper than {} levels", what, kMaxDepth);
  if (!value.is_object()) return InvalidArgument("{}: not a JSON object", what);
  return value;
}

json PrintArtifact(const Artifact& artifact) {
  json metadata = artifact.properties.is_object() ? artifact.properties : json::object();
  if (artifact.id != 0) metadata[std::string(kIdProperty)] = artifact.id;
  if (!artifact.content.IsZero()) metadata[std::string(kDigestProperty)] = artifact.content.ToHex();
  json value = {{"type", {{"schemaTitle", SchemaTitleOf(artifact.type)}, {"schemaVersion", "0.0.1"}}},
                {"uri", artifact.uri}};
  if (!artifact.name.empty()) value["name"] = artifact.name;
  if (!metadata.empty()) value["metadata"] = std::move(metadata);
  return value;
}

json PrintArtifacts(const ArtifactMap& artifacts) {
  json object = json::object();
  for (const auto& [name, list] : artifacts) {
    json& entry = object[name]["artifacts"];
    entry = json::array();
    for (const Artifact& artifact : list) entry.push_back(PrintArtifact(artifact));
  }
  return object;
}

Status ReadMetadata(const json& value, std::string_view what, Artifact& artifact) {
  PENSTOCK_ASSIGN_OR_RETURN(json metadata, ObjectMember(value, "metadata", "metadata", what));
  if (auto id = metadata.find(kIdProperty); id != metadata.end()) {
    if (!id->is_number_integer()) return InvalidArgument("{}: {} must be an integer", what, kIdProperty);
    artifact.id = id->get<int64_t>();
    metadata.erase(id);
  }
  if (auto digest = metadata.find(kDigestProperty); digest != metadata.end()) {
    if (!digest->is_string()) return InvalidArgument("{}: {} must be text", what, kDigestProperty);
    PENSTOCK_ASSIGN_OR_RETURN(artifact.content, Digest::FromHex(digest->get_ref<const std::string&>()));
    metadata.erase(digest);
  }
  if (!metadata.empty() || Member(value, "metadata", "metadata") != nullptr)
    artifact.properties = std::move(metadata);
  return OkStatus();
}

/// Reads over `artifact`: what the JSON does not say stays.
Status ReadArtifact(const json& value, const std::string& what, Artifact& artifact) {
  if (!value.is_object()) return InvalidArgument("{}: an artifact must be an object", what);
  PENSTOCK_ASSIGN_OR_RETURN(std::string name, TextMember(value, "name", "name", what));
  PENSTOCK_ASSIGN_OR_RETURN(std::string uri, TextMember(value, "uri", "uri", what));
  PENSTOCK_ASSIGN_OR_RETURN(json type, ObjectMember(value, "type", "type", what));
  PENSTOCK_ASSIGN_OR_RETURN(std::string title, TextMember(type, "schemaTitle", "schema_title", what));
  if (!name.empty()) artifact.name = std::move(name);
  if (!uri.empty()) artifact.uri = std::move(uri);
  if (!title.empty()) artifact.type = ArtifactTypeOf(title);
  return ReadMetadata(value, what, artifact);
}

Result<const json*> ArtifactList(const json& value, const std::string& what) {
  const json* list = Member(value, "artifacts", "artifacts");
  if (!value.is_object() || (list != nullptr && !list->is_array())) {
    return InvalidArgument("{}: must be an object with a list 'artifacts'", what);
  }
  return list;
}

Result<ArtifactMap> ReadArtifacts(const json& section, ArtifactState state, const std::string& what) {
  PENSTOCK_ASSIGN_OR_RETURN(const json object, ObjectMember(section, "artifacts", "artifacts", what));
  ArtifactMap artifacts;
  for (const auto& [name, value] : object.items()) {
    const std::string where = fmt::format("{}.artifacts['{}']", what, name);
    PENSTOCK_ASSIGN_OR_RETURN(const json* list, ArtifactList(value, where));
    std::vector<Artifact>& read = artifacts[name];
    if (list == nullptr) continue;
    for (const json& item : *list) {
      read.push_back(Artifact{.state = state});
      PENSTOCK_RETURN_IF_ERROR(ReadArtifact(item, where, read.back()));
    }
  }
  return artifacts;
}

json PrintOldValue(const json& value) {
  if (value.is_number_integer()) return {{"intValue", std::to_string(value.get<int64_t>())}};
  if (value.is_number()) return {{"doubleValue", value}};
  return {{"stringValue", value.is_string() ? value.get<std::string>() : Dump(value)}};
}

/// The old field `parameters` holds {"intValue": "3"} and the like.
Result<json> OldValue(const json& value, const std::string& what) {
  if (const json* text = Member(value, "stringValue", "string_value")) return *text;
  if (const json* number = Member(value, "doubleValue", "double_value")) return *number;
  if (const json* integer = Member(value, "intValue", "int_value")) {
    if (integer->is_number_integer()) return *integer;
    if (integer->is_string()) {
      json parsed = json::parse(integer->get_ref<const std::string&>(), nullptr, false);
      if (parsed.is_number_integer()) return parsed;
    }
  }
  return InvalidArgument("{}: neither a string, an integer nor a double", what);
}

Result<std::map<std::string, json>> ReadParameters(const json& section, const std::string& what) {
  std::map<std::string, json> parameters;
  PENSTOCK_ASSIGN_OR_RETURN(const json old_values, ObjectMember(section, "parameters", "parameters", what));
  for (const auto& [name, value] : old_values.items()) {
    PENSTOCK_ASSIGN_OR_RETURN(parameters[name],
                              OldValue(value, fmt::format("{}.parameters['{}']", what, name)));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const json values,
                            ObjectMember(section, "parameterValues", "parameter_values", what));
  for (const auto& [name, value] : values.items()) parameters[name] = value;
  return parameters;
}

Status TypeParameters(const ComponentDescription& description, std::map<std::string, json>& parameters) {
  for (const ParameterDescription& parameter : description.parameters) {
    const auto given = parameters.find(parameter.name);
    if (given != parameters.end() && !given->second.is_null()) {
      PENSTOCK_ASSIGN_OR_RETURN(
          given->second,
          ConvertParameter(given->second, parameter.type,
                           fmt::format("Parameter '{}' of {}", parameter.name, description.type)));
    } else if (!parameter.default_value.is_null()) {
      parameters[parameter.name] = parameter.default_value;
    } else if (given != parameters.end()) {
      parameters.erase(given);
    }
  }
  return OkStatus();
}

Status ReadOutputs(const json& outputs, ExecutorInput& input) {
  PENSTOCK_ASSIGN_OR_RETURN(input.task.outputs, ReadArtifacts(outputs, ArtifactState::kPending, "outputs"));
  PENSTOCK_ASSIGN_OR_RETURN(input.output_file, TextMember(outputs, "outputFile", "output_file", "outputs"));
  PENSTOCK_ASSIGN_OR_RETURN(const json files, ObjectMember(outputs, "parameters", "parameters", "outputs"));
  for (const auto& [name, file] : files.items()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        input.output_parameter_files[name],
        TextMember(file, "outputFile", "output_file", fmt::format("outputs.parameters['{}']", name)));
  }
  return OkStatus();
}

}  // namespace

std::string PrintExecutorInput(const ExecutorInput& input) {
  const ExecutionTask& task = input.task;
  json value = {{"inputs", json::object()}, {"outputs", json::object()}};
  if (!task.inputs.empty()) value["inputs"]["artifacts"] = PrintArtifacts(task.inputs);
  if (!task.parameters.empty()) value["inputs"]["parameterValues"] = task.parameters;
  if (input.has_old_parameters)
    for (const auto& [name, parameter] : task.parameters)
      value["inputs"]["parameters"][name] = PrintOldValue(parameter);
  if (!task.outputs.empty()) value["outputs"]["artifacts"] = PrintArtifacts(task.outputs);
  for (const auto& [name, file] : input.output_parameter_files) {
    value["outputs"]["parameters"][name]["outputFile"] = file;
  }
  if (!input.output_file.empty()) value["outputs"]["outputFile"] = input.output_file;
  return Dump(value);
}

Result<ExecutorInput> ParseExecutorInput(std::string_view text, const std::string& node_id,
                                         const ComponentDescription* description) {
  PENSTOCK_ASSIGN_OR_RETURN(const json value, ParseText(text, "The executor input"));
  ExecutorInput input;
  input.task.node_id = node_id;
  PENSTOCK_ASSIGN_OR_RETURN(const json inputs, ObjectMember(value, "inputs", "inputs", "The executor input"));
  PENSTOCK_ASSIGN_OR_RETURN(const json outputs,
                            ObjectMember(value, "outputs", "outputs", "The executor input"));
  PENSTOCK_ASSIGN_OR_RETURN(input.task.inputs, ReadArtifacts(inputs, ArtifactState::kLive, "inputs"));
  PENSTOCK_ASSIGN_OR_RETURN(input.task.parameters, ReadParameters(inputs, "inputs"));
  PENSTOCK_RETURN_IF_ERROR(ReadOutputs(outputs, input));
  if (description != nullptr) PENSTOCK_RETURN_IF_ERROR(TypeParameters(*description, input.task.parameters));
  return input;
}

std::string PrintExecutorOutput(const ExecutionReport& report) {
  json value = json::object();
  if (!report.outputs.empty()) value["artifacts"] = PrintArtifacts(report.outputs);
  if (!report.output_parameters.empty()) value["parameterValues"] = report.output_parameters;
  return Dump(value);
}

Result<ExecutionReport> ParseExecutorOutput(std::string_view text, const ExecutionTask& task) {
  PENSTOCK_ASSIGN_OR_RETURN(const json value, ParseText(text, "The executor output"));
  ExecutionReport report;
  report.outputs = task.outputs;
  PENSTOCK_ASSIGN_OR_RETURN(const json outputs,
                            ObjectMember(value, "artifacts", "artifacts", "The executor output"));
  for (const auto& [name, entry] : outputs.items()) {
    const std::string where = fmt::format("The executor output: artifacts['{}']", name);
    const auto declared = report.outputs.find(name);
    if (declared == report.outputs.end()) {
      std::vector<std::string> known;
      for (const auto& [output, unused] : report.outputs) known.push_back(output);
      return InvalidArgument("{}: the task has no such output{}", where, DidYouMean(name, known));
    }
    PENSTOCK_ASSIGN_OR_RETURN(const json* list, ArtifactList(entry, where));
    const size_t num_artifacts = list == nullptr ? 0 : list->size();
    // None at all is how an executor says that it wrote nothing to this output.
    if (num_artifacts < declared->second.size()) declared->second.resize(num_artifacts);
    for (size_t i = 0; i < num_artifacts; ++i) {
      if (i >= declared->second.size())
        declared->second.push_back(Artifact{.state = ArtifactState::kPending});
      PENSTOCK_RETURN_IF_ERROR(ReadArtifact((*list)[i], where, declared->second[i]));
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN(report.output_parameters, ReadParameters(value, "The executor output"));
  return report;
}

}  // namespace penstock::pipeline
