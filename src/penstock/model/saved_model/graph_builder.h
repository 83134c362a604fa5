#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tensorflow/core/framework/graph.pb.h>
#include <tensorflow/core/protobuf/meta_graph.pb.h>

#include "penstock/model/lowering/tensor_builder.h"

namespace penstock::model::saved_model {

/// A file beside the graph, and the node that holds its path.
struct Asset {
  std::string file_name, content, node;
};

/// Writes a TensorFlow graph of plain operators, node by node. Equal constants and tables are there once,
/// however often the same model is written behind different inputs.
class GraphBuilder final : public TensorBuilder {
 public:
  explicit GraphBuilder(tensorflow::GraphDef& graph) : graph_(graph) {}

  /// What Input answers from here on: the features of serialized tf.Examples (the name of a placeholder) ...
  std::string ReadExamples(const std::vector<transform::InputColumn>& columns);
  /// ... or tensors [examples, 1] under the columns' names, "" and NaN where missing ...
  std::map<std::string, Tensor> ReadTensors(const std::vector<transform::InputColumn>& columns);
  /// ... or sparse ones with at most one value an example.
  struct Sparse {
    std::string indices, values, dense_shape;
    tensorflow::DataType type;
  };
  std::map<std::string, Sparse> ReadSparse(const std::vector<transform::InputColumn>& columns);

  /// What the file of a vocabulary shall be called; without it, by a number.
  void NameVocabulary(const transform::Vocabulary& vocabulary, std::string file_name);

  std::string_view format() const override { return "TensorFlow"; }
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
  Result<OptionalTensor> TextFunction(const transform::Node& node, std::span<const Tensor> inputs) override;

  /// One number an example instead of rows of one: [examples].
  std::string Flat(const Tensor& x);
  /// Constant texts, one row for every example of `like`: the names of classes.
  std::string TextsForEach(const std::vector<std::string>& texts, const Tensor& like);
  /// The name of each row's largest element, the first of equals: [examples, 1].
  std::string Likeliest(const Tensor& scores, const std::vector<std::string>& names);
  /// Makes every table ready; "" where there are none.
  std::string Initializer();

  const std::vector<Asset>& assets() const { return assets_; }
  static tensorflow::DataType TypeOf(Element element);

 private:
  friend class TextFunctionWriter;

  tensorflow::NodeDef& Node(std::string_view op, const std::vector<std::string>& inputs,
                            const std::string& name = "");
  /// A node whose type attribute is T.
  std::string Typed(std::string_view op, const std::vector<std::string>& inputs, tensorflow::DataType type,
                    std::string_view attribute = "T");
  Tensor Of(std::string name, Element element, int64_t width, std::span<const Tensor> inputs) const;
  std::string Gather(const std::string& from, const std::string& at, tensorflow::DataType type,
                     tensorflow::DataType index_type, int32_t axis, int64_t batch_dims = 0);
  std::string Constant(const tensorflow::TensorProto& value);
  std::string Whole(const std::vector<int32_t>& values, bool is_scalar = false);
  std::string TextScalar(const std::string& text);
  std::string Slice(const std::string& x, int32_t begin, int32_t end, bool from_start, bool to_end);
  std::string Reduce(std::string_view op, const Tensor& x);
  std::string Placeholder(const std::string& name, tensorflow::DataType type,
                          const std::vector<int64_t>& dims);
  OptionalTensor FirstOfEach(const std::string& values, const std::string& row_splits,
                             const transform::InputColumn& column);
  std::string TableOf(const transform::Vocabulary& vocabulary);

  tensorflow::GraphDef& graph_;
  std::map<std::string, OptionalTensor> inputs_;
  std::map<std::string, std::string> constants_;  // Serialized value -> node.
  std::map<std::string, std::string> tables_;     // Tokens -> node.
  std::map<const transform::Vocabulary*, std::string> vocabulary_names_;
  std::vector<std::string> initializers_;
  std::vector<Asset> assets_;
  int64_t num_nodes_ = 0;
};

}  // namespace penstock::model::saved_model
