#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/model/lowering/tensor_builder.h"
#include "penstock/model/tflite/quantized_dense.h"
#include "penstock/model/tflite/tflite_export.h"

namespace penstock::model::tflite {

/// The numbers of TFLite's schema.
enum class TensorType : int8_t { kFloat32 = 0, kFloat16 = 1, kInt32 = 2, kBool = 6, kInt8 = 9 };
enum class OperatorCode : int32_t {
  // clang-format off
  kAdd = 0, kConcatenation = 2, kDequantize = 6, kFloor = 8, kFullyConnected = 9, kLogistic = 14, kMultiply = 18,
  kRelu = 19, kReshape = 22, kSoftmax = 25, kTanh = 28, kGather = 36, kMean = 40, kSubtract = 41, kDivide = 42, kExp = 47,
  kCast = 53, kLess = 58, kNegate = 59, kGreater = 61, kGreaterEqual = 62, kLessEqual = 63, kSin = 66, kEqual = 71,
  kLog = 73, kSum = 74, kSqrt = 75, kPower = 78, kOr = 84, kAnd = 86, kNot = 87, kAbsolute = 101, kCeil = 104,
  kCos = 108, kQuantize = 114, kRound = 116, kSelect = 123,
  // clang-format on
};

/// What the file writer (tflite_file.h) makes a flatbuffer of. Plain values.
struct FileTensor {
  std::string name;
  TensorType type = TensorType::kFloat32;
  std::vector<int32_t> shape;  ///< -1: as many as there are examples.
  std::string bytes;           ///< Of a constant.
  std::vector<float>
      scales;  ///< Of integers that stand for numbers: one, or one a place of the first dimension.
  int64_t zero_point = 0;
};
struct FileOperator {
  OperatorCode code{};
  std::vector<int32_t> inputs, outputs;
  int32_t axis = 0, batch_dims = 0;  ///< kConcatenation, kGather.
  bool has_relu = false;             ///< kFullyConnected.
};
struct FileGraph {
  std::vector<FileTensor> tensors;
  std::vector<FileOperator> operators;
  std::vector<std::pair<std::string, int32_t>> inputs, outputs;  ///< By name.
};

/// Writes a TFLite graph. A constant comes into the file in the form in which it is first used.
class Builder final : public TensorBuilder {
 public:
  Builder(TfliteQuantization quantization, FileGraph& graph) : quantization_(quantization), graph_(graph) {}

  void Output(const Tensor& value, const std::string& name);

  std::string_view format() const override { return "TFLite"; }
  bool has_doubles() const override { return false; }
  bool Has(TensorOp op, Element element) const override;
  Result<OptionalTensor> Input(const transform::InputColumn& column) override;
  Tensor Apply(TensorOp op, const Tensor& x) override;
  Tensor Apply(TensorOp op, const Tensor& x, const Tensor& y) override;
  Tensor Where(const Tensor& condition, const Tensor& then, const Tensor& otherwise) override;
  Tensor Cast(const Tensor& x, Element element) override;
  Tensor MatrixProduct(const Tensor& x, const Tensor& matrix) override;
  Tensor Dense(const Tensor& x, const DenseTensors& layer) override;
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

 private:
  /// A constant before it is known how it will be used.
  struct Pending {
    Element element;
    int64_t rows, width;
    std::vector<float> floats;
    std::vector<int32_t> integers;  // Booleans too.
  };

  /// A tensor of the file whose integers stand for numbers.
  struct Narrow {
    int32_t index;
    Steps steps;
  };

  int32_t IndexOf(const Tensor& x);
  Narrow NarrowOf(const Tensor& x, const ValueRange& range);
  int32_t AddNarrow(int64_t width, Steps steps);
  int32_t AddTensor(FileTensor tensor);
  int32_t AddConstant(const Pending& constant, std::vector<int32_t> shape);
  int32_t Places(const std::vector<int32_t>& values);
  /// Weights [rows, width] as the quantization has them: the tensor that holds floats again.
  int32_t Weights(const std::vector<float>& values, int32_t rows, int32_t width, bool is_per_row);
  Tensor Add(OperatorCode code, const std::vector<int32_t>& inputs, Element element, int64_t width,
             bool is_constant);
  Tensor Reduce(OperatorCode code, const Tensor& x);
  Tensor Keep(Pending constant);

  const TfliteQuantization quantization_;
  FileGraph& graph_;
  std::map<std::string, Pending> pending_;
  std::map<std::string, int32_t> indices_;
  std::map<std::string, Narrow> narrow_;
  int64_t num_names_ = 0;
};

}  // namespace penstock::model::tflite
