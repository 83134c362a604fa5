#include "penstock/transform/program.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "penstock/transform/operator_table.h"

namespace penstock::transform {
namespace {

/// Of the operators with rules here; operator_table.cc has the others.
constexpr size_t kNumNamedHere = static_cast<size_t>(Operator::kVocabulary) + 1;
constexpr std::array<std::string_view, kNumNamedHere> kOperatorNames = {
    "column",        "literal", "cast",      "add",       "subtract",  "multiply", "divide",
    "modulo",        "negate",  "absolute",  "minimum",   "maximum",   "power",    "less",
    "less_equal",    "equal",   "not_equal", "and",       "or",        "not",      "if",
    "log",           "log1p",   "exp",       "sqrt",      "floor",     "ceil",     "round",
    "is_missing",    "is_nan",  "coalesce",  "hash",      "one_hot",   "cross",    "impute_mean",
    "impute_median", "z_score", "min_max",   "bucketize", "vocabulary"};

bool IsNumeric(ValueType type) { return type == ValueType::kInteger || type == ValueType::kNumber; }
bool IsScalar(ValueType type) { return type != ValueType::kVector && type != ValueType::kAny; }

Status WrongInputs(const Node& node, const std::vector<ValueType>& inputs) {
  std::string types;
  for (const ValueType type : inputs) types += fmt::format("{}{}", types.empty() ? "" : ", ", NameOf(type));
  return InvalidArgument("{} cannot be applied to ({})", NameOf(node.op), types);
}

/// Number of inputs an operator takes; -1 for "at least two".
int ArityOf(Operator op) {
  switch (op) {
    case Operator::kColumn:
    case Operator::kLiteral:
      return 0;
    case Operator::kIf:
      return 3;
    case Operator::kCross:
      return -1;
    case Operator::kAdd:
    case Operator::kSubtract:
    case Operator::kMultiply:
    case Operator::kDivide:
    case Operator::kModulo:
    case Operator::kMinimum:
    case Operator::kMaximum:
    case Operator::kPower:
    case Operator::kLess:
    case Operator::kLessEqual:
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kAnd:
    case Operator::kOr:
    case Operator::kCoalesce:
      return 2;
    default:
      return 1;
  }
}

/// The result's type where all inputs must have type `wanted`.
Result<ValueType> All(const Node& node, const std::vector<ValueType>& inputs, ValueType wanted,
                      ValueType result) {
  for (const ValueType input : inputs) {
    if (input != wanted) return WrongInputs(node, inputs);
  }
  return result;
}

/// By a line of operator_table.cc.
Result<ValueType> ResultTypeOf(const OperatorTraits& traits, const Node& node,
                               const std::vector<ValueType>& inputs) {
  const size_t num_given = traits.inputs.size();
  const bool fits = traits.is_variadic ? inputs.size() >= num_given : inputs.size() == num_given;
  if (!fits) return WrongInputs(node, inputs);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ValueType wanted = traits.inputs[std::min(i, num_given - 1)];
    if (wanted != ValueType::kAny ? inputs[i] != wanted : !IsScalar(inputs[i]) || inputs[i] != inputs[0])
      return WrongInputs(node, inputs);
  }
  if (node.op == Operator::kFloorDivide && !IsNumeric(inputs[0])) return WrongInputs(node, inputs);
  PENSTOCK_RETURN_IF_ERROR(CheckParameters(node));
  return traits.result == ValueType::kAny ? inputs[0] : traits.result;
}

}  // namespace

std::string_view NameOf(Operator op) {
  const OperatorTraits* const traits = TraitsOf(op);
  return traits != nullptr ? traits->name : kOperatorNames[static_cast<size_t>(op)];
}

std::optional<Operator> OperatorOf(std::string_view name) {
  const auto* found = std::find(kOperatorNames.begin(), kOperatorNames.end(), name);
  if (found != kOperatorNames.end()) return static_cast<Operator>(found - kOperatorNames.begin());
  for (size_t i = kNumNamedHere; i < static_cast<size_t>(kNumOperators); ++i) {
    if (NameOf(static_cast<Operator>(i)) == name) return static_cast<Operator>(i);
  }
  return std::nullopt;
}

std::string_view NameOf(AnalysisKind kind) {
  constexpr std::array<std::string_view, kNumAnalysisKinds> kKindNames = {
      "moments",         "quantiles", "median", "vocabulary", "keyed_moments",
      "keyed_quantiles", "integers",  "counts", "covariance", "documents"};
  return kKindNames[static_cast<size_t>(kind)];
}

bool AppliesAnalysis(Operator op) {
  const OperatorTraits* const traits = TraitsOf(op);
  return traits != nullptr ? traits->analysis.has_value() : op >= Operator::kImputeMean;
}

bool Applies(Operator op, AnalysisKind kind) {
  switch (op) {
    case Operator::kImputeMean:
    case Operator::kZScore:
    case Operator::kMinMax:
      return kind == AnalysisKind::kMoments;
    case Operator::kImputeMedian:
      return kind == AnalysisKind::kMedian;
    case Operator::kBucketize:
      return kind == AnalysisKind::kQuantiles;
    case Operator::kVocabulary:
      return kind == AnalysisKind::kVocabulary;
    default: {
      const OperatorTraits* const traits = TraitsOf(op);
      return traits != nullptr && traits->analysis == kind;
    }
  }
}

std::vector<int32_t> Analysis::Inputs() const {
  std::vector<int32_t> inputs = {input};
  for (const int32_t further : {key, weight, label}) {
    if (further >= 0) inputs.push_back(further);
  }
  return inputs;
}

Result<ValueType> ResultType(const Node& node, const std::vector<ValueType>& inputs) {
  if (const OperatorTraits* const traits = TraitsOf(node.op)) return ResultTypeOf(*traits, node, inputs);
  const int arity = ArityOf(node.op);
  if (arity >= 0 ? inputs.size() != static_cast<size_t>(arity) : inputs.size() < 2)
    return WrongInputs(node, inputs);
  switch (node.op) {
    case Operator::kColumn:
    case Operator::kLiteral:
      return IsScalar(node.type) ? Result<ValueType>(node.type) : WrongInputs(node, inputs);
    case Operator::kCast:
      return IsScalar(node.type) && IsScalar(inputs[0]) ? Result<ValueType>(node.type)
                                                        : WrongInputs(node, inputs);
    case Operator::kAdd:
    case Operator::kSubtract:
    case Operator::kMultiply:
    case Operator::kModulo:
    case Operator::kNegate:
    case Operator::kAbsolute:
    case Operator::kMinimum:
    case Operator::kMaximum:
      return IsNumeric(inputs[0]) ? All(node, inputs, inputs[0], inputs[0]) : WrongInputs(node, inputs);
    case Operator::kLess:
    case Operator::kLessEqual:
    case Operator::kEqual:
    case Operator::kNotEqual:
      return IsScalar(inputs[0]) ? All(node, inputs, inputs[0], ValueType::kBoolean)
                                 : WrongInputs(node, inputs);
    case Operator::kAnd:
    case Operator::kOr:
    case Operator::kNot:
      return All(node, inputs, ValueType::kBoolean, ValueType::kBoolean);
    case Operator::kIf:
      if (inputs[0] != ValueType::kBoolean) return WrongInputs(node, inputs);
      return IsScalar(inputs[1]) && inputs[1] == inputs[2] ? Result<ValueType>(inputs[1])
                                                           : WrongInputs(node, inputs);
    case Operator::kCoalesce:
      return IsScalar(inputs[0]) ? All(node, inputs, inputs[0], inputs[0]) : WrongInputs(node, inputs);
    case Operator::kIsMissing:
      return IsScalar(inputs[0]) ? Result<ValueType>(ValueType::kBoolean) : WrongInputs(node, inputs);
    case Operator::kIsNan:
      return All(node, inputs, ValueType::kNumber, ValueType::kBoolean);
    case Operator::kFloor:
    case Operator::kCeil:
    case Operator::kRound:
    case Operator::kBucketize:
      return All(node, inputs, ValueType::kNumber, ValueType::kInteger);
    case Operator::kVocabulary:
      if (node.num_oov_buckets < 0 || node.num_oov_buckets > kMaxOovBuckets) break;
      return All(node, inputs, ValueType::kText, ValueType::kInteger);
    case Operator::kHash:
      if (node.integer < 1 || (!node.integers.empty() && node.integers.size() != 2)) break;
      return All(node, inputs, ValueType::kText, ValueType::kInteger);
    case Operator::kOneHot:
      if (node.integer < 1 || node.integer > kMaxOneHotDepth) break;
      if (!node.numbers.empty() && node.numbers.size() != 2) break;
      return All(node, inputs, ValueType::kInteger, ValueType::kVector);
    case Operator::kCross:
      return All(node, inputs, ValueType::kText, ValueType::kText);
    case Operator::kMinMax:
      if (!(std::isfinite(node.number) && std::isfinite(node.output_max) && node.number < node.output_max))
        break;
      return All(node, inputs, ValueType::kNumber, ValueType::kNumber);
    case Operator::kDivide:
    case Operator::kPower:
    case Operator::kLog:
    case Operator::kLog1p:
    case Operator::kExp:
    case Operator::kSqrt:
    case Operator::kImputeMean:
    case Operator::kImputeMedian:
    case Operator::kZScore:
      return All(node, inputs, ValueType::kNumber, ValueType::kNumber);
    default:
      break;
  }
  return InvalidArgument("{} has a parameter out of range", NameOf(node.op));
}

std::vector<int> StagesOf(const Program& program) {
  std::vector<int> node_stages(program.nodes.size(), 0);
  std::vector<int> stages(program.analyses.size(), 0);
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    for (const int32_t input : node.inputs) {
      node_stages[i] = std::max(node_stages[i], node_stages[static_cast<size_t>(input)]);
    }
    if (node.analysis < 0) continue;
    // An analysis asks about nodes before all those that apply it.
    int& stage = stages[static_cast<size_t>(node.analysis)];
    stage = 1;
    for (const int32_t input : program.analyses[static_cast<size_t>(node.analysis)].Inputs())
      stage = std::max(stage, 1 + node_stages[static_cast<size_t>(input)]);
    node_stages[i] = std::max(node_stages[i], stage);
  }
  return stages;
}

std::vector<bool> NeededFor(const Program& program, const std::vector<int32_t>& wanted) {
  std::vector<bool> needed(program.nodes.size(), false);
  for (const int32_t node : wanted) needed[static_cast<size_t>(node)] = true;
  for (size_t i = program.nodes.size(); i-- > 0;) {
    if (!needed[i]) continue;
    for (const int32_t input : program.nodes[i].inputs) needed[static_cast<size_t>(input)] = true;
  }
  return needed;
}

std::vector<InputColumn> ColumnsOf(const Program& program, const std::vector<int32_t>& wanted) {
  const std::vector<bool> needed = NeededFor(program, wanted);
  std::map<std::string, InputColumn> columns;
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    if (needed[i] && node.op == Operator::kColumn)
      columns.emplace(node.text, InputColumn{node.text, node.type, node.is_list});
  }
  std::vector<InputColumn> sorted;
  for (const auto& [name, column] : columns) sorted.push_back(column);
  return sorted;
}

const Analysis* LabelVocabulary(const Program& program) {
  const bool has_classes =
      program.task == Task::kMulticlassClassification || program.task == Task::kMultilabelClassification;
  if (!has_classes || program.label < 0 || !program.class_names.empty()) return nullptr;
  const Node* node = &program.nodes[static_cast<size_t>(program.label)];
  if (node->op == Operator::kCast) node = &program.nodes[static_cast<size_t>(node->inputs[0])];
  return node->op == Operator::kVocabulary ? &program.analyses[static_cast<size_t>(node->analysis)] : nullptr;
}

FeatureSchema SchemaOf(const Program& program, const Program::Output& output) {
  const Node& node = program.nodes[static_cast<size_t>(output.node)];
  FeatureSchema schema{.name = output.name, .type = node.type};
  schema.is_list = node.is_list;
  switch (node.op) {
    case Operator::kHash:
      schema.kind = FeatureKind::kCategorical;
      schema.num_buckets = node.integer;
      break;
    case Operator::kBucketize:
      schema.kind = FeatureKind::kCategorical;
      schema.is_ordered = true;
      schema.num_buckets = program.analyses[static_cast<size_t>(node.analysis)].num_buckets;
      break;
    case Operator::kVocabulary: {
      schema.kind = FeatureKind::kCategorical;
      const auto& result = program.analyses[static_cast<size_t>(node.analysis)].result;
      if (const auto* vocabulary = std::get_if<VocabularyResult>(&result)) {
        schema.num_buckets = (*vocabulary)->size() + node.num_oov_buckets;
      }
      break;
    }
    case Operator::kBucketizePerKey:
      schema.kind = FeatureKind::kCategorical;
      schema.is_ordered = true;
      schema.num_buckets = program.analyses[static_cast<size_t>(node.analysis)].num_buckets;
      break;
    case Operator::kApplyBuckets:
      schema.kind = FeatureKind::kCategorical;
      schema.is_ordered = true;
      schema.num_buckets = static_cast<int64_t>(node.numbers.size()) + 1;
      break;
    case Operator::kOneHot:
      schema.kind = FeatureKind::kVector;
      schema.width = node.integer;
      break;
    default:
      break;
  }
  return schema;
}

}  // namespace penstock::transform
