#include "penstock/model/saved_model/graph_builder.h"

#include <algorithm>

#include "penstock/base/proto_io.h"

namespace penstock::model::saved_model {

using tensorflow::DataType;
using tensorflow::NodeDef;
using tensorflow::TensorProto;

namespace {

std::string_view NameOf(TensorOp op) {
  switch (op) {
    case TensorOp::kNot:
      return "LogicalNot";
    case TensorOp::kNegate:
      return "Neg";
    case TensorOp::kAbsolute:
      return "Abs";
    case TensorOp::kLog:
      return "Log";
    case TensorOp::kLog1p:
      return "Log1p";
    case TensorOp::kExp:
      return "Exp";
    case TensorOp::kExpm1:
      return "Expm1";
    case TensorOp::kSqrt:
      return "Sqrt";
    case TensorOp::kFloor:
      return "Floor";
    case TensorOp::kCeil:
      return "Ceil";
    case TensorOp::kRound:
      return "Round";
    case TensorOp::kSign:
      return "Sign";
    case TensorOp::kSin:
      return "Sin";
    case TensorOp::kCos:
      return "Cos";
    case TensorOp::kTan:
      return "Tan";
    case TensorOp::kErf:
      return "Erf";
    case TensorOp::kSigmoid:
      return "Sigmoid";
    case TensorOp::kTanh:
      return "Tanh";
    case TensorOp::kRelu:
      return "Relu";
    case TensorOp::kAdd:
      return "AddV2";
    case TensorOp::kSubtract:
      return "Sub";
    case TensorOp::kMultiply:
      return "Mul";
    case TensorOp::kDivide:
      return "RealDiv";
    case TensorOp::kPower:
      return "Pow";
    case TensorOp::kLess:
      return "Less";
    case TensorOp::kLessOrEqual:
      return "LessEqual";
    case TensorOp::kGreater:
      return "Greater";
    case TensorOp::kGreaterOrEqual:
      return "GreaterEqual";
    case TensorOp::kEqual:
      return "Equal";
    case TensorOp::kAnd:
      return "LogicalAnd";
    case TensorOp::kOr:
      return "LogicalOr";
    case TensorOp::kExclusiveOr:
      return "BitwiseXor";
    case TensorOp::kShiftRight:
      return "RightShift";
    case TensorOp::kModulo:
      break;
  }
  return "FloorMod";
}

bool IsPredicate(TensorOp op) { return op >= TensorOp::kLess && op <= TensorOp::kOr; }
bool IsOfBooleans(TensorOp op) { return op == TensorOp::kNot || op == TensorOp::kAnd || op == TensorOp::kOr; }

TensorProto ConstantOf(DataType type, const std::vector<int64_t>& dims) {
  TensorProto value;
  value.set_dtype(type);
  value.mutable_tensor_shape();
  for (const int64_t dim : dims) value.mutable_tensor_shape()->add_dim()->set_size(dim);
  return value;
}

template <class T>
TensorProto Packed(DataType type, const std::vector<int64_t>& dims, const std::vector<T>& values) {
  TensorProto value = ConstantOf(type, dims);
  value.set_tensor_content(values.data(), values.size() * sizeof(T));
  return value;
}

int64_t Count(size_t size) { return static_cast<int64_t>(size); }

}  // namespace

DataType GraphBuilder::TypeOf(Element element) {
  switch (element) {
    case Element::kBoolean:
      return tensorflow::DT_BOOL;
    case Element::kText:
      return tensorflow::DT_STRING;
    case Element::kNumber:
      return tensorflow::DT_DOUBLE;
    case Element::kFloat:
      return tensorflow::DT_FLOAT;
    case Element::kInteger:
      return tensorflow::DT_INT64;
    case Element::kUnsigned:
      break;
  }
  return tensorflow::DT_UINT64;
}

bool GraphBuilder::Has(TensorOp op, Element element) const {
  return element != Element::kText || op == TensorOp::kEqual;
}

NodeDef& GraphBuilder::Node(std::string_view op, const std::vector<std::string>& inputs,
                            const std::string& name) {
  NodeDef& node = *graph_.add_node();
  node.set_op(std::string(op));
  node.set_name(name.empty() ? "penstock/" + std::to_string(++num_nodes_) : name);
  for (const std::string& input : inputs) node.add_input(input);
  return node;
}

std::string GraphBuilder::Typed(std::string_view op, const std::vector<std::string>& inputs, DataType type,
                                std::string_view attribute) {
  NodeDef& node = Node(op, inputs);
  (*node.mutable_attr())[std::string(attribute)].set_type(type);
  return node.name();
}

Tensor GraphBuilder::Of(std::string name, Element element, int64_t width,
                        std::span<const Tensor> inputs) const {
  const bool is_constant =
      std::all_of(inputs.begin(), inputs.end(), [](const Tensor& input) { return input.is_constant; });
  return {std::move(name), element, width, is_constant};
}

Tensor GraphBuilder::Apply(TensorOp op, const Tensor& x) {
  std::string made =
      IsOfBooleans(op) ? Node(NameOf(op), {x.name}).name() : Typed(NameOf(op), {x.name}, TypeOf(x.element));
  return Of(std::move(made), x.element, x.width, {{x}});
}

Tensor GraphBuilder::Apply(TensorOp op, const Tensor& x, const Tensor& y) {
  std::string made = IsOfBooleans(op) ? Node(NameOf(op), {x.name, y.name}).name()
                                      : Typed(NameOf(op), {x.name, y.name}, TypeOf(x.element));
  return Of(std::move(made), IsPredicate(op) ? Element::kBoolean : x.element, std::max(x.width, y.width),
            {{x, y}});
}

Tensor GraphBuilder::Where(const Tensor& condition, const Tensor& then, const Tensor& otherwise) {
  return Of(Typed("SelectV2", {condition.name, then.name, otherwise.name}, TypeOf(then.element)),
            then.element, std::max({condition.width, then.width, otherwise.width}),
            {{condition, then, otherwise}});
}

Tensor GraphBuilder::Cast(const Tensor& x, Element element) {
  if (x.element == element) return x;
  NodeDef& node = Node("Cast", {x.name});
  (*node.mutable_attr())["SrcT"].set_type(TypeOf(x.element));
  (*node.mutable_attr())["DstT"].set_type(TypeOf(element));
  return Of(node.name(), element, x.width, {{x}});
}

Tensor GraphBuilder::MatrixProduct(const Tensor& x, const Tensor& matrix) {
  return Of(Typed("MatMul", {x.name, matrix.name}, TypeOf(x.element)), x.element, matrix.width,
            {{x, matrix}});
}

std::string GraphBuilder::Reduce(std::string_view op, const Tensor& x) {
  const std::string axis = Whole({1});
  NodeDef& node = Node(op, {x.name, axis});
  auto& attributes = *node.mutable_attr();
  attributes["T"].set_type(TypeOf(x.element));
  attributes["Tidx"].set_type(tensorflow::DT_INT32);
  attributes["keep_dims"].set_b(true);
  return node.name();
}

Tensor GraphBuilder::Sum(const Tensor& x) { return Of(Reduce("Sum", x), x.element, 1, {{x}}); }
Tensor GraphBuilder::Mean(const Tensor& x) { return Of(Reduce("Mean", x), x.element, 1, {{x}}); }

Tensor GraphBuilder::Softmax(const Tensor& x) {
  return Of(Typed("Softmax", {x.name}, TypeOf(x.element)), x.element, x.width, {{x}});
}

std::string GraphBuilder::Likeliest(const Tensor& scores, const std::vector<std::string>& names) {
  const std::string axis = Whole({1}, true);
  NodeDef& place = Node("ArgMax", {scores.name, axis});
  (*place.mutable_attr())["T"].set_type(TypeOf(scores.element));
  (*place.mutable_attr())["Tidx"].set_type(tensorflow::DT_INT32);
  (*place.mutable_attr())["output_type"].set_type(tensorflow::DT_INT64);
  const std::string at = place.name();
  TensorProto texts = ConstantOf(tensorflow::DT_STRING, {Count(names.size())});
  for (const std::string& name : names) texts.add_string_val(name);
  const std::string picked = Gather(Constant(texts), at, tensorflow::DT_STRING, tensorflow::DT_INT64, 0);
  const std::string shape = Whole({-1, 1});
  NodeDef& upright = Node("Reshape", {picked, shape});
  (*upright.mutable_attr())["T"].set_type(tensorflow::DT_STRING);
  (*upright.mutable_attr())["Tshape"].set_type(tensorflow::DT_INT32);
  return upright.name();
}

std::string GraphBuilder::Gather(const std::string& from, const std::string& at, DataType type,
                                 DataType index_type, int32_t axis, int64_t batch_dims) {
  const std::string axis_node = Whole({axis}, true);
  NodeDef& node = Node("GatherV2", {from, at, axis_node});
  auto& attributes = *node.mutable_attr();
  attributes["Tparams"].set_type(type);
  attributes["Tindices"].set_type(index_type);
  attributes["Taxis"].set_type(tensorflow::DT_INT32);
  attributes["batch_dims"].set_i(batch_dims);
  return node.name();
}

Tensor GraphBuilder::Columns(const Tensor& matrix, const std::vector<int64_t>& columns) {
  const std::vector<int32_t> places(columns.begin(), columns.end());
  return Of(Gather(matrix.name, Whole(places), TypeOf(matrix.element), tensorflow::DT_INT32, 1),
            matrix.element, Count(columns.size()), {{matrix}});
}

Tensor GraphBuilder::Concatenate(const std::vector<Tensor>& parts) {
  if (parts.size() == 1) return parts[0];
  std::vector<std::string> inputs;
  int64_t width = 0;
  for (const Tensor& part : parts) {
    inputs.push_back(part.name);
    width += part.width;
  }
  inputs.push_back(Whole({1}, true));
  NodeDef& node = Node("ConcatV2", inputs);
  auto& attributes = *node.mutable_attr();
  attributes["N"].set_i(Count(parts.size()));
  attributes["T"].set_type(TypeOf(parts[0].element));
  attributes["Tidx"].set_type(tensorflow::DT_INT32);
  return Of(node.name(), parts[0].element, width, parts);
}

Tensor GraphBuilder::Rows(const Tensor& table, const Tensor& ids) {
  return Of(Gather(table.name, Flat(ids), TypeOf(table.element), tensorflow::DT_INT64, 0), table.element,
            table.width, {{table, ids}});
}

Tensor GraphBuilder::Elements(const Tensor& list, const Tensor& ids) {
  return Of(Gather(Flat(list), ids.name, TypeOf(list.element), tensorflow::DT_INT64, 0), list.element,
            ids.width, {{list, ids}});
}

Tensor GraphBuilder::Pick(const Tensor& matrix, const Tensor& ids) {
  return Of(Gather(matrix.name, ids.name, TypeOf(matrix.element), tensorflow::DT_INT64, 1, 1), matrix.element,
            ids.width, {{matrix, ids}});
}

std::string GraphBuilder::Flat(const Tensor& x) {
  const std::string shape = Whole({-1});
  NodeDef& node = Node("Reshape", {x.name, shape});
  (*node.mutable_attr())["T"].set_type(TypeOf(x.element));
  (*node.mutable_attr())["Tshape"].set_type(tensorflow::DT_INT32);
  return node.name();
}

std::string GraphBuilder::TextsForEach(const std::vector<std::string>& texts, const Tensor& like) {
  TensorProto value = ConstantOf(tensorflow::DT_STRING, {1, Count(texts.size())});
  for (const std::string& text : texts) value.add_string_val(text);
  const Tensor row{Constant(value), Element::kText, Count(texts.size()), true};
  return Where(Apply(TensorOp::kEqual, like, like), row, row).name;
}

std::string GraphBuilder::Constant(const TensorProto& value) {
  std::string& known = constants_[SerializeDeterministically(value)];
  if (!known.empty()) return known;
  NodeDef& node = Node("Const", {});
  (*node.mutable_attr())["dtype"].set_type(value.dtype());
  *(*node.mutable_attr())["value"].mutable_tensor() = value;
  return known = node.name();
}

std::string GraphBuilder::Whole(const std::vector<int32_t>& values, bool is_scalar) {
  std::vector<int64_t> dims;
  if (!is_scalar) dims.push_back(Count(values.size()));
  return Constant(Packed(tensorflow::DT_INT32, dims, values));
}

std::string GraphBuilder::TextScalar(const std::string& text) {
  TensorProto value = ConstantOf(tensorflow::DT_STRING, {});
  value.add_string_val(text);
  return Constant(value);
}

Tensor GraphBuilder::Numbers(const std::vector<double>& values) {
  const int64_t width = Count(values.size());
  return {Constant(Packed(tensorflow::DT_DOUBLE, {1, width}, values)), Element::kNumber, width, true};
}

Tensor GraphBuilder::Floats(const std::vector<float>& values, int64_t rows) {
  const int64_t width = Count(values.size()) / std::max<int64_t>(rows, 1);
  return {Constant(Packed(tensorflow::DT_FLOAT, {rows, width}, values)), Element::kFloat, width, true};
}

Tensor GraphBuilder::Integers(const std::vector<int64_t>& values) {
  const int64_t width = Count(values.size());
  return {Constant(Packed(tensorflow::DT_INT64, {1, width}, values)), Element::kInteger, width, true};
}

Tensor GraphBuilder::Unsigned(uint64_t value) {
  const std::vector<uint64_t> values{value};
  return {Constant(Packed(tensorflow::DT_UINT64, {1, 1}, values)), Element::kUnsigned, 1, true};
}

Tensor GraphBuilder::Booleans(const std::vector<bool>& values) {
  TensorProto constant = ConstantOf(tensorflow::DT_BOOL, {1, Count(values.size())});
  for (const bool value : values) constant.add_bool_val(value);
  return {Constant(constant), Element::kBoolean, Count(values.size()), true};
}

Tensor GraphBuilder::Text(const std::string& text) {
  TensorProto value = ConstantOf(tensorflow::DT_STRING, {1, 1});
  value.add_string_val(text);
  return {Constant(value), Element::kText, 1, true};
}

}  // namespace penstock::model::saved_model
