#include "penstock/pipeline/wiring.h"

#include <algorithm>
#include <map>

#include "penstock/pipeline/draft_check.h"
#include "penstock/pipeline/task_graph.h"

namespace penstock::pipeline {
namespace {

struct Candidate {
  size_t node = 0;
  const PortDescription* output = nullptr;
};

/// An input that the author left open.
struct OpenInput {
  size_t node = 0;
  const PortDescription* port = nullptr;
  std::vector<Candidate> candidates;  ///< By type and name; the graph decides among them.
  bool is_wired = false;
};

class Wirer {
 public:
  Wirer(PipelineDraft& draft, const ComponentCatalog& components)
      : draft_(draft), components_(components), graph_(draft.nodes.size()) {}

  Status Run() {
    for (size_t i = 0; i < draft_.nodes.size(); ++i) numbers_[draft_.nodes[i].id] = i;
    const DraftIndex index(draft_);
    for (size_t i = 0; i < draft_.nodes.size(); ++i) {
      PENSTOCK_RETURN_IF_ERROR(CheckSources(index, draft_.nodes[i]));
      AddNamedEdges(i);
      CollectOpenInputs(i);
    }
    // Needs before wishes, and what needs no "nearest" before what does: an edge not yet
    // known could make another candidate the nearest.
    while (RunRound(false, false) || RunRound(false, true) || RunRound(true, false) || RunRound(true, true)) {
    }
    for (const OpenInput& input : open_inputs_) PENSTOCK_RETURN_IF_ERROR(CheckOutcome(input));
    return OkStatus();
  }

 private:
  void AddNamedEdges(size_t number) {
    const NodeDraft& node = draft_.nodes[number];
    for (const auto& [name, input] : node.inputs) graph_.AddEdge(numbers_.at(input.source.node), number);
    for (const std::string& id : node.after) graph_.AddEdge(numbers_.at(id), number);
  }

  void CollectOpenInputs(size_t number) {
    const NodeDraft& node = draft_.nodes[number];
    for (const PortDescription& port : node.component.inputs) {
      const bool stays_open =
          std::find(node.unwired.begin(), node.unwired.end(), port.name) != node.unwired.end();
      if (stays_open || node.inputs.contains(port.name)) continue;
      open_inputs_.push_back(OpenInput{number, &port, FindCandidates(number, port), false});
    }
  }

  std::vector<Candidate> FindCandidates(size_t consumer, const PortDescription& port) const {
    std::vector<Candidate> of_type, of_name;
    for (size_t i = 0; i < draft_.nodes.size(); ++i) {
      if (i == consumer) continue;
      for (const PortDescription& output : draft_.nodes[i].component.outputs) {
        if (output.artifact_type != port.artifact_type) continue;
        of_type.push_back(Candidate{i, &output});
        if (output.name == port.name) of_name.push_back(of_type.back());
      }
    }
    return port.is_wired_by_name_only || !of_name.empty() ? of_name : of_type;
  }

  std::vector<Candidate> Remaining(const OpenInput& input, bool nearest_only) const {
    std::vector<Candidate> left;
    for (const Candidate& candidate : input.candidates) {
      if (!graph_.IsUpstream(input.node, candidate.node)) left.push_back(candidate);
    }
    if (!nearest_only) return left;
    std::vector<Candidate> nearest;
    for (const Candidate& candidate : left) {
      const bool is_passed = std::any_of(left.begin(), left.end(), [&](const Candidate& other) {
        return graph_.IsUpstream(candidate.node, other.node);
      });
      if (!is_passed) nearest.push_back(candidate);
    }
    return nearest;
  }

  /// Decides all that can be decided by the graph as it stands; true if that was anything.
  bool RunRound(bool optional_inputs, bool nearest_only) {
    std::vector<std::pair<OpenInput*, Candidate>> decisions;
    for (OpenInput& input : open_inputs_) {
      if (input.is_wired || input.port->is_optional != optional_inputs) continue;
      const std::vector<Candidate> left = Remaining(input, nearest_only);
      if (left.size() == 1) decisions.emplace_back(&input, left.front());
    }
    for (const auto& [input, source] : decisions) {
      NodeDraft& node = draft_.nodes[input->node];
      node.inputs[input->port->name] =
          InputDraft{OutputReference{draft_.nodes[source.node].id, source.output->name}, node.where};
      graph_.AddEdge(source.node, input->node);
      input->is_wired = true;
    }
    return !decisions.empty();
  }

  std::string Spell(const Candidate& candidate) const {
    return draft_.nodes[candidate.node].id + "." + candidate.output->name;
  }

  Status CheckOutcome(const OpenInput& input) const {
    if (input.is_wired) return OkStatus();
    const NodeDraft& node = draft_.nodes[input.node];
    std::vector<Candidate> left = Remaining(input, true);
    if (left.size() > 1) {
      std::vector<std::string> names;
      for (const Candidate& candidate : left) names.push_back(Spell(candidate));
      std::sort(names.begin(), names.end());
      return InvalidArgument("{}Input '{}' of node '{}' could be {}; choose one: inputs: {{{}: {}}}",
                             At(node.where), input.port->name, node.id, fmt::join(names, " or "),
                             input.port->name, names.front());
    }
    if (input.port->is_optional) return OkStatus();
    if (!input.candidates.empty()) {
      return InvalidArgument(
          "{}Input '{}' of node '{}' has no source: {} would fit, but runs after this node", At(node.where),
          input.port->name, node.id, Spell(input.candidates.front()));
    }
    return InvalidArgument("{}Input '{}' of node '{}' has no source: no other node makes {}{}",
                           At(node.where), input.port->name, node.id, input.port->artifact_type,
                           WhoWouldMake(*input.port));
  }

  std::string WhoWouldMake(const PortDescription& port) const {
    std::vector<std::string> makers;
    for (const std::string& name : components_.Names()) {
      const auto component = components_.Find(name);
      if (!component.ok()) continue;
      const auto& outputs = (*component)->description.outputs;
      const bool makes_it = std::any_of(outputs.begin(), outputs.end(), [&](const PortDescription& output) {
        return output.artifact_type == port.artifact_type &&
               (!port.is_wired_by_name_only || output.name == port.name);
      });
      if (makes_it) makers.push_back(name);
    }
    return makers.empty() ? "" : fmt::format("; add {}", fmt::join(makers, " or "));
  }

  PipelineDraft& draft_;
  const ComponentCatalog& components_;
  TaskGraph graph_;
  std::map<std::string, size_t> numbers_;
  std::vector<OpenInput> open_inputs_;
};

}  // namespace

Status WireInputs(PipelineDraft& draft, const ComponentCatalog& components) {
  PENSTOCK_RETURN_IF_ERROR(CheckNames(draft));
  return Wirer(draft, components).Run();
}

}  // namespace penstock::pipeline
