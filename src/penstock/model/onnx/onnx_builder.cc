#include "penstock/model/onnx/onnx_builder.h"

#include <algorithm>

#include "penstock/base/utf8.h"
#include "penstock/transform/vocabulary.h"

namespace penstock::model::onnx {
namespace {

Type TypeOf(Element element) {
  switch (element) {
    case Element::kBoolean:
      return TensorProto::BOOL;
    case Element::kText:
      return TensorProto::STRING;
    case Element::kNumber:
      return TensorProto::DOUBLE;
    case Element::kFloat:
      return TensorProto::FLOAT;
    case Element::kInteger:
      return TensorProto::INT64;
    case Element::kUnsigned:
      break;
  }
  return TensorProto::UINT64;
}

/// Empty: ONNX has none.
std::string_view NameOf(TensorOp op) {
  switch (op) {
    case TensorOp::kNot:
      return "Not";
    case TensorOp::kNegate:
      return "Neg";
    case TensorOp::kAbsolute:
      return "Abs";
    case TensorOp::kLog:
      return "Log";
    case TensorOp::kExp:
      return "Exp";
    case TensorOp::kSqrt:
      return "Sqrt";
    case TensorOp::kFloor:
      return "Floor";
    case TensorOp::kCeil:
      return "Ceil";
    case TensorOp::kRound:
      return "Round";
    case TensorOp::kSigmoid:
      return "Sigmoid";
    case TensorOp::kTanh:
      return "Tanh";
    case TensorOp::kRelu:
      return "Relu";
    case TensorOp::kAdd:
      return "Add";
    case TensorOp::kSubtract:
      return "Sub";
    case TensorOp::kMultiply:
      return "Mul";
    case TensorOp::kDivide:
      return "Div";
    case TensorOp::kPower:
      return "Pow";
    case TensorOp::kLess:
      return "Less";
    case TensorOp::kLessOrEqual:
      return "LessOrEqual";
    case TensorOp::kGreater:
      return "Greater";
    case TensorOp::kGreaterOrEqual:
      return "GreaterOrEqual";
    case TensorOp::kEqual:
      return "Equal";
    case TensorOp::kAnd:
      return "And";
    case TensorOp::kOr:
      return "Or";
    case TensorOp::kExclusiveOr:
      return "BitwiseXor";
    case TensorOp::kShiftRight:
      return "BitShift";
    case TensorOp::kModulo:
      return "Mod";
    default:
      // Sines and the like are there, but ONNX Runtime has none of doubles.
      return "";
  }
}

bool IsPredicate(TensorOp op) { return op >= TensorOp::kLess && op <= TensorOp::kOr; }

AttributeProto& Add(NodeProto& node, std::string_view name, AttributeProto::AttributeType type) {
  AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}
void Set(NodeProto& node, std::string_view name, int64_t value) {
  Add(node, name, AttributeProto::INT).set_i(value);
}
void Set(NodeProto& node, std::string_view name, const std::string& value) {
  Add(node, name, AttributeProto::STRING).set_s(value);
}
void Set(NodeProto& node, std::string_view name, const std::vector<int64_t>& values) {
  Add(node, name, AttributeProto::INTS).mutable_ints()->Add(values.begin(), values.end());
}
void Set(NodeProto& node, std::string_view name, const std::vector<float>& values) {
  Add(node, name, AttributeProto::FLOATS).mutable_floats()->Add(values.begin(), values.end());
}
void Set(NodeProto& node, std::string_view name, const std::vector<std::string>& values) {
  AttributeProto& attribute = Add(node, name, AttributeProto::STRINGS);
  for (const std::string& value : values) attribute.add_strings(value);
}

void SetType(ValueInfoProto& info, Type type, int64_t width = 1) {
  TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape()->add_dim()->set_dim_param("N");
  tensor.mutable_shape()->add_dim()->set_dim_value(width);
}

int64_t Count(size_t size) { return static_cast<int64_t>(size); }

}  // namespace

bool Builder::Has(TensorOp op, Element element) const {
  if (element == Element::kText && op != TensorOp::kEqual) return false;
  return !NameOf(op).empty();
}

Result<OptionalTensor> Builder::Input(const transform::InputColumn& column) {
  if (column.is_list)
    return Unimplemented("its column '{}' has lists, which have no form there", column.name);
  const Element element = column.type == transform::ValueType::kText ? Element::kText : Element::kNumber;
  ValueInfoProto& input = *graph_.add_input();
  input.set_name(column.name);
  SetType(input, TypeOf(element));
  const Tensor value{column.name, element, 1, false};
  if (element == Element::kNumber) return OptionalTensor{value, Apply(TensorOp::kEqual, value, value)};
  return OptionalTensor{value, Apply(TensorOp::kNot, Apply(TensorOp::kEqual, value, Text("")))};
}

void Builder::Output(const Tensor& value, const std::string& name) {
  NodeProto& node = *graph_.add_node();
  node.set_op_type("Identity");
  node.add_input(value.name);
  node.add_output(name);
  ValueInfoProto& output = *graph_.add_output();
  output.set_name(name);
  SetType(output, TypeOf(value.element), value.width);
}

Tensor Builder::Node(std::string_view op, const std::vector<Tensor>& inputs, Element element, int64_t width,
                     std::string_view domain) {
  NodeProto& node = *graph_.add_node();
  node.set_op_type(std::string(op));
  node.set_domain(std::string(domain));
  bool is_constant = true;
  for (const Tensor& input : inputs) {
    node.add_input(input.name);
    is_constant &= input.is_constant;
  }
  node.add_output(NewName());
  node.set_name(node.output(0));
  return {node.output(0), element, width, is_constant};
}

Tensor Builder::Apply(TensorOp op, const Tensor& x) { return Node(NameOf(op), {x}, x.element, x.width); }

Tensor Builder::Apply(TensorOp op, const Tensor& x, const Tensor& y) {
  const int64_t width = std::max(x.width, y.width);
  const Element element = IsPredicate(op) ? Element::kBoolean : x.element;
  if (op == TensorOp::kExclusiveOr || op == TensorOp::kMultiply) {
    // ONNX Runtime has these of signed numbers alone; the bits are the same.
    if (x.element == Element::kUnsigned) {
      const Tensor bits = Node(NameOf(op), {Cast(x, Element::kInteger), Cast(y, Element::kInteger)},
                               Element::kInteger, width);
      return Cast(bits, Element::kUnsigned);
    }
  }
  const Tensor made = Node(NameOf(op), {x, y}, element, width);
  if (op == TensorOp::kShiftRight) Set(last(), "direction", std::string("RIGHT"));
  return made;
}

/// ONNX Runtime's Where does not take booleans.
Tensor Builder::Where(const Tensor& condition, const Tensor& then, const Tensor& otherwise) {
  const int64_t width = std::max({condition.width, then.width, otherwise.width});
  if (then.element != Element::kBoolean)
    return Node("Where", {condition, then, otherwise}, then.element, width);
  return Apply(TensorOp::kOr, Apply(TensorOp::kAnd, condition, then),
               Apply(TensorOp::kAnd, Apply(TensorOp::kNot, condition), otherwise));
}

Tensor Builder::Cast(const Tensor& x, Element element) {
  if (x.element == element) return x;
  const Tensor cast = Node("Cast", {x}, element, x.width);
  Set(last(), "to", static_cast<int64_t>(TypeOf(element)));
  return cast;
}

Tensor Builder::MatrixProduct(const Tensor& x, const Tensor& matrix) {
  return Node("MatMul", {x, matrix}, x.element, matrix.width);
}

Tensor Builder::Sum(const Tensor& x) {
  const Tensor sum = Node("ReduceSum", {x, Shape({1})}, x.element, 1);
  Set(last(), "keepdims", int64_t{1});
  return sum;
}

Tensor Builder::Mean(const Tensor& x) {
  const Tensor mean = Node("ReduceMean", {x, Shape({1})}, x.element, 1);
  Set(last(), "keepdims", int64_t{1});
  return mean;
}

Tensor Builder::Softmax(const Tensor& x) {
  const Tensor made = Node("Softmax", {x}, x.element, x.width);
  Set(last(), "axis", int64_t{1});
  return made;
}

Tensor Builder::Likeliest(const Tensor& scores, const std::vector<std::string>& names) {
  const Tensor place = Node("ArgMax", {scores}, Element::kInteger, 1);
  Set(last(), "axis", int64_t{1});
  TensorProto& texts = Constant(TensorProto::STRING, {Count(names.size())});
  for (const std::string& name : names) texts.add_string_data(name);
  return Node("Gather", {{texts.name(), Element::kText, 1, true}, place}, Element::kText, 1);
}

Tensor Builder::Columns(const Tensor& matrix, const std::vector<int64_t>& columns) {
  const Tensor picked = Node("Gather", {matrix, Shape(columns)}, matrix.element, Count(columns.size()));
  Set(last(), "axis", int64_t{1});
  return picked;
}

Tensor Builder::Concatenate(const std::vector<Tensor>& parts) {
  if (parts.size() == 1) return parts[0];
  int64_t width = 0;
  for (const Tensor& part : parts) width += part.width;
  const Tensor whole = Node("Concat", parts, parts[0].element, width);
  Set(last(), "axis", int64_t{1});
  return whole;
}

Tensor Builder::Rows(const Tensor& table, const Tensor& ids) {
  const Tensor flat = Node("Reshape", {ids, Shape({-1})}, ids.element, 1);
  const Tensor rows = Node("Gather", {table, flat}, table.element, table.width);
  Set(last(), "axis", int64_t{0});
  return rows;
}

Tensor Builder::Elements(const Tensor& list, const Tensor& ids) {
  const Tensor flat = Node("Reshape", {list, Shape({-1})}, list.element, list.width);
  const Tensor picked = Node("Gather", {flat, ids}, list.element, ids.width);
  Set(last(), "axis", int64_t{0});
  return picked;
}

Tensor Builder::Pick(const Tensor& matrix, const Tensor& ids) {
  const Tensor picked = Node("GatherElements", {matrix, ids}, matrix.element, ids.width);
  Set(last(), "axis", int64_t{1});
  return picked;
}

TensorProto& Builder::Constant(Type type, const std::vector<int64_t>& dims) {
  TensorProto& tensor = *graph_.add_initializer();
  tensor.set_data_type(type);
  tensor.set_name(NewName());
  for (const int64_t dim : dims) tensor.add_dims(dim);
  return tensor;
}

Tensor Builder::Shape(const std::vector<int64_t>& values) {
  TensorProto& tensor = Constant(TensorProto::INT64, {Count(values.size())});
  tensor.mutable_int64_data()->Add(values.begin(), values.end());
  return {tensor.name(), Element::kInteger, Count(values.size()), true};
}

Tensor Builder::Numbers(const std::vector<double>& values) {
  TensorProto& tensor = Constant(TensorProto::DOUBLE, {1, Count(values.size())});
  tensor.mutable_double_data()->Add(values.begin(), values.end());
  return {tensor.name(), Element::kNumber, Count(values.size()), true};
}

Tensor Builder::Floats(const std::vector<float>& values, int64_t rows) {
  const int64_t width = Count(values.size()) / std::max<int64_t>(rows, 1);
  TensorProto& tensor = Constant(TensorProto::FLOAT, {rows, width});
  tensor.mutable_float_data()->Add(values.begin(), values.end());
  return {tensor.name(), Element::kFloat, width, true};
}

Tensor Builder::Integers(const std::vector<int64_t>& values) {
  TensorProto& tensor = Constant(TensorProto::INT64, {1, Count(values.size())});
  tensor.mutable_int64_data()->Add(values.begin(), values.end());
  return {tensor.name(), Element::kInteger, Count(values.size()), true};
}

Tensor Builder::Unsigned(uint64_t value) {
  TensorProto& tensor = Constant(TensorProto::UINT64, {1, 1});
  tensor.add_uint64_data(value);
  return {tensor.name(), Element::kUnsigned, 1, true};
}

Tensor Builder::Booleans(const std::vector<bool>& values) {
  TensorProto& tensor = Constant(TensorProto::BOOL, {1, Count(values.size())});
  for (const bool value : values) tensor.add_int32_data(value ? 1 : 0);
  return {tensor.name(), Element::kBoolean, Count(values.size()), true};
}

Tensor Builder::Text(const std::string& value) {
  TensorProto& tensor = Constant(TensorProto::STRING, {1, 1});
  tensor.add_string_data(value);
  return {tensor.name(), Element::kText, 1, true};
}

Result<Tensor> Builder::Lookup(const Tensor& text, const transform::Vocabulary& vocabulary, Tensor unknown) {
  std::vector<std::string> tokens;
  std::vector<int64_t> ids;
  for (int64_t id = 0; id < vocabulary.size(); ++id) {
    tokens.emplace_back(vocabulary.token(id));
    ids.push_back(id);
    for (std::string_view rest = tokens.back(); !rest.empty();) {
      const size_t length = Utf8CharacterLength(rest);
      if (length == 0) return Unimplemented("a token of its vocabulary is not UTF-8");
      rest.remove_prefix(length);
    }
  }
  const Tensor id = Node("LabelEncoder", {text}, Element::kInteger, 1, "ai.onnx.ml");
  Set(last(), "keys_strings", tokens);
  Set(last(), "values_int64s", ids);
  Set(last(), "default_int64", int64_t{-1});
  const Tensor place = Cast(id, Element::kNumber);
  return Where(Apply(TensorOp::kLess, place, Number(0)), unknown, place);
}

Result<Tensor> Builder::Forest(const TreeEnsemble& forest, const Tensor& matrix) {
  std::vector<int64_t> tree_ids, node_ids, columns, yes, no, missing_yes, leaf_trees, leaf_nodes,
      leaf_targets;
  std::vector<float> thresholds, leaves;
  std::vector<std::string> modes;
  for (int64_t t = 0; t < forest.num_trees(); ++t) {
    const Tree tree = forest.TreeAt(t);
    for (size_t i = 0; i < tree.size(); ++i) {
      const TreeNode& node = tree[i];
      const bool is_leaf = node.IsLeaf();
      tree_ids.push_back(t);
      node_ids.push_back(Count(i));
      columns.push_back(is_leaf ? 0 : node.column);
      yes.push_back(is_leaf ? 0 : node.left);
      no.push_back(is_leaf ? 0 : node.right);
      missing_yes.push_back(node.missing_goes_left ? 1 : 0);
      thresholds.push_back(is_leaf ? 0 : node.value);
      modes.emplace_back(is_leaf ? "LEAF" : "BRANCH_LT");
      if (!is_leaf) continue;
      leaf_trees.push_back(t);
      leaf_nodes.push_back(Count(i));
      leaf_targets.push_back(t % forest.num_outputs());
      leaves.push_back(node.value);
    }
  }
  const Tensor margins =
      Node("TreeEnsembleRegressor", {matrix}, Element::kFloat, forest.num_outputs(), "ai.onnx.ml");
  NodeProto& node = last();
  Set(node, "n_targets", int64_t{forest.num_outputs()});
  Set(node, "nodes_treeids", tree_ids);
  Set(node, "nodes_nodeids", node_ids);
  Set(node, "nodes_featureids", columns);
  Set(node, "nodes_modes", modes);
  Set(node, "nodes_values", thresholds);
  Set(node, "nodes_truenodeids", yes);
  Set(node, "nodes_falsenodeids", no);
  Set(node, "nodes_missing_value_tracks_true", missing_yes);
  Set(node, "target_treeids", leaf_trees);
  Set(node, "target_nodeids", leaf_nodes);
  Set(node, "target_ids", leaf_targets);
  Set(node, "target_weights", leaves);
  Set(node, "base_values", forest.base_margins());
  Set(node, "post_transform", std::string("NONE"));
  return margins;
}

}  // namespace penstock::model::onnx
