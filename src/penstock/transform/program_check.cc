#include <cmath>
#include <unordered_set>

#include "penstock/transform/program.h"

namespace penstock::transform {
namespace {

template <class Container>
bool IsIndexOf(const Container& container, int64_t index) {
  return index >= 0 && index < static_cast<int64_t>(container.size());
}

Status CheckNode(const Program& program, size_t index) {
  const Node& node = program.nodes[index];
  std::vector<ValueType> types;
  for (const int32_t input : node.inputs) {
    if (input < 0 || static_cast<size_t>(input) >= index)
      return Internal("Node {} uses a later one: {}", index, input);
    types.push_back(program.nodes[static_cast<size_t>(input)].type);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const ValueType type, ResultType(node, types));
  if (type != node.type) {
    return Internal("Node {} ({}) should be {}, not {}", index, NameOf(node.op), NameOf(type),
                    NameOf(node.type));
  }
  if (node.op == Operator::kColumn && node.text.empty())
    return Internal("Node {} reads a column without a name", index);
  const std::optional<AnalysisKind> kind = AnalysisOf(node.op);
  if (!kind.has_value())
    return node.analysis == -1 ? OkStatus() : Internal("Node {} has an analysis it cannot use", index);
  if (!IsIndexOf(program.analyses, node.analysis)) return Internal("Node {} lacks its analysis", index);
  const Analysis& analysis = program.analyses[static_cast<size_t>(node.analysis)];
  if (analysis.kind != *kind) return Internal("Node {} has an analysis of another kind", index);
  if (analysis.input != node.inputs[0])
    return Internal("Node {} applies an analysis of something else", index);
  return OkStatus();
}

Status CheckResult(const Analysis& analysis) {
  switch (analysis.kind) {
    case AnalysisKind::kMoments: {
      const auto* moments = std::get_if<MomentsResult>(&analysis.result);
      if (moments == nullptr || moments->num_values < 0 || !(moments->variance >= 0) ||
          std::isnan(moments->mean) || !(moments->minimum <= moments->maximum)) {
        return Internal("An analysis has impossible moments");
      }
      return OkStatus();
    }
    case AnalysisKind::kQuantiles: {
      const auto* quantiles = std::get_if<QuantilesResult>(&analysis.result);
      const int64_t size = quantiles == nullptr ? -1 : static_cast<int64_t>(quantiles->boundaries.size());
      if (size != 0 && size != analysis.num_buckets - 1)
        return Internal("An analysis has {} boundaries", size);
      for (int64_t i = 0; i < size; ++i) {
        const double boundary = quantiles->boundaries[static_cast<size_t>(i)];
        if (std::isnan(boundary) || (i > 0 && boundary < quantiles->boundaries[static_cast<size_t>(i - 1)])) {
          return Internal("An analysis has boundaries that do not rise");
        }
      }
      return OkStatus();
    }
    case AnalysisKind::kMedian:
      return std::holds_alternative<MedianResult>(analysis.result) ? OkStatus()
                                                                   : Internal("An analysis has no median");
    case AnalysisKind::kVocabulary: {
      const auto* vocabulary = std::get_if<VocabularyResult>(&analysis.result);
      if (vocabulary == nullptr || *vocabulary == nullptr) return Internal("An analysis has no vocabulary");
      for (int64_t id = 0; id < (*vocabulary)->size(); ++id) {
        if ((*vocabulary)->Find((*vocabulary)->token(id)) != id)
          return Internal("A vocabulary has a token twice");
      }
      return OkStatus();
    }
  }
  return Internal("An analysis is of no known kind");
}

Status CheckAnalysis(const Program& program, const Analysis& analysis, bool is_resolved) {
  if (!IsIndexOf(program.nodes, analysis.input))
    return Internal("An analysis asks about node {}", analysis.input);
  const ValueType wanted = analysis.kind == AnalysisKind::kVocabulary ? ValueType::kText : ValueType::kNumber;
  if (program.nodes[static_cast<size_t>(analysis.input)].type != wanted) {
    return Internal("An analysis of {} asks about a node of another type", NameOf(analysis.kind));
  }
  const bool is_quantiles = analysis.kind == AnalysisKind::kQuantiles;
  if (is_quantiles && (analysis.num_buckets < 2 || analysis.num_buckets > kMaxQuantileBuckets)) {
    return Internal("An analysis has {} buckets", analysis.num_buckets);
  }
  return is_resolved ? CheckResult(analysis) : OkStatus();
}

Status CheckOutputs(const Program& program) {
  std::unordered_set<std::string> names;
  for (const Program::Output& output : program.features) {
    if (!IsIndexOf(program.nodes, output.node)) return Internal("Feature '{}' has no node", output.name);
    if (program.nodes[static_cast<size_t>(output.node)].type == ValueType::kText) {
      return Internal("Feature '{}' is text", output.name);
    }
    if (output.name.empty() || output.name == kLabelColumn || output.name == kWeightColumn) {
      return Internal("A feature has no usable name: '{}'", output.name);
    }
    if (!names.insert(output.name).second) return Internal("Feature '{}' is there twice", output.name);
  }
  for (const int32_t node : {program.label, program.weight}) {
    if (node == -1) continue;
    if (!IsIndexOf(program.nodes, node) ||
        program.nodes[static_cast<size_t>(node)].type != ValueType::kNumber) {
      return Internal("The label or weight is not a number");
    }
  }
  if ((program.label == -1) != (program.task == Task::kNone)) return Internal("Label and task do not fit");
  return OkStatus();
}

}  // namespace

Status CheckProgram(const Program& program, bool is_resolved) {
  if (static_cast<int64_t>(program.nodes.size()) > kMaxNodes)
    return Internal("There are {} nodes", program.nodes.size());
  for (size_t i = 0; i < program.nodes.size(); ++i) PENSTOCK_RETURN_IF_ERROR(CheckNode(program, i));
  for (const Analysis& analysis : program.analyses) {
    PENSTOCK_RETURN_IF_ERROR(CheckAnalysis(program, analysis, is_resolved));
  }
  return CheckOutputs(program);
}

}  // namespace penstock::transform
