#include "penstock/model/onnx/onnx_builder.h"

namespace penstock::model::onnx {
namespace {

void SetType(ValueInfoProto& info, Type type, int64_t width = 1) {
  TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape()->add_dim()->set_dim_param("N");
  tensor.mutable_shape()->add_dim()->set_dim_value(width);
}

AttributeProto& Add(NodeProto& node, std::string_view name, AttributeProto::AttributeType type) {
  AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}

}  // namespace

std::string Builder::Input(const std::string& name, Type type) {
  ValueInfoProto& input = *graph_.add_input();
  input.set_name(name);
  SetType(input, type);
  return name;
}

void Builder::Output(const std::string& value, const std::string& name, Type type, int64_t width) {
  NodeProto& node = *graph_.add_node();
  node.set_op_type("Identity");
  node.add_input(value);
  node.add_output(name);
  ValueInfoProto& output = *graph_.add_output();
  output.set_name(name);
  SetType(output, type, width);
}

std::string Builder::Node(std::string_view op, const std::vector<std::string>& inputs,
                          std::string_view domain) {
  NodeProto& node = *graph_.add_node();
  node.set_op_type(std::string(op));
  node.set_domain(std::string(domain));
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(NewName());
  node.set_name(node.output(0));
  return node.output(0);
}

TensorProto& Builder::Constant(Type type, const std::vector<int64_t>& dims) {
  TensorProto& tensor = *graph_.add_initializer();
  tensor.set_data_type(type);
  tensor.set_name(NewName());
  for (int64_t dim : dims) tensor.add_dims(dim);
  return tensor;
}

std::string Builder::Floats(const std::vector<float>& values, const std::vector<int64_t>& dims) {
  TensorProto& tensor = Constant(TensorProto::FLOAT, dims);
  tensor.mutable_float_data()->Add(values.begin(), values.end());
  return tensor.name();
}

std::string Builder::Doubles(const std::vector<double>& values, const std::vector<int64_t>& dims) {
  TensorProto& tensor = Constant(TensorProto::DOUBLE, dims);
  tensor.mutable_double_data()->Add(values.begin(), values.end());
  return tensor.name();
}

std::string Builder::Integers(const std::vector<int64_t>& values, const std::vector<int64_t>& dims) {
  TensorProto& tensor = Constant(TensorProto::INT64, dims);
  tensor.mutable_int64_data()->Add(values.begin(), values.end());
  return tensor.name();
}

std::string Builder::Unsigned(uint64_t value) {
  TensorProto& tensor = Constant(TensorProto::UINT64, {1, 1});
  tensor.add_uint64_data(value);
  return tensor.name();
}

std::string Builder::Booleans(const std::vector<bool>& values, const std::vector<int64_t>& dims) {
  TensorProto& tensor = Constant(TensorProto::BOOL, dims);
  for (bool value : values) tensor.add_int32_data(value ? 1 : 0);
  return tensor.name();
}

std::string Builder::Texts(const std::vector<std::string>& values, const std::vector<int64_t>& dims) {
  TensorProto& tensor = Constant(TensorProto::STRING, dims);
  for (const std::string& value : values) tensor.add_string_data(value);
  return tensor.name();
}

std::string Builder::Cast(const std::string& value, Type type) {
  const std::string cast = Node("Cast", {value});
  Set(last(), "to", static_cast<int64_t>(type));
  return cast;
}

std::string Builder::Columns(const std::string& matrix, const std::vector<int64_t>& columns) {
  const std::string picked =
      Node("Gather", {matrix, Integers(columns, {static_cast<int64_t>(columns.size())})});
  Set(last(), "axis", int64_t{1});
  return picked;
}

std::string Builder::Concatenate(const std::vector<std::string>& values) {
  if (values.size() == 1) return values[0];
  const std::string whole = Node("Concat", values);
  Set(last(), "axis", int64_t{1});
  return whole;
}

void Builder::Set(NodeProto& node, std::string_view name, int64_t value) {
  Add(node, name, AttributeProto::INT).set_i(value);
}
void Builder::Set(NodeProto& node, std::string_view name, float value) {
  Add(node, name, AttributeProto::FLOAT).set_f(value);
}
void Builder::Set(NodeProto& node, std::string_view name, const std::string& value) {
  Add(node, name, AttributeProto::STRING).set_s(value);
}
void Builder::Set(NodeProto& node, std::string_view name, const std::vector<int64_t>& values) {
  Add(node, name, AttributeProto::INTS).mutable_ints()->Add(values.begin(), values.end());
}
void Builder::Set(NodeProto& node, std::string_view name, const std::vector<float>& values) {
  Add(node, name, AttributeProto::FLOATS).mutable_floats()->Add(values.begin(), values.end());
}
void Builder::Set(NodeProto& node, std::string_view name, const std::vector<std::string>& values) {
  AttributeProto& attribute = Add(node, name, AttributeProto::STRINGS);
  for (const std::string& value : values) attribute.add_strings(value);
}

}  // namespace penstock::model::onnx
