#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/onnx_model.pb.h>

#include "penstock/model/lowering/tensor_builder.h"

namespace penstock::model::onnx {

using Type = TensorProto::DataType;

/// Writes an ONNX graph node by node.
class Builder final : public TensorBuilder {
 public:
  explicit Builder(GraphProto& graph) : graph_(graph) {}

  void Output(const Tensor& value, const std::string& name);
  /// The name of each row's largest element, the first of equals.
  Tensor Likeliest(const Tensor& scores, const std::vector<std::string>& names);

  std::string_view format() const override { return "ONNX"; }
  bool Has(TensorOp op, Element element) const override;
  Result<OptionalTensor> Input(const transform::InputColumn& column) override;
  Tensor Apply(TensorOp op, const Tensor& x) override;
  Tensor Apply(TensorOp op, const Tensor& x, const Tensor& y) override;
  Tensor Where(const Tensor& condition, const Tensor& then, const Tensor& otherwise) override;
  Tensor Cast(const Tensor& x, Element element) override;
  Tensor MatrixProduct(const Tensor& x, const Tensor& matrix) override;
  Tensor Sum(const Tensor& x) override;
  Tensor Mean(const Tensor& x) override;
  Tensor Softmax(const Tensor& x) override;
  Tensor Columns(const Tensor& matrix, const std::vector<int64_t>& columns) override;
  Tensor Concatenate(const std::vector<Tensor>& parts) override;
  Tensor Rows(const Tensor& table, const Tensor& ids) override;
  Tensor Elements(const Tensor& list, const Tensor& ids) override;
  Tensor Pick(const Tensor& matrix, const Tensor& ids) override;
  Tensor Numbers(const std::vector<double>& values) override;
  Tensor Floats(const std::vector<float>& values, int64_t rows) override;
  Tensor Integers(const std::vector<int64_t>& values) override;
  Tensor Unsigned(uint64_t value) override;
  Tensor Booleans(const std::vector<bool>& values) override;
  Tensor Text(const std::string& value) override;
  Result<Tensor> Lookup(const Tensor& text, const transform::Vocabulary& vocabulary, Tensor unknown) override;
  Result<Tensor> Forest(const TreeEnsemble& forest, const Tensor& matrix) override;

 private:
  /// A node with one output, of the batch where any of `like` is.
  Tensor Node(std::string_view op, const std::vector<Tensor>& inputs, Element element, int64_t width,
              std::string_view domain = "");
  /// The node made last, for attributes.
  NodeProto& last() { return *graph_.mutable_node(graph_.node_size() - 1); }
  TensorProto& Constant(Type type, const std::vector<int64_t>& dims);
  Tensor Shape(const std::vector<int64_t>& values);
  std::string NewName() { return "penstock/" + std::to_string(++num_values_); }

  GraphProto& graph_;
  int64_t num_values_ = 0;
};

}  // namespace penstock::model::onnx
