#include "penstock/transform/evaluation.h"

#include "penstock/base/near_miss.h"
#include "penstock/transform/kernels.h"

namespace penstock::transform {
namespace {

Result<Column> ReadInput(const Node& node, const data::Batch& batch) {
  const std::vector<int> places = batch->schema()->GetAllFieldIndices(node.text);
  if (places.size() == 1) return ReadColumn(batch->column(places[0]), node.type, node.text);
  if (places.size() > 1) return InvalidArgument("The data has two columns named '{}'", node.text);
  const std::vector<std::string> names = batch->schema()->field_names();
  return InvalidArgument("The data has no column '{}', which the transform reads{}", node.text,
                         DidYouMean(node.text, names));
}

Result<Column> Compute(const Program& program, const Node& node, const data::Batch& batch, Inputs inputs) {
  if (node.analysis >= 0)
    return ComputeAnalyzed(node, program.analyses[static_cast<size_t>(node.analysis)], inputs);
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
    PENSTOCK_ASSIGN_OR_RETURN(columns[static_cast<size_t>(index)], Compute(program, node, batch, inputs));
    for (const int32_t input : node.inputs) {
      if (--num_uses[static_cast<size_t>(input)] == 0) columns[static_cast<size_t>(input)] = Column();
    }
  }
  std::vector<Column> results;
  for (const int32_t node : wanted_) results.push_back(columns[static_cast<size_t>(node)]);
  return results;
}

}  // namespace penstock::transform
