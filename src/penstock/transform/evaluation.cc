#include "penstock/transform/evaluation.h"

#include "penstock/base/near_miss.h"
#include "penstock/transform/kernels.h"

namespace penstock::transform {
namespace {

Result<Column> ReadInput(const Node& node, const data::Batch& batch) {
  const std::vector<int> places = batch->schema()->GetAllFieldIndices(node.text);
  if (places.size() == 1 && node.is_list)
    return ReadListColumn(batch->column(places[0]), node.type, node.text);
  if (places.size() == 1) return ReadColumn(batch->column(places[0]), node.type, node.text);
  if (places.size() > 1) return InvalidArgument("The data has two columns named '{}'", node.text);
  const std::vector<std::string> names = batch->schema()->field_names();
  return InvalidArgument("The data has no column '{}', which the transform reads{}", node.text,
                         DidYouMean(node.text, names));
}

/// The family of functions that computes what operator_table.cc describes.
Result<Column> ComputeFromTable(const Node& node, Inputs inputs, int64_t num_rows, bool is_tft) {
  if (node.op == Operator::kNumbers) return ComputeNumbers(node, num_rows);
  if (node.op == Operator::kMatrixMultiply) return ComputeMatrixMultiply(inputs);
  if (node.op >= Operator::kSplit) return ComputeLists(node, inputs);
  if (node.op >= Operator::kTimePart) return ComputeTime(node, inputs);
  if (node.op >= Operator::kLower) return ComputeText(node, inputs, is_tft);
  if (node.op == Operator::kInterpolate || node.op == Operator::kApplyBuckets)
    return ComputeBoundaries(node, inputs);
  return ComputeArithmetic(node, inputs);
}

Result<Column> ComputeWide(const Program& program, const Node& node, const data::Batch& batch,
                           Inputs inputs) {
  const bool is_tft = program.is_tft_compatible;
  if (node.analysis >= 0)
    return ComputeAnalyzed(node, program.analyses[static_cast<size_t>(node.analysis)], inputs, is_tft);
  if (node.op >= Operator::kSigmoid) return ComputeFromTable(node, inputs, batch->num_rows(), is_tft);
  switch (node.op) {
    case Operator::kColumn:
      return ReadInput(node, batch);
    case Operator::kLiteral:
      return ComputeLiteral(node, batch->num_rows());
    case Operator::kCast:
      return ComputeCast(node, inputs);
    case Operator::kHash:
    case Operator::kCross:
    case Operator::kOneHot:
      return ComputeTokens(node, inputs);
    case Operator::kLess:
    case Operator::kLessEqual:
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kAnd:
    case Operator::kOr:
    case Operator::kNot:
    case Operator::kIf:
    case Operator::kIsMissing:
    case Operator::kCoalesce:
      return ComputeLogic(node, inputs);
    default:
      return ComputeArithmetic(node, inputs);
  }
}

Result<Column> Compute(const Program& program, const Node& node, const data::Batch& batch, Inputs inputs) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, ComputeWide(program, node, batch, inputs));
  return node.is_narrow ? Narrow(std::move(column)) : Result<Column>(std::move(column));
}

/// Value by value over lists: single values are repeated for each of their example's list.
Result<Column> ComputeOverLists(const Program& program, const Node& node, const data::Batch& batch,
                                Inputs inputs) {
  PENSTOCK_ASSIGN_OR_RETURN(const Column lists, LongestLists(inputs));
  std::vector<Column> flat;
  for (const Column* input : inputs) {
    PENSTOCK_ASSIGN_OR_RETURN(Column values, SpreadOverLists(*input, lists, NameOf(node.op)));
    flat.push_back(std::move(values));
  }
  std::vector<const Column*> pointers;
  for (const Column& column : flat) pointers.push_back(&column);
  PENSTOCK_ASSIGN_OR_RETURN(Column result, Compute(program, node, batch, pointers));
  result.SetOffsets(lists.offsets_buffer(), lists.num_rows());
  return result;
}

}  // namespace

EvaluationOrder::EvaluationOrder(const Program& program, std::vector<int32_t> wanted)
    : wanted_(std::move(wanted)), num_uses_(program.nodes.size(), 0) {
  const std::vector<bool> needed = NeededFor(program, wanted_);
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    if (!needed[i]) continue;
    order_.push_back(static_cast<int32_t>(i));
    for (const int32_t input : program.nodes[i].inputs) ++num_uses_[static_cast<size_t>(input)];
  }
  for (const int32_t node : wanted_) ++num_uses_[static_cast<size_t>(node)];
}

Result<std::vector<Column>> EvaluationOrder::Evaluate(const Program& program,
                                                      const data::Batch& batch) const {
  std::vector<Column> columns(program.nodes.size());
  std::vector<int32_t> num_uses = num_uses_;
  std::vector<const Column*> inputs;
  for (const int32_t index : order_) {
    const Node& node = program.nodes[static_cast<size_t>(index)];
    inputs.clear();
    for (const int32_t input : node.inputs) inputs.push_back(&columns[static_cast<size_t>(input)]);
    const bool is_over_lists = node.is_list && !inputs.empty() && IsElementwise(node.op);
    PENSTOCK_ASSIGN_OR_RETURN(columns[static_cast<size_t>(index)],
                              is_over_lists ? ComputeOverLists(program, node, batch, inputs)
                                            : Compute(program, node, batch, inputs));
    for (const int32_t input : node.inputs) {
      if (--num_uses[static_cast<size_t>(input)] == 0) columns[static_cast<size_t>(input)] = Column();
    }
  }
  std::vector<Column> results;
  for (const int32_t node : wanted_) results.push_back(columns[static_cast<size_t>(node)]);
  return results;
}

}  // namespace penstock::transform
