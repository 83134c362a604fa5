#include "penstock/pipeline/yaml_pipeline.h"

#include <algorithm>
#include <optional>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/pipeline/draft_check.h"
#include "penstock/pipeline/wiring.h"
#include "penstock/pipeline/yaml_document.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;

constexpr YamlLimits kLimits = {.num_bytes = 1 << 20, .depth = 64, .num_values = 100'000};
constexpr size_t kMaxNodes = 1000;

const std::vector<std::string> kPipelineKeys = {"pipeline", "description", "parameters", "nodes"};
const std::vector<std::string> kNodeKeys = {"component", "inputs",          "after",
                                            "retries",   "timeout_seconds", "cache"};

bool IsOneOf(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

ParameterType TypeOfDefault(const json& value) {
  if (value.is_boolean()) return ParameterType::kBoolean;
  if (value.is_number_integer()) return ParameterType::kInteger;
  if (value.is_number()) return ParameterType::kDouble;
  if (value.is_array()) return ParameterType::kList;
  return value.is_object() ? ParameterType::kStruct : ParameterType::kString;
}

class PipelineReader {
 public:
  PipelineReader(const std::string& file, const ComponentCatalog& components)
      : file_(file), components_(components) {}

  Result<PipelineDraft> Read(const YamlNode& root) {
    if (root.kind != YamlNode::Kind::kMapping) {
      return InvalidArgument("{}: a pipeline is a mapping with 'pipeline:' and 'nodes:'", root.Where(file_));
    }
    for (const YamlEntry& entry : root.entries) {
      if (IsOneOf(kPipelineKeys, entry.key.text)) continue;
      return InvalidArgument("{}: A pipeline has no '{}'{} (keys: {})", entry.key.Where(file_),
                             entry.key.text, DidYouMean(entry.key.text, kPipelineKeys),
                             fmt::join(kPipelineKeys, ", "));
    }
    PENSTOCK_RETURN_IF_ERROR(ReadHeader(root));
    PENSTOCK_RETURN_IF_ERROR(ReadRuntimeParameters(root.Find("parameters")));
    const YamlNode* nodes = root.Find("nodes");
    if (nodes == nullptr || nodes->kind != YamlNode::Kind::kMapping) {
      return InvalidArgument("{}: 'nodes' must be a mapping of node names to what they are set to",
                             (nodes == nullptr ? root : *nodes).Where(file_));
    }
    if (nodes->entries.size() > kMaxNodes) {
      return InvalidArgument("{}: {} nodes are too many (at most {})", nodes->Where(file_),
                             nodes->entries.size(), kMaxNodes);
    }
    for (const YamlEntry& entry : nodes->entries) PENSTOCK_RETURN_IF_ERROR(ReadNode(entry));
    return std::move(draft_);
  }

 private:
  Status ReadHeader(const YamlNode& root) {
    const YamlNode* name = root.Find("pipeline");
    if (name == nullptr || name->kind != YamlNode::Kind::kScalar || name->text.empty()) {
      return InvalidArgument("{}: 'pipeline' must be the pipeline's name",
                             (name == nullptr ? root : *name).Where(file_));
    }
    draft_.name = name->text;
    draft_.where = name->Where(file_);
    const YamlNode* description = root.Find("description");
    if (description == nullptr) return OkStatus();
    if (description->kind != YamlNode::Kind::kScalar) {
      return InvalidArgument("{}: 'description' must be text", description->Where(file_));
    }
    draft_.description = description->text;
    return OkStatus();
  }

  Status ReadRuntimeParameters(const YamlNode* parameters) {
    if (parameters == nullptr || parameters->kind == YamlNode::Kind::kNull) return OkStatus();
    if (parameters->kind != YamlNode::Kind::kMapping) {
      return InvalidArgument("{}: 'parameters' must be a mapping of names to default values",
                             parameters->Where(file_));
    }
    for (const YamlEntry& entry : parameters->entries) {
      PENSTOCK_ASSIGN_OR_RETURN(json value, YamlToJson(entry.value, file_));
      const ParameterType type = TypeOfDefault(value);
      draft_.parameters[entry.key.text] =
          RuntimeParameterDraft{type, std::move(value), entry.key.Where(file_)};
    }
    return OkStatus();
  }

  Status ReadNode(const YamlEntry& entry) {
    NodeDraft node;
    node.id = entry.key.text;
    node.where = entry.key.Where(file_);
    const YamlNode& body = entry.value;
    if (body.kind != YamlNode::Kind::kNull && body.kind != YamlNode::Kind::kMapping) {
      return InvalidArgument("{}: node '{}' must be empty or a mapping of parameters", body.Where(file_),
                             node.id);
    }
    PENSTOCK_RETURN_IF_ERROR(ReadComponent(body, node));
    for (const YamlEntry& setting : body.entries) {
      if (IsOneOf(kNodeKeys, setting.key.text)) {
        PENSTOCK_RETURN_IF_ERROR(ReadNodeKey(setting, node));
      } else {
        PENSTOCK_RETURN_IF_ERROR(ReadParameter(setting, node));
      }
    }
    draft_.nodes.push_back(std::move(node));
    return OkStatus();
  }

  Status ReadComponent(const YamlNode& body, NodeDraft& node) {
    std::string type = node.id;
    std::string where = node.where;
    const YamlNode* named = body.Find("component");
    if (named != nullptr) {
      if (named->kind != YamlNode::Kind::kScalar) {
        return InvalidArgument("{}: 'component' must be the name of a component", named->Where(file_));
      }
      type = named->text;
      where = named->Where(file_);
    }
    const auto component = components_.Find(type);
    if (!component.ok()) {
      const std::string hint =
          named == nullptr ? "; a node with a name of its own says 'component: TYPE'" : "";
      return InvalidArgument("{}: {}{}", where, component.status().message(), hint);
    }
    node.component = (*component)->description;
    return OkStatus();
  }

  Status ReadParameter(const YamlEntry& setting, NodeDraft& node) {
    const std::string& name = setting.key.text;
    const ComponentDescription& component = node.component;
    if (FindParameter(component, name) != nullptr) {
      PENSTOCK_ASSIGN_OR_RETURN(json value, YamlToJson(setting.value, file_));
      node.parameters[name] = ParameterDraft{std::move(value), setting.value.Where(file_)};
      return OkStatus();
    }
    if (FindPort(component.inputs, name) != nullptr) {
      return InvalidArgument("{}: '{}' is an input of {}, not a parameter; write inputs: {{{}: NODE.OUTPUT}}",
                             setting.key.Where(file_), name, component.type, name);
    }
    std::vector<std::string> parameters;
    for (const ParameterDescription& parameter : component.parameters) parameters.push_back(parameter.name);
    std::vector<std::string> known = parameters;
    known.insert(known.end(), kNodeKeys.begin(), kNodeKeys.end());
    return InvalidArgument("{}: {} has no parameter '{}'{} (parameters: {})", setting.key.Where(file_),
                           component.type, name, DidYouMean(name, known),
                           parameters.empty() ? "none" : fmt::format("{}", fmt::join(parameters, ", ")));
  }

  Status ReadNodeKey(const YamlEntry& setting, NodeDraft& node) {
    const std::string& key = setting.key.text;
    const YamlNode& value = setting.value;
    if (key == "component") return OkStatus();
    if (key == "inputs") return ReadInputs(value, node);
    if (key == "after") return ReadAfter(value, node);
    PENSTOCK_ASSIGN_OR_RETURN(json scalar, YamlToJson(value, file_));
    if (key == "cache") {
      if (!scalar.is_boolean()) return InvalidArgument("{}: 'cache' is true or false", value.Where(file_));
      node.is_cache_enabled = scalar.get<bool>();
      return OkStatus();
    }
    const int64_t most = key == "retries" ? 1000 : int64_t{365} * 24 * 3600;
    if (!scalar.is_number_integer() || scalar.get<double>() < 0 ||
        scalar.get<double>() > static_cast<double>(most)) {
      return InvalidArgument("{}: '{}' must be a whole number from 0 to {}", value.Where(file_), key, most);
    }
    if (key == "retries") {
      node.num_retries = scalar.get<int>();
    } else {
      node.timeout_seconds = scalar.get<int64_t>();
    }
    return OkStatus();
  }

  Status ReadInputs(const YamlNode& inputs, NodeDraft& node) {
    if (inputs.kind != YamlNode::Kind::kMapping) {
      return InvalidArgument("{}: 'inputs' must be a mapping of input names to NODE.OUTPUT",
                             inputs.Where(file_));
    }
    for (const YamlEntry& entry : inputs.entries) {
      const std::string where = entry.value.Where(file_);
      if (entry.value.kind == YamlNode::Kind::kNull) {
        PENSTOCK_RETURN_IF_ERROR(LeaveOpen(entry, node));
        continue;
      }
      if (entry.value.kind != YamlNode::Kind::kScalar) {
        return InvalidArgument("{}: the source of input '{}' must be written as NODE.OUTPUT", where,
                               entry.key.text);
      }
      // Node names may hold dots, output names do not.
      const std::string& source = entry.value.text;
      const size_t dot = source.rfind('.');
      OutputReference reference{source.substr(0, dot),
                                dot == std::string::npos ? "" : source.substr(dot + 1)};
      node.inputs[entry.key.text] = InputDraft{std::move(reference), where};
    }
    return OkStatus();
  }

  Status LeaveOpen(const YamlEntry& entry, NodeDraft& node) const {
    const PortDescription* port = FindPort(node.component.inputs, entry.key.text);
    if (port == nullptr) {
      std::vector<std::string> known;
      for (const PortDescription& input : node.component.inputs) known.push_back(input.name);
      return InvalidArgument("{}: {} has no input '{}'{}", entry.key.Where(file_), node.component.type,
                             entry.key.text, DidYouMean(entry.key.text, known));
    }
    if (!port->is_optional) {
      return InvalidArgument("{}: the input '{}' of {} is required; it cannot be left open",
                             entry.key.Where(file_), entry.key.text, node.component.type);
    }
    node.unwired.push_back(entry.key.text);
    return OkStatus();
  }

  Status ReadAfter(const YamlNode& after, NodeDraft& node) {
    if (after.kind == YamlNode::Kind::kScalar) {
      node.after.push_back(after.text);
      return OkStatus();
    }
    for (const YamlNode& item : after.items) {
      if (item.kind != YamlNode::Kind::kScalar) {
        return InvalidArgument("{}: 'after' must list names of nodes", item.Where(file_));
      }
      node.after.push_back(item.text);
    }
    if (after.kind == YamlNode::Kind::kSequence) return OkStatus();
    return InvalidArgument("{}: 'after' must be a list of node names", after.Where(file_));
  }

  const std::string& file_;
  const ComponentCatalog& components_;
  PipelineDraft draft_;
};

/// Whether the text is IR, by the keys at its top; nothing where it cannot be read as ours.
bool HasIrKeys(const YamlNode& root) {
  for (const char* key : {"root", "deploymentSpec", "deployment_spec", "pipelineInfo", "pipeline_info",
                          "pipelineSpec", "pipeline_spec", "schemaVersion", "schema_version"}) {
    if (root.Find(key) != nullptr) return true;
  }
  return false;
}

}  // namespace

Result<PipelineDraft> ParsePipelineYaml(std::string_view text, const std::string& name,
                                        const ComponentCatalog& components) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<YamlNode> documents, ParseYaml(text, name, kLimits));
  if (documents.empty()) return InvalidArgument("{}: empty; a pipeline needs 'pipeline:' and 'nodes:'", name);
  if (documents.size() > 1) {
    return InvalidArgument("{}: a second document; a pipeline file holds one", documents[1].Where(name));
  }
  PENSTOCK_ASSIGN_OR_RETURN(PipelineDraft draft, PipelineReader(name, components).Read(documents.front()));
  PENSTOCK_RETURN_IF_ERROR(WireInputs(draft, components));
  return draft;
}

Result<PipelineIr> LoadPipeline(const std::string& path, const ComponentCatalog& components,
                                const CompileOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(std::string text, fs::ReadFile(path));
  const size_t start = text.find_first_not_of(" \t\r\n");
  const bool may_be_ours = text.size() <= kLimits.num_bytes;
  if (path.ends_with(".json") || !may_be_ours) return ParsePipelineIr(text, path);
  const auto documents = ParseYaml(text, path, kLimits);
  if (documents.ok() ? !documents->empty() && HasIrKeys(documents->front())
                     : start != std::string::npos && text[start] == '{') {
    return ParsePipelineIr(text, path);
  }
  PENSTOCK_ASSIGN_OR_RETURN(PipelineDraft draft, ParsePipelineYaml(text, path, components));
  return CompilePipeline(draft, options);
}

}  // namespace penstock::pipeline
