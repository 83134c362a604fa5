#include <algorithm>
#include <cmath>
#include <functional>
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
  std::vector<bool> lists;
  for (const int32_t input : node.inputs) {
    if (input < 0 || static_cast<size_t>(input) >= index)
      return Internal("Node {} uses a later one: {}", index, input);
    types.push_back(program.nodes[static_cast<size_t>(input)].type);
    lists.push_back(program.nodes[static_cast<size_t>(input)].is_list);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const ValueType type, ResultType(node, types));
  if (type != node.type) {
    return Internal("Node {} ({}) should be {}, not {}", index, NameOf(node.op), NameOf(type),
                    NameOf(node.type));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_list, ResultIsList(node, lists));
  if (is_list != node.is_list) return Internal("Node {} ({}) has another shape", index, NameOf(node.op));
  if (node.op == Operator::kColumn && node.text.empty())
    return Internal("Node {} reads a column without a name", index);
  if (!AppliesAnalysis(node.op))
    return node.analysis == -1 ? OkStatus() : Internal("Node {} has an analysis it cannot use", index);
  if (!IsIndexOf(program.analyses, node.analysis)) return Internal("Node {} lacks its analysis", index);
  const Analysis& analysis = program.analyses[static_cast<size_t>(node.analysis)];
  if (!Applies(node.op, analysis.kind)) return Internal("Node {} has an analysis of another kind", index);
  // It may be of other nodes than those it is applied to, which come before all the same.
  for (const int32_t input : analysis.Inputs()) {
    if (input < 0 || static_cast<size_t>(input) >= index)
      return Internal("Node {} applies an analysis of a later one: {}", index, input);
  }
  return OkStatus();
}

Status CheckMoments(const MomentsResult& moments) {
  // Extremes may be of no values (infinite the wrong way round) or NaN under compat: tft.
  const bool is_possible = moments.num_values >= 0 && moments.num_present >= 0 && moments.variance >= 0 &&
                           !std::isnan(moments.mean) && std::isfinite(moments.tukey_location) &&
                           std::isfinite(moments.tukey_scale) && moments.tukey_left >= 0 &&
                           moments.tukey_left < 1 && moments.tukey_right >= 0 && moments.tukey_right < 1;
  return is_possible ? OkStatus() : Internal("An analysis has impossible moments");
}

Status CheckQuantiles(const QuantilesResult& quantiles, int64_t num_buckets) {
  const std::vector<double>& boundaries = quantiles.boundaries;
  const auto size = static_cast<int64_t>(boundaries.size());
  if (size != 0 && size != num_buckets - 1) return Internal("An analysis has {} boundaries", size);
  const auto is_nan = [](double boundary) { return std::isnan(boundary); };
  if (std::any_of(boundaries.begin(), boundaries.end(), is_nan) ||
      !std::is_sorted(boundaries.begin(), boundaries.end())) {
    return Internal("An analysis has boundaries that do not rise");
  }
  return OkStatus();
}

/// `check(value)` for each value; keys must rise.
template <class Value, class Check>
Status CheckKeyed(const AnalysisResult& result, Check&& check) {
  const auto* keyed = std::get_if<KeyedResult<Value>>(&result);
  if (keyed == nullptr || keyed->keys.size() != keyed->values.size() ||
      std::adjacent_find(keyed->keys.begin(), keyed->keys.end(), std::greater_equal<>()) !=
          keyed->keys.end()) {
    return Internal("An analysis has keys that do not rise");
  }
  for (const Value& value : keyed->values) PENSTOCK_RETURN_IF_ERROR(check(value));
  return OkStatus();
}

Status CheckVocabulary(const AnalysisResult& result) {
  const auto* vocabulary = std::get_if<VocabularyResult>(&result);
  if (vocabulary == nullptr || *vocabulary == nullptr) return Internal("An analysis has no vocabulary");
  const auto num_scores = static_cast<int64_t>((*vocabulary)->scores().size());
  if (num_scores != 0 && num_scores != (*vocabulary)->size())
    return Internal("A vocabulary of {} tokens has {} scores", (*vocabulary)->size(), num_scores);
  for (int64_t id = 0; id < (*vocabulary)->size(); ++id) {
    if ((*vocabulary)->Find((*vocabulary)->token(id)) != id)
      return Internal("A vocabulary has a token twice");
  }
  return OkStatus();
}

Status CheckMatrices(const AnalysisResult& result) {
  const auto* covariance = std::get_if<CovarianceResult>(&result);
  if (covariance == nullptr || covariance->dimension < 0 || covariance->dimension > kMaxDimension)
    return Internal("An analysis has no covariance");
  const auto size = static_cast<size_t>(covariance->dimension * covariance->dimension);
  if (covariance->covariance.size() != size || covariance->components.size() != size)
    return Internal("An analysis has a covariance of another size");
  return OkStatus();
}

Status CheckDocuments(const AnalysisResult& result) {
  const auto* documents = std::get_if<DocumentsResult>(&result);
  const bool is_possible = documents != nullptr && documents->num_documents >= 0 &&
                           documents->terms.size() == documents->counts.size() &&
                           std::is_sorted(documents->terms.begin(), documents->terms.end());
  return is_possible ? OkStatus() : Internal("An analysis has impossible counts of documents");
}

Status CheckResult(const Analysis& analysis) {
  const auto holds = [&](bool is_right) {
    return is_right ? OkStatus() : Internal("An analysis of {} has no answer", NameOf(analysis.kind));
  };
  switch (analysis.kind) {
    case AnalysisKind::kMoments: {
      const auto* moments = std::get_if<MomentsResult>(&analysis.result);
      return moments == nullptr ? holds(false) : CheckMoments(*moments);
    }
    case AnalysisKind::kKeyedMoments:
      return CheckKeyed<MomentsResult>(analysis.result, CheckMoments);
    case AnalysisKind::kQuantiles: {
      const auto* quantiles = std::get_if<QuantilesResult>(&analysis.result);
      return quantiles == nullptr ? holds(false) : CheckQuantiles(*quantiles, analysis.num_buckets);
    }
    case AnalysisKind::kKeyedQuantiles:
      return CheckKeyed<QuantilesResult>(analysis.result, [&](const QuantilesResult& quantiles) {
        return CheckQuantiles(quantiles, analysis.num_buckets);
      });
    case AnalysisKind::kMedian:
      return holds(std::holds_alternative<MedianResult>(analysis.result));
    case AnalysisKind::kIntegers:
      return holds(std::holds_alternative<IntegersResult>(analysis.result));
    case AnalysisKind::kVocabulary:
      return CheckVocabulary(analysis.result);
    case AnalysisKind::kCounts:
      return CheckKeyed<int64_t>(analysis.result, [](int64_t) { return OkStatus(); });
    case AnalysisKind::kCovariance:
      return CheckMatrices(analysis.result);
    case AnalysisKind::kDocuments:
      return CheckDocuments(analysis.result);
  }
  return Internal("An analysis is of no known kind");
}

ValueType InputTypeOf(AnalysisKind kind) {
  switch (kind) {
    case AnalysisKind::kVocabulary:
    case AnalysisKind::kCounts:
      return ValueType::kText;
    case AnalysisKind::kIntegers:
    case AnalysisKind::kDocuments:
      return ValueType::kInteger;
    default:
      return ValueType::kNumber;
  }
}

Status CheckAnalysis(const Program& program, const Analysis& analysis, bool is_resolved) {
  for (const int32_t input : analysis.Inputs()) {
    if (!IsIndexOf(program.nodes, input)) return Internal("An analysis asks about node {}", input);
  }
  const auto has_type = [&](int32_t node, ValueType type) {
    return program.nodes[static_cast<size_t>(node)].type == type;
  };
  const AnalysisKind kind = analysis.kind;
  const bool is_keyed = kind == AnalysisKind::kKeyedMoments || kind == AnalysisKind::kKeyedQuantiles;
  const bool is_vocabulary = kind == AnalysisKind::kVocabulary;
  const bool takes_weight =
      is_vocabulary || kind == AnalysisKind::kQuantiles || kind == AnalysisKind::kKeyedQuantiles;
  if (!has_type(analysis.input, InputTypeOf(kind)))
    return Internal("An analysis of {} asks about a node of another type", NameOf(kind));
  if (is_keyed != (analysis.key >= 0) || (is_keyed && !has_type(analysis.key, ValueType::kText)))
    return Internal("An analysis of {} has a wrong key", NameOf(kind));
  if (analysis.weight >= 0 && (!takes_weight || !has_type(analysis.weight, ValueType::kNumber)))
    return Internal("An analysis of {} has a wrong weight", NameOf(kind));
  if (analysis.label >= 0 && (!is_vocabulary || !has_type(analysis.label, ValueType::kInteger)))
    return Internal("An analysis of {} has a wrong label", NameOf(kind));
  const bool is_quantiles = kind == AnalysisKind::kQuantiles || kind == AnalysisKind::kKeyedQuantiles;
  if (is_quantiles && (analysis.num_buckets < 2 || analysis.num_buckets > kMaxQuantileBuckets))
    return Internal("An analysis has {} buckets", analysis.num_buckets);
  return is_resolved ? CheckResult(analysis) : OkStatus();
}

bool IsNode(const Program& program, int32_t index, ValueType type, bool is_list) {
  if (!IsIndexOf(program.nodes, index)) return false;
  const Node& node = program.nodes[static_cast<size_t>(index)];
  return node.type == type && node.is_list == is_list;
}

/// What tells classes apart: ids of a vocabulary, or a condition for each.
Status CheckClasses(const Program& program, bool is_resolved) {
  const bool is_multilabel = program.task == Task::kMultilabelClassification;
  if (!program.class_names.empty()) {
    const auto num_classes = static_cast<int64_t>(program.class_names.size());
    if (!is_multilabel || num_classes > kMaxClasses ||
        !IsNode(program, program.label, ValueType::kNumber, true))
      return Internal("The names of classes do not fit the label");
    return OkStatus();
  }
  const Analysis* vocabulary = LabelVocabulary(program);
  if (vocabulary == nullptr) return Internal("The label has no classes");
  if (!is_resolved) return OkStatus();
  const int64_t num_classes = std::get<VocabularyResult>(vocabulary->result)->size();
  if (num_classes > kMaxClasses)
    return InvalidArgument("The label has {} classes; at most {} can be told apart", num_classes,
                           kMaxClasses);
  return OkStatus();
}

Status CheckLabel(const Program& program, bool is_resolved) {
  if ((program.label == -1) != (program.task == Task::kNone)) return Internal("Label and task do not fit");
  if (program.weight != -1 && !IsNode(program, program.weight, ValueType::kNumber, false))
    return Internal("The weight is not a number");
  if ((program.query != -1) != (program.task == Task::kRanking)) return Internal("Query and task do not fit");
  if (program.query != -1 && !IsNode(program, program.query, ValueType::kInteger, false) &&
      !IsNode(program, program.query, ValueType::kText, false))
    return Internal("The query is neither an integer nor text");
  if (program.label == -1) return OkStatus();
  if (program.task == Task::kMultilabelClassification) {
    if (!IsNode(program, program.label, ValueType::kNumber, true) &&
        !IsNode(program, program.label, ValueType::kInteger, true))
      return Internal("The label is no list of classes");
    return CheckClasses(program, is_resolved);
  }
  if (!IsNode(program, program.label, ValueType::kNumber, false))
    return Internal("The label is not a number");
  if (program.task == Task::kMulticlassClassification) return CheckClasses(program, is_resolved);
  return program.class_names.empty() ? OkStatus() : Internal("The names of classes do not fit the label");
}

Status CheckOutputs(const Program& program, bool is_resolved) {
  std::unordered_set<std::string> names;
  for (const Program::Output& output : program.features) {
    if (!IsIndexOf(program.nodes, output.node)) return Internal("Feature '{}' has no node", output.name);
    const Node& node = program.nodes[static_cast<size_t>(output.node)];
    if ((node.type == ValueType::kText || node.is_list) && !program.allows_any_output) {
      return Internal("Feature '{}' is text or a list", output.name);
    }
    if (output.name.empty() || output.name == kLabelColumn || output.name == kWeightColumn ||
        output.name == kQueryColumn) {
      return Internal("A feature has no usable name: '{}'", output.name);
    }
    if (!names.insert(output.name).second) return Internal("Feature '{}' is there twice", output.name);
  }
  for (const Program::Output& summary : program.summaries) {
    if (!IsIndexOf(program.nodes, summary.node)) return Internal("Summary '{}' has no node", summary.name);
  }
  return CheckLabel(program, is_resolved);
}

}  // namespace

Status CheckProgram(const Program& program, bool is_resolved) {
  if (static_cast<int64_t>(program.nodes.size()) > kMaxNodes)
    return Internal("There are {} nodes", program.nodes.size());
  for (size_t i = 0; i < program.nodes.size(); ++i) PENSTOCK_RETURN_IF_ERROR(CheckNode(program, i));
  for (const Analysis& analysis : program.analyses) {
    PENSTOCK_RETURN_IF_ERROR(CheckAnalysis(program, analysis, is_resolved));
  }
  return CheckOutputs(program, is_resolved);
}

}  // namespace penstock::transform
