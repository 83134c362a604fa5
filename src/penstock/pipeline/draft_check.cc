#include "penstock/pipeline/draft_check.h"

#include <algorithm>
#include <set>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/pipeline/reference_text.h"
#include "penstock/pipeline/task_graph.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;

template <class Things>
std::vector<std::string> NamesOf(const Things& things) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(thing.name);
  return names;
}

std::string Listed(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

Status AnnotateAt(const Status& status, const std::string& where) {
  return where.empty() ? status : Annotate(status, where);
}

/// Numbers of the IR are doubles: beyond 2^53 an integer would come out as another one.
bool HoldsTooBigInteger(const json& value) {
  constexpr int64_t kMost = int64_t{1} << 53;
  if (value.is_number_unsigned()) return value.get<uint64_t>() > static_cast<uint64_t>(kMost);
  if (value.is_number_integer()) return value.get<int64_t>() > kMost || value.get<int64_t>() < -kMost;
  return value.is_structured() && std::any_of(value.begin(), value.end(), HoldsTooBigInteger);
}

bool Converts(ParameterType from, ParameterType to) {
  return from == to || (from == ParameterType::kInteger && to == ParameterType::kDouble);
}

Status CheckValue(const PipelineDraft& draft, const NodeDraft& node, const ParameterDescription& description,
                  const json& value) {
  const std::string what = fmt::format("Parameter '{}' of node '{}'", description.name, node.id);
  std::set<std::string> references;
  PENSTOCK_RETURN_IF_ERROR(Annotate(CollectReferences(value, references), what));
  for (const std::string& name : references) {
    if (draft.parameters.contains(name)) continue;
    std::vector<std::string> known;
    for (const auto& [parameter, unused] : draft.parameters) known.push_back(parameter);
    return InvalidArgument(
        "{} refers to ${{{}}}, which is not a parameter of the pipeline{} (parameters: {})", what, name,
        DidYouMean(name, known), Listed(known));
  }
  if (HoldsTooBigInteger(value)) {
    return InvalidArgument("{} holds an integer beyond 2^53, which the pipeline format cannot keep exactly",
                           what);
  }
  const std::string whole = WholeReference(value);
  if (whole.empty()) return ConvertParameter(value, description.type, what).status();
  const ParameterType type = draft.parameters.at(whole).type;
  if (Converts(type, description.type)) return OkStatus();
  return InvalidArgument("{} must be a value of type {}, but ${{{}}} is of type {}", what,
                         ParameterTypeName(description.type), whole, ParameterTypeName(type));
}

Status CheckRuntimeParameters(const PipelineDraft& draft) {
  for (const auto& [name, parameter] : draft.parameters) {
    const std::string what = fmt::format("{}Pipeline parameter '{}'", At(parameter.where), name);
    if (name.empty() || name.find_first_of("'\"}{\\$") != std::string::npos) {
      return InvalidArgument("{}: a name cannot hold quotes, backslashes, braces or '$'", what);
    }
    if (parameter.default_value.is_null()) continue;
    if (HoldsTooBigInteger(parameter.default_value)) {
      return InvalidArgument("{} holds an integer beyond 2^53, which the pipeline format cannot keep exactly",
                             what);
    }
    PENSTOCK_RETURN_IF_ERROR(ConvertParameter(parameter.default_value, parameter.type, what).status());
  }
  return OkStatus();
}

Status CheckAcyclic(const DraftIndex& index) {
  const std::vector<std::string> ids = index.Ids();
  std::map<std::string_view, size_t> numbers;
  for (size_t i = 0; i < ids.size(); ++i) numbers[ids[i]] = i;
  Adjacency successors(ids.size());
  for (const NodeDraft& node : index.draft().nodes) {
    for (const auto& [name, input] : node.inputs)
      successors[numbers[input.source.node]].push_back(numbers[node.id]);
    for (const std::string& id : node.after) successors[numbers[id]].push_back(numbers[node.id]);
  }
  const std::vector<size_t> cycle = FindCycle(successors);
  if (cycle.empty()) return OkStatus();
  return InvalidArgument("{}The nodes wait for each other in a circle: {}",
                         At(index.Find(ids[cycle.front()])->where), SpellCycle(cycle, ids));
}

}  // namespace

std::string At(std::string_view where) { return where.empty() ? "" : std::string(where) + ": "; }

DraftIndex::DraftIndex(const PipelineDraft& draft) : draft_(draft) {
  for (const NodeDraft& node : draft.nodes) nodes_.try_emplace(node.id, &node);
}

const NodeDraft* DraftIndex::Find(std::string_view id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? nullptr : found->second;
}

std::vector<std::string> DraftIndex::Ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, node] : nodes_) ids.push_back(id);
  return ids;
}

const PortDescription* FindPort(const std::vector<PortDescription>& ports, std::string_view name) {
  const auto found =
      std::find_if(ports.begin(), ports.end(), [&](const auto& port) { return port.name == name; });
  return found == ports.end() ? nullptr : &*found;
}

const ParameterDescription* FindParameter(const ComponentDescription& component, std::string_view name) {
  const auto found = std::find_if(component.parameters.begin(), component.parameters.end(),
                                  [&](const auto& parameter) { return parameter.name == name; });
  return found == component.parameters.end() ? nullptr : &*found;
}

Result<OutputReference> ResolveSource(const DraftIndex& index, const NodeDraft& node,
                                      const PortDescription& port, const InputDraft& input) {
  const std::string& where = input.where.empty() ? node.where : input.where;
  const NodeDraft* producer = index.Find(input.source.node);
  if (producer == nullptr) {
    return InvalidArgument("{}Input '{}' of node '{}': there is no node '{}'{}", At(where), port.name,
                           node.id, input.source.node, DidYouMean(input.source.node, index.Ids()));
  }
  const auto& outputs = producer->component.outputs;
  if (input.source.output.empty()) {
    std::vector<std::string> fitting;
    for (const PortDescription& output : outputs) {
      if (output.artifact_type == port.artifact_type) fitting.push_back(output.name);
    }
    if (fitting.size() == 1) return OutputReference{producer->id, fitting.front()};
    return InvalidArgument(
        "{}Input '{}' of node '{}': node '{}' has {} outputs of type {}; name one as {}.OUTPUT (outputs: {})",
        At(where), port.name, node.id, producer->id, fitting.size(), port.artifact_type, producer->id,
        Listed(NamesOf(outputs)));
  }
  const PortDescription* output = FindPort(outputs, input.source.output);
  if (output == nullptr) {
    return InvalidArgument("{}Input '{}' of node '{}': node '{}' has no output '{}'{} (outputs: {})",
                           At(where), port.name, node.id, producer->id, input.source.output,
                           DidYouMean(input.source.output, NamesOf(outputs)), Listed(NamesOf(outputs)));
  }
  if (output->artifact_type != port.artifact_type) {
    return InvalidArgument("{}Input '{}' of node '{}' takes {}, but {}.{} is {}", At(where), port.name,
                           node.id, port.artifact_type, producer->id, output->name, output->artifact_type);
  }
  return input.source;
}

Status CheckNames(const PipelineDraft& draft) {
  PENSTOCK_RETURN_IF_ERROR(AnnotateAt(fs::CheckPathComponent(draft.name, "pipeline name"), draft.where));
  std::set<std::string_view> ids;
  for (const NodeDraft& node : draft.nodes) {
    PENSTOCK_RETURN_IF_ERROR(AnnotateAt(fs::CheckPathComponent(node.id, "node name"), node.where));
    if (!ids.insert(node.id).second) {
      return InvalidArgument("{}Two nodes are named '{}'; give one another name", At(node.where), node.id);
    }
    if (node.num_retries < 0 || node.num_retries > 1000 || node.timeout_seconds < 0) {
      return InvalidArgument("{}Node '{}': retries must be 0 to 1000 and the timeout not negative",
                             At(node.where), node.id);
    }
  }
  if (draft.nodes.empty())
    return InvalidArgument("{}The pipeline '{}' has no nodes", At(draft.where), draft.name);
  return OkStatus();
}

Status CheckSources(const DraftIndex& index, const NodeDraft& node) {
  const auto& ports = node.component.inputs;
  for (const auto& [name, input] : node.inputs) {
    const PortDescription* port = FindPort(ports, name);
    if (port == nullptr) {
      return InvalidArgument("{}{} has no input '{}'{} (inputs: {})",
                             At(input.where.empty() ? node.where : input.where), node.component.type, name,
                             DidYouMean(name, NamesOf(ports)), Listed(NamesOf(ports)));
    }
    PENSTOCK_RETURN_IF_ERROR(ResolveSource(index, node, *port, input).status());
  }
  for (const std::string& id : node.after) {
    if (index.Find(id) != nullptr) continue;
    return InvalidArgument("{}Node '{}' is to run after '{}', but there is no such node{}", At(node.where),
                           node.id, id, DidYouMean(id, index.Ids()));
  }
  return OkStatus();
}

Status CheckParameters(const DraftIndex& index, const NodeDraft& node) {
  for (const auto& [name, parameter] : node.parameters) {
    const ParameterDescription* description = FindParameter(node.component, name);
    const std::string& where = parameter.where.empty() ? node.where : parameter.where;
    if (description == nullptr) {
      return InvalidArgument("{}{} has no parameter '{}'{}", At(where), node.component.type, name,
                             DidYouMean(name, NamesOf(node.component.parameters)));
    }
    if (parameter.value.is_null()) continue;
    PENSTOCK_RETURN_IF_ERROR(
        AnnotateAt(CheckValue(index.draft(), node, *description, parameter.value), where));
  }
  for (const ParameterDescription& description : node.component.parameters) {
    const auto given = node.parameters.find(description.name);
    const bool is_given = given != node.parameters.end() && !given->second.value.is_null();
    if (is_given || description.is_optional || !description.default_value.is_null()) continue;
    return InvalidArgument("{}Node '{}' needs the parameter '{}': {}", At(node.where), node.id,
                           description.name, description.help);
  }
  return OkStatus();
}

Status CheckDraft(const PipelineDraft& draft) {
  PENSTOCK_RETURN_IF_ERROR(CheckNames(draft));
  PENSTOCK_RETURN_IF_ERROR(CheckRuntimeParameters(draft));
  const DraftIndex index(draft);
  for (const NodeDraft& node : draft.nodes) {
    PENSTOCK_RETURN_IF_ERROR(CheckParameters(index, node));
    PENSTOCK_RETURN_IF_ERROR(CheckSources(index, node));
    for (const PortDescription& port : node.component.inputs) {
      if (port.is_optional || node.inputs.contains(port.name)) continue;
      return InvalidArgument("{}Input '{}' of node '{}' is open: it takes an output of type {}",
                             At(node.where), port.name, node.id, port.artifact_type);
    }
  }
  return CheckAcyclic(index);
}

}  // namespace penstock::pipeline
