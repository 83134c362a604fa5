#include "penstock/transform/program.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace penstock::transform {
namespace {

constexpr std::array<std::string_view, kNumOperators> kOperatorNames = {
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

}  // namespace

std::string_view NameOf(Operator op) { return kOperatorNames[static_cast<size_t>(op)]; }

std::optional<Operator> OperatorOf(std::string_view name) {
  const auto* found = std::find(kOperatorNames.begin(), kOperatorNames.end(), name);
  if (found == kOperatorNames.end()) return std::nullopt;
  return static_cast<Operator>(found - kOperatorNames.begin());
}

std::string_view NameOf(AnalysisKind kind) {
  constexpr std::array<std::string_view, 4> kKindNames = {"moments", "quantiles", "median", "vocabulary"};
  return kKindNames[static_cast<size_t>(kind)];
}

std::optional<AnalysisKind> AnalysisOf(Operator op) {
  switch (op) {
    case Operator::kImputeMean:
    case Operator::kZScore:
    case Operator::kMinMax:
      return AnalysisKind::kMoments;
    case Operator::kImputeMedian:
      return AnalysisKind::kMedian;
    case Operator::kBucketize:
      return AnalysisKind::kQuantiles;
    case Operator::kVocabulary:
      return AnalysisKind::kVocabulary;
    default:
      return std::nullopt;
  }
}

Result<ValueType> ResultType(const Node& node, const std::vector<ValueType>& inputs) {
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
      if (node.integer < 1) break;
      return All(node, inputs, ValueType::kText, ValueType::kInteger);
    case Operator::kOneHot:
      if (node.integer < 1 || node.integer > kMaxOneHotDepth) break;
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
    // An analysis asks about a node before all those that apply it.
    int& stage = stages[static_cast<size_t>(node.analysis)];
    stage = 1 + node_stages[static_cast<size_t>(program.analyses[static_cast<size_t>(node.analysis)].input)];
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
  std::map<std::string, ValueType> columns;
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    if (needed[i] && node.op == Operator::kColumn) columns.emplace(node.text, node.type);
  }
  std::vector<InputColumn> sorted;
  for (const auto& [name, type] : columns) sorted.push_back({name, type});
  return sorted;
}

FeatureSchema SchemaOf(const Program& program, const Program::Output& output) {
  const Node& node = program.nodes[static_cast<size_t>(output.node)];
  FeatureSchema schema{.name = output.name, .type = node.type};
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
