#include "penstock/model/saved_model/graph_builder.h"

namespace penstock::model::saved_model {

using tensorflow::DataType;
using tensorflow::NodeDef;
using transform::InputColumn;
using transform::ValueType;

namespace {

/// Of the features of tf.Examples.
DataType ExampleType(const InputColumn& column) {
  switch (column.type) {
    case ValueType::kText:
      return tensorflow::DT_STRING;
    case ValueType::kNumber:
      return tensorflow::DT_FLOAT;
    default:
      return tensorflow::DT_INT64;
  }
}

Element ElementOf(const InputColumn& column) {
  return column.type == ValueType::kText ? Element::kText : Element::kNumber;
}

}  // namespace

std::string GraphBuilder::Placeholder(const std::string& name, DataType type,
                                      const std::vector<int64_t>& dims) {
  NodeDef& node = Node("Placeholder", {}, name);
  auto& attributes = *node.mutable_attr();
  attributes["dtype"].set_type(type);
  auto& shape = *attributes["shape"].mutable_shape();
  for (const int64_t dim : dims) shape.add_dim()->set_size(dim);
  return node.name();
}

std::string GraphBuilder::Slice(const std::string& x, int32_t begin, int32_t end, bool from_start,
                                bool to_end) {
  const std::string from = Whole({begin}), to = Whole({end}), step = Whole({1});
  NodeDef& node = Node("StridedSlice", {x, from, to, step});
  auto& attributes = *node.mutable_attr();
  attributes["T"].set_type(tensorflow::DT_INT64);
  attributes["Index"].set_type(tensorflow::DT_INT32);
  attributes["begin_mask"].set_i(from_start ? 1 : 0);
  attributes["end_mask"].set_i(to_end ? 1 : 0);
  return node.name();
}

/// The first value of each example's list: missing where it is empty.
OptionalTensor GraphBuilder::FirstOfEach(const std::string& values, const std::string& row_splits,
                                         const InputColumn& column) {
  const DataType type = ExampleType(column);
  const std::string starts = Slice(row_splits, 0, -1, true, false),
                    ends = Slice(row_splits, 1, 0, false, true);
  const std::string has_some = Typed("Less", {starts, ends}, tensorflow::DT_INT64);
  // One value more, for those that have none.
  tensorflow::TensorProto nothing;
  nothing.set_dtype(type);
  nothing.mutable_tensor_shape()->add_dim()->set_size(1);
  if (type == tensorflow::DT_STRING) nothing.add_string_val("");
  if (type == tensorflow::DT_FLOAT) nothing.add_float_val(0);
  if (type == tensorflow::DT_INT64) nothing.add_int64_val(0);
  const std::string filler = Constant(nothing), axis = Whole({0}, true);
  NodeDef& more = Node("ConcatV2", {values, filler, axis});
  (*more.mutable_attr())["N"].set_i(2);
  (*more.mutable_attr())["T"].set_type(type);
  (*more.mutable_attr())["Tidx"].set_type(tensorflow::DT_INT32);
  const std::string extended = more.name();
  NodeDef& size = Node("Size", {values});
  (*size.mutable_attr())["T"].set_type(type);
  (*size.mutable_attr())["out_type"].set_type(tensorflow::DT_INT64);
  const std::string last = size.name();
  const std::string at = Typed("SelectV2", {has_some, starts, last}, tensorflow::DT_INT64);
  const std::string column_shape = Whole({-1, 1});
  const auto upright = [&](const std::string& x, DataType of) {
    NodeDef& node = Node("Reshape", {x, column_shape});
    (*node.mutable_attr())["T"].set_type(of);
    (*node.mutable_attr())["Tshape"].set_type(tensorflow::DT_INT32);
    return node.name();
  };
  std::string value = upright(Gather(extended, at, type, tensorflow::DT_INT64, 0), type);
  if (type != tensorflow::DT_STRING) {
    NodeDef& cast = Node("Cast", {value});
    (*cast.mutable_attr())["SrcT"].set_type(type);
    (*cast.mutable_attr())["DstT"].set_type(tensorflow::DT_DOUBLE);
    value = cast.name();
  }
  return {{value, ElementOf(column), 1, false},
          {upright(has_some, tensorflow::DT_BOOL), Element::kBoolean, 1, false}};
}

std::string GraphBuilder::ReadExamples(const std::vector<InputColumn>& columns) {
  inputs_.clear();
  const std::string examples =
      Placeholder("penstock/examples_" + std::to_string(++num_nodes_), tensorflow::DT_STRING, {-1});
  const auto texts = [&](const std::vector<std::string>& values) {
    tensorflow::TensorProto constant;
    constant.set_dtype(tensorflow::DT_STRING);
    constant.mutable_tensor_shape()->add_dim()->set_size(static_cast<int64_t>(values.size()));
    for (const std::string& value : values) constant.add_string_val(value);
    return Constant(constant);
  };
  std::vector<std::string> keys;
  for (const InputColumn& column : columns) keys.push_back(column.name);
  const std::string none = texts({}), ragged_keys = texts(keys);
  NodeDef& node = Node("ParseExampleV2", {examples, none, none, none, ragged_keys});
  const std::string parsed = node.name();
  auto& attributes = *node.mutable_attr();
  attributes["num_sparse"].set_i(0);
  for (const char* empty : {"Tdense", "sparse_types", "dense_shapes"}) attributes[empty].mutable_list();
  for (const InputColumn& column : columns) {
    attributes["ragged_value_types"].mutable_list()->add_type(ExampleType(column));
    attributes["ragged_split_types"].mutable_list()->add_type(tensorflow::DT_INT64);
  }
  const auto output = [&](size_t index) {
    return index == 0 ? parsed : parsed + ":" + std::to_string(index);
  };
  for (size_t i = 0; i < columns.size(); ++i)
    inputs_[columns[i].name] = FirstOfEach(output(i), output(columns.size() + i), columns[i]);
  return examples;
}

std::map<std::string, Tensor> GraphBuilder::ReadTensors(const std::vector<InputColumn>& columns) {
  inputs_.clear();
  std::map<std::string, Tensor> tensors;
  for (const InputColumn& column : columns) {
    const Element element = ElementOf(column);
    const Tensor value{
        Placeholder("penstock/column_" + std::to_string(++num_nodes_), TypeOf(element), {-1, 1}), element, 1,
        false};
    tensors[column.name] = value;
    Tensor presence = element == Element::kText
                          ? Apply(TensorOp::kNot, Apply(TensorOp::kEqual, value, Text("")))
                          : Apply(TensorOp::kEqual, value, value);
    inputs_[column.name] = {value, std::move(presence)};
  }
  return tensors;
}

std::map<std::string, GraphBuilder::Sparse> GraphBuilder::ReadSparse(
    const std::vector<InputColumn>& columns) {
  inputs_.clear();
  std::map<std::string, Sparse> tensors;
  for (const InputColumn& column : columns) {
    const std::string stem = "penstock/sparse_" + std::to_string(++num_nodes_);
    Sparse sparse{Placeholder(stem + "/indices", tensorflow::DT_INT64, {-1, 2}),
                  Placeholder(stem + "/values", ExampleType(column), {-1}),
                  Placeholder(stem + "/shape", tensorflow::DT_INT64, {2}), ExampleType(column)};
    // How many values the examples before each have: a sum over [examples] by the rows of the values.
    const std::string row_column = Whole({0});
    const std::string rows_upright =
        Gather(sparse.indices, row_column, tensorflow::DT_INT64, tensorflow::DT_INT32, 1);
    const Tensor rows{rows_upright, Element::kInteger, 1, false};
    const std::string flat_rows = Flat(rows);
    const std::string num_examples =
        Gather(sparse.dense_shape, Whole({0}, true), tensorflow::DT_INT64, tensorflow::DT_INT32, 0);
    const std::string zero = Integers({0}).name, one = Integers({1}).name;
    const std::string first = Flat({zero, Element::kInteger, 1, true});
    const std::string scalar_zero =
        Gather(first, Whole({0}, true), tensorflow::DT_INT64, tensorflow::DT_INT32, 0);
    const std::string step = Gather(Flat({one, Element::kInteger, 1, true}), Whole({0}, true),
                                    tensorflow::DT_INT64, tensorflow::DT_INT32, 0);
    const std::string limit = Typed("AddV2", {num_examples, step}, tensorflow::DT_INT64);
    const std::string every = Typed("Range", {scalar_zero, limit, step}, tensorflow::DT_INT64, "Tidx");
    // The rows rise, so where a row's number would stand among them is its split.
    const std::string row_axis = Whole({0}, true);
    const auto wide = [&](const std::string& x) {
      NodeDef& node = Node("ExpandDims", {x, row_axis});
      (*node.mutable_attr())["T"].set_type(tensorflow::DT_INT64);
      (*node.mutable_attr())["Tdim"].set_type(tensorflow::DT_INT32);
      return node.name();
    };
    const std::string sorted = wide(flat_rows), wanted = wide(every);
    NodeDef& found = Node("LowerBound", {sorted, wanted});
    (*found.mutable_attr())["T"].set_type(tensorflow::DT_INT64);
    (*found.mutable_attr())["out_type"].set_type(tensorflow::DT_INT64);
    const Tensor splits{found.name(), Element::kInteger, 1, false};
    inputs_[column.name] = FirstOfEach(sparse.values, Flat(splits), column);
    tensors[column.name] = std::move(sparse);
  }
  return tensors;
}

Result<OptionalTensor> GraphBuilder::Input(const InputColumn& column) {
  if (column.is_list)
    return Unimplemented("its column '{}' has lists, which have no form there", column.name);
  const auto found = inputs_.find(column.name);
  if (found == inputs_.end()) return Internal("The column '{}' was not to be read", column.name);
  return found->second;
}

}  // namespace penstock::model::saved_model
