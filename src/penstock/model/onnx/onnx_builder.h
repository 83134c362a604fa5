#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/onnx_model.pb.h>

namespace penstock::model::onnx {

using Type = TensorProto::DataType;

/// Writes an ONNX graph node by node. Every method that makes a value answers its name. Not for concurrent
/// use.
class Builder {
 public:
  explicit Builder(GraphProto& graph) : graph_(graph) {}

  std::string Input(const std::string& name, Type type);
  /// `width` numbers (or texts) an example.
  void Output(const std::string& value, const std::string& name, Type type, int64_t width = 1);

  /// A node with one output.
  std::string Node(std::string_view op, const std::vector<std::string>& inputs, std::string_view domain = "");
  /// The node made last, for attributes.
  NodeProto& last() { return *graph_.mutable_node(graph_.node_size() - 1); }

  std::string Floats(const std::vector<float>& values, const std::vector<int64_t>& dims);
  std::string Doubles(const std::vector<double>& values, const std::vector<int64_t>& dims);
  std::string Integers(const std::vector<int64_t>& values, const std::vector<int64_t>& dims);
  std::string Unsigned(uint64_t value);
  std::string Booleans(const std::vector<bool>& values, const std::vector<int64_t>& dims);
  std::string Text(const std::string& value) { return Texts({value}, {1, 1}); }
  std::string Texts(const std::vector<std::string>& values, const std::vector<int64_t>& dims);
  /// Of shape [1, 1], to be spread over the examples.
  std::string Double(double value) { return Doubles({value}, {1, 1}); }
  std::string Float(float value) { return Floats({value}, {1, 1}); }

  std::string Cast(const std::string& value, Type type);
  std::string Where(const std::string& condition, const std::string& then, const std::string& otherwise) {
    return Node("Where", {condition, then, otherwise});
  }
  /// Columns of a matrix.
  std::string Columns(const std::string& matrix, const std::vector<int64_t>& columns);
  std::string Concatenate(const std::vector<std::string>& values);

  static void Set(NodeProto& node, std::string_view name, int64_t value);
  static void Set(NodeProto& node, std::string_view name, float value);
  static void Set(NodeProto& node, std::string_view name, const std::string& value);
  static void Set(NodeProto& node, std::string_view name, const std::vector<int64_t>& values);
  static void Set(NodeProto& node, std::string_view name, const std::vector<float>& values);
  static void Set(NodeProto& node, std::string_view name, const std::vector<std::string>& values);

 private:
  TensorProto& Constant(Type type, const std::vector<int64_t>& dims);
  std::string NewName() { return "penstock/" + std::to_string(++num_values_); }

  GraphProto& graph_;
  int64_t num_values_ = 0;
};

}  // namespace penstock::model::onnx
