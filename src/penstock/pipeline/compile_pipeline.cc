#include <set>

#include <google/protobuf/util/json_util.h>

#include "penstock/pipeline/component_file.h"
#include "penstock/pipeline/draft_check.h"
#include "penstock/pipeline/pipeline_draft.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/pipeline/reference_text.h"
#include "penstock/pipeline/resolver_query.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;

constexpr std::string_view kArtifactSchemaVersion = "0.0.1";

std::string_view IrTypeName(ParameterType type) {
  switch (type) {
    case ParameterType::kString:
      return "STRING";
    case ParameterType::kInteger:
      return "NUMBER_INTEGER";
    case ParameterType::kDouble:
      return "NUMBER_DOUBLE";
    case ParameterType::kBoolean:
      return "BOOLEAN";
    case ParameterType::kList:
      return "LIST";
    case ParameterType::kStruct:
      return "STRUCT";
  }
  return "STRING";
}

json ArtifactType(const PortDescription& port) {
  return {{"schemaTitle", SchemaTitleOf(port.artifact_type)}, {"schemaVersion", kArtifactSchemaVersion}};
}

/// Puts `value` under `key` unless it is empty: the IR leaves out what says nothing.
void PutUnlessEmpty(json& object, const char* key, json value) {
  const bool is_empty = value.is_null() || (value.is_structured() && value.empty()) ||
                        (value.is_string() && value.get_ref<const std::string&>().empty());
  if (!is_empty) object[key] = std::move(value);
}

json ParameterDefinition(ParameterType type, const json& default_value, bool is_optional,
                         const std::string& help) {
  json definition = {{"parameterType", IrTypeName(type)}};
  if (!default_value.is_null()) definition["defaultValue"] = default_value;
  if (is_optional || !default_value.is_null()) definition["isOptional"] = true;
  PutUnlessEmpty(definition, "description", help);
  return definition;
}

/// What one node is in the IR.
class NodeWriter {
 public:
  NodeWriter(const DraftIndex& index, const NodeDraft& node, const CompileOptions& options)
      : index_(index), node_(node), options_(options) {}

  Status Write(json& spec, json& platform) {
    PENSTOCK_RETURN_IF_ERROR(WriteInputs());
    WriteParameters();
    spec["components"]["comp-" + node_.id] = Component();
    spec["deploymentSpec"]["executors"]["exec-" + node_.id] = Executor();
    spec["root"]["dag"]["tasks"][node_.id] = Task();
    if (node_.timeout_seconds > 0) {
      // As kfp-kubernetes' set_timeout writes it; an int64 of proto JSON is text.
      platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-" + node_.id] = {
          {"activeDeadlineSeconds", std::to_string(node_.timeout_seconds)}};
    }
    return OkStatus();
  }

  /// The component alone: everything it takes comes from outside, everything it makes goes there.
  void WriteAlone(json& spec) const {
    json& component = spec["components"]["comp-" + node_.id] = Component();
    spec["deploymentSpec"]["executors"]["exec-" + node_.id] = Executor();
    for (const char* definitions : {"inputDefinitions", "outputDefinitions"})
      if (component.contains(definitions)) spec["root"][definitions] = component[definitions];
    json task = Task();
    for (const PortDescription& port : node_.component.inputs)
      task["inputs"]["artifacts"][port.name] = {{"componentInputArtifact", port.name}};
    for (const ParameterDescription& parameter : node_.component.parameters)
      task["inputs"]["parameters"][parameter.name] = {{"componentInputParameter", parameter.name}};
    spec["root"]["dag"]["tasks"][node_.id] = std::move(task);
    for (const PortDescription& port : node_.component.outputs) {
      spec["root"]["dag"]["outputs"]["artifacts"][port.name] = {
          {"artifactSelectors", {{{"producerSubtask", node_.id}, {"outputArtifactKey", port.name}}}}};
    }
  }

 private:
  Status WriteInputs() {
    for (const auto& [name, input] : node_.inputs) {
      const PortDescription* port = FindPort(node_.component.inputs, name);
      PENSTOCK_ASSIGN_OR_RETURN(OutputReference source, ResolveSource(index_, node_, *port, input));
      input_artifacts_[name] = {
          {"taskOutputArtifact", {{"producerTask", source.node}, {"outputArtifactKey", source.output}}}};
      dependencies_.insert(source.node);
    }
    dependencies_.insert(node_.after.begin(), node_.after.end());
    return OkStatus();
  }

  void WriteParameters() {
    for (const auto& [name, parameter] : node_.parameters) {
      if (parameter.value.is_null()) continue;
      const ParameterDescription& description = *FindParameter(node_.component, name);
      if (const std::string whole = WholeReference(parameter.value); !whole.empty()) {
        input_parameters_[name] = {{"componentInputParameter", whole}};
        continue;
      }
      std::set<std::string> references;
      json constant = WriteReferences(parameter.value);
      if (CollectReferences(parameter.value, references).ok() && references.empty()) {
        const auto converted = ConvertParameter(constant, description.type, name);
        if (converted.ok()) constant = *converted;
        // What equals the default goes unsaid, so that saying it or not gives the same pipeline.
        if (constant == description.default_value) continue;
      }
      input_parameters_[name] = {{"runtimeValue", {{"constant", std::move(constant)}}}};
      // Not declared by the component, as kfp's compiler does it: they only feed the text.
      for (const std::string& reference : references) {
        input_parameters_[HelperParameterOf(reference)] = {{"componentInputParameter", reference}};
      }
    }
  }

  json Component() const {
    json inputs = json::object(), outputs = json::object(), component;
    for (const PortDescription& port : node_.component.inputs) {
      json definition = {{"artifactType", ArtifactType(port)}};
      if (port.is_optional) definition["isOptional"] = true;
      PutUnlessEmpty(definition, "description", port.help);
      inputs["artifacts"][port.name] = std::move(definition);
    }
    for (const ParameterDescription& parameter : node_.component.parameters) {
      inputs["parameters"][parameter.name] =
          ParameterDefinition(parameter.type, parameter.default_value, parameter.is_optional, parameter.help);
    }
    for (const PortDescription& port : node_.component.outputs) {
      json definition = {{"artifactType", ArtifactType(port)}};
      PutUnlessEmpty(definition, "description", port.help);
      outputs["artifacts"][port.name] = std::move(definition);
    }
    component["executorLabel"] = "exec-" + node_.id;
    PutUnlessEmpty(component, "inputDefinitions", std::move(inputs));
    PutUnlessEmpty(component, "outputDefinitions", std::move(outputs));
    return component;
  }

  json Executor() const {
    const ComponentDescription& component = node_.component;
    if (component.resolver_policy.empty()) {
      return {{"container",
               {{"image", options_.image_repository + ":" + options_.version},
                {"command", {"penstock", "component", component.type}},
                {"args", {"--executor_input", "{{$}}"}}}}};
    }
    const std::string filter = PrintResolverQuery({component.type, component.resolver_policy});
    json queries = json::object();
    for (const PortDescription& port : component.outputs)
      queries[port.name] = {{"filter", filter}, {"limit", 1}};
    return {{"resolver", {{"outputArtifactQueries", std::move(queries)}}}};
  }

  json Task() const {
    json inputs = json::object(), task;
    PutUnlessEmpty(inputs, "artifacts", input_artifacts_);
    PutUnlessEmpty(inputs, "parameters", input_parameters_);
    task["taskInfo"] = {{"name", node_.id}};
    task["componentRef"] = {{"name", "comp-" + node_.id}};
    task["cachingOptions"] = json::object();
    if (node_.is_cache_enabled && node_.component.is_cacheable) task["cachingOptions"]["enableCache"] = true;
    PutUnlessEmpty(task, "inputs", std::move(inputs));
    PutUnlessEmpty(task, "dependentTasks", dependencies_);
    if (node_.num_retries > 0) {
      task["retryPolicy"] = {{"maxRetryCount", node_.num_retries},
                             {"backoffDuration", "1s"},
                             {"backoffFactor", 2.0},
                             {"backoffMaxDuration", "3600s"}};
    }
    return task;
  }

  const DraftIndex& index_;
  const NodeDraft& node_;
  const CompileOptions& options_;
  json input_artifacts_ = json::object();
  json input_parameters_ = json::object();
  std::set<std::string> dependencies_;
};

/// kfp's SDK loads no types but its own: to it, ours are artifacts of any kind.
void GeneralizeTypes(json& value) {
  if (!value.is_structured()) return;
  if (value.is_object() && value.contains("schemaTitle")) value["schemaTitle"] = "system.Artifact";
  for (json& member : value) GeneralizeTypes(member);
}

json Header(const PipelineDraft& draft, const CompileOptions& options) {
  json info = {{"name", draft.name}};
  PutUnlessEmpty(info, "description", draft.description);
  json spec = {{"pipelineInfo", std::move(info)},
               {"schemaVersion", "2.1.0"},
               {"sdkVersion", "penstock-" + options.version}};
  for (const auto& [name, parameter] : draft.parameters) {
    spec["root"]["inputDefinitions"]["parameters"][name] =
        ParameterDefinition(parameter.type, parameter.default_value, false, "");
  }
  return spec;
}

Status FillMessage(const json& value, google::protobuf::Message& message) {
  const auto status = google::protobuf::util::JsonStringToMessage(
      value.dump(-1, ' ', false, json::error_handler_t::replace), &message);
  return status.ok()
             ? OkStatus()
             : InvalidArgument("The pipeline does not fit KFP's format: {}", status.message().ToString());
}

}  // namespace

Result<PipelineIr> CompilePipeline(const PipelineDraft& draft, const CompileOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(CheckDraft(draft));
  const DraftIndex index(draft);
  json spec = Header(draft, options);
  json platform = json::object();
  for (const NodeDraft& node : draft.nodes) {
    PENSTOCK_RETURN_IF_ERROR(NodeWriter(index, node, options).Write(spec, platform));
  }
  PipelineIr ir;
  PENSTOCK_RETURN_IF_ERROR(FillMessage(spec, ir.pipeline));
  PENSTOCK_RETURN_IF_ERROR(FillMessage(platform, ir.platform));
  return ir;
}

Result<PipelineIr> CompileComponent(const ComponentDescription& component, const CompileOptions& options) {
  if (!component.resolver_policy.empty()) {
    return Unimplemented(
        "The component {} is answered from the metadata store: kfp's SDK has no such components",
        component.type);
  }
  PipelineDraft draft;
  draft.name = KebabName(component.type);
  draft.description = component.help;
  draft.nodes.push_back({.id = draft.name, .component = component});
  const DraftIndex index(draft);
  json spec = Header(draft, options);
  NodeWriter(index, draft.nodes[0], options).WriteAlone(spec);
  GeneralizeTypes(spec);
  PipelineIr ir;
  PENSTOCK_RETURN_IF_ERROR(FillMessage(spec, ir.pipeline));
  return ir;
}

std::string KebabName(std::string_view name) {
  std::string kebab;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool is_upper = name[i] >= 'A' && name[i] <= 'Z';
    if (is_upper && i > 0) kebab += '-';
    kebab += static_cast<char>(is_upper ? name[i] - 'A' + 'a' : name[i]);
  }
  return kebab;
}

}  // namespace penstock::pipeline
