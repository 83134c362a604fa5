#include "penstock/model/lowering/transform_lowering.h"

#include <cmath>
#include <limits>

#include "penstock/model/lowering/analysis_lowering.h"
#include "penstock/model/lowering/value_lowering.h"

namespace penstock::model {
namespace {

using transform::Operator;
using transform::Program;
using transform::ValueType;

/// The nodes of a transform one after the other.
class TransformWriter {
 public:
  TransformWriter(const Program& program, TensorBuilder& builder)
      : program_(program), builder_(builder), values_(program.nodes.size()) {}

  Result<std::vector<OptionalTensor>> Features() {
    std::vector<int32_t> wanted;
    for (const Program::Output& feature : program_.features) wanted.push_back(feature.node);
    const std::vector<bool> needed = transform::NeededFor(program_, wanted);
    // Every column of the signature is an input, in its order.
    for (const transform::InputColumn& column : transform::ColumnsOf(program_, wanted)) {
      auto input = builder_.Input(column);
      for (size_t i = 0; i < program_.nodes.size() && !input.ok(); ++i) {
        const transform::Node& node = program_.nodes[i];
        if (needed[i] && node.op == Operator::kColumn && node.text == column.name)
          return Refusal(static_cast<int32_t>(i), input.status());
      }
      PENSTOCK_RETURN_IF_ERROR(input.status());
      if (!any_input_.exists()) any_input_ = input->value;
      inputs_.emplace_back(column.name, *std::move(input));
    }
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      if (!needed[i]) continue;
      const Status written = Write(static_cast<int32_t>(i));
      if (!written.ok()) return Refusal(static_cast<int32_t>(i), written);
    }
    std::vector<OptionalTensor> features;
    for (const Program::Output& feature : program_.features) {
      OptionalTensor at = values_[static_cast<size_t>(feature.node)];
      at.value = ARowEach(at.value);
      if (at.presence.exists()) at.presence = ARowEach(at.presence);
      features.push_back(std::move(at));
    }
    return features;
  }

 private:
  const transform::Node& NodeAt(int32_t index) const { return program_.nodes[static_cast<size_t>(index)]; }

  /// What is the same for all examples, once for each.
  Tensor ARowEach(const Tensor& x) {
    if (!x.is_constant || !any_input_.exists()) return x;
    return builder_.Where(builder_.Apply(TensorOp::kEqual, any_input_, any_input_), x, x);
  }

  Status Refusal(int32_t index, const Status& why) const {
    for (const Program::Output& feature : program_.features) {
      if (!transform::NeededFor(program_, {feature.node})[static_cast<size_t>(index)]) continue;
      return Unimplemented("Feature '{}' cannot be exported to {}: {} ({})", feature.name, builder_.format(),
                           why.message(), transform::NameOf(NodeAt(index).op));
    }
    return why;
  }

  Status Write(int32_t index) {
    const transform::Node& node = NodeAt(index);
    OptionalTensor& into = values_[static_cast<size_t>(index)];
    if (node.is_list) return Unimplemented("lists of values have no form there");
    if (node.op == Operator::kColumn) {
      for (const auto& [name, input] : inputs_) {
        if (name != node.text) continue;
        into = input;
        if (node.type == ValueType::kBoolean)
          into.value = builder_.Apply(TensorOp::kNot,
                                      builder_.Apply(TensorOp::kEqual, input.value, builder_.Number(0)));
        return OkStatus();
      }
      return Internal("The column '{}' is no input", node.text);
    }
    std::vector<OptionalTensor> inputs;
    std::vector<ValueType> types;
    for (const int32_t input : node.inputs) {
      inputs.push_back(values_[static_cast<size_t>(input)]);
      types.push_back(NodeAt(input).type);
    }
    if (transform::AppliesAnalysis(node.op)) {
      const auto& analysis = program_.analyses[static_cast<size_t>(node.analysis)];
      PENSTOCK_ASSIGN_OR_RETURN(
          into, LowerAnalyzed(node, analysis, inputs, types, program_.is_tft_compatible, builder_));
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(into, LowerValue(node, inputs, types, builder_));
    }
    if (node.is_narrow) Narrow(node, into.value);
    return OkStatus();
  }

  /// Rounded to float32, wrapped to int32.
  void Narrow(const transform::Node& node, Tensor& value) {
    if (node.type == ValueType::kNumber) {
      value = builder_.Cast(builder_.Cast(value, Element::kFloat), Element::kNumber);
    } else if (node.type == ValueType::kInteger) {
      const Tensor moved = builder_.Apply(TensorOp::kAdd, value, builder_.Number(0x1p31));
      const Tensor turns = builder_.Apply(
          TensorOp::kFloor, builder_.Apply(TensorOp::kMultiply, moved, builder_.Number(0x1p-32)));
      value = builder_.Apply(TensorOp::kSubtract, value,
                             builder_.Apply(TensorOp::kMultiply, turns, builder_.Number(0x1p32)));
    }
  }

  const Program& program_;
  TensorBuilder& builder_;
  std::vector<std::pair<std::string, OptionalTensor>> inputs_;
  Tensor any_input_;
  std::vector<OptionalTensor> values_;
};

/// Of a feature: a float, NaN where missing, within float's range.
Tensor MatrixColumn(const OptionalTensor& feature, TensorBuilder& builder) {
  if (feature.value.element == Element::kFloat) return feature.value;
  constexpr double kLargest = std::numeric_limits<float>::max();
  Tensor number = builder.Cast(feature.value, Element::kNumber);
  Tensor is_there = builder.Apply(TensorOp::kEqual, number, number);  // False for NaN.
  if (feature.presence.exists()) is_there = builder.Apply(TensorOp::kAnd, is_there, feature.presence);
  const Tensor largest = builder.Number(kLargest), least = builder.Number(-kLargest);
  number = builder.Where(builder.Apply(TensorOp::kGreater, number, largest), largest, number);
  number = builder.Where(builder.Apply(TensorOp::kLess, number, least), least, number);
  return builder.Where(is_there, builder.Cast(number, Element::kFloat),
                       builder.Float(std::numeric_limits<float>::quiet_NaN()));
}

}  // namespace

Result<std::vector<OptionalTensor>> LowerFeatures(const transform::TransformGraph& graph,
                                                  TensorBuilder& builder) {
  return TransformWriter(graph.program(), builder).Features();
}

Result<Tensor> LowerToMatrix(const transform::TransformGraph& graph, TensorBuilder& builder) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<OptionalTensor> features, LowerFeatures(graph, builder));
  std::vector<Tensor> columns;
  for (const OptionalTensor& feature : features) columns.push_back(MatrixColumn(feature, builder));
  return builder.Concatenate(columns);
}

}  // namespace penstock::model
