#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/network/activation_ranges.h"
#include "penstock/model/tree_ensemble.h"
#include "penstock/transform/feature_schema.h"
#include "penstock/transform/program.h"

namespace penstock::model {

/// What the values of a tensor are while a model is written in another runtime's operators.
enum class Element : uint8_t {
  kBoolean,
  kText,
  kNumber,   ///< A double, or a float where the format computes in no doubles. Integers are these too.
  kFloat,    ///< Features and what a learner makes of them.
  kInteger,  ///< Places in tables, and hashes of them.
  kUnsigned,
};

/// What every format has a word for, or refuses (TensorBuilder::Has).
enum class TensorOp : uint8_t {
  // clang-format off
  kNot, kNegate, kAbsolute, kLog, kLog1p, kExp, kExpm1, kSqrt, kFloor, kCeil, kRound, kSign, kSin, kCos, kTan,
  kErf, kSigmoid, kTanh, kRelu,
  kAdd, kSubtract, kMultiply, kDivide, kPower, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kEqual, kAnd,
  kOr, kExclusiveOr, kShiftRight, kModulo,
  // clang-format on
};

/// A value of the graph that is being written: [examples, width], or [1, width] where it is the same for all.
struct Tensor {
  std::string name;  ///< The format's; empty: there is none.
  Element element = Element::kNumber;
  int64_t width = 1;
  bool is_constant = false;

  bool exists() const { return !name.empty(); }
};

/// A value of the transform: where `presence` is false the value is anything; without one it is always there.
struct OptionalTensor {
  Tensor value;
  Tensor presence;
};

/// A dense layer: activation(x * weights + bias), of constants.
struct DenseTensors {
  Tensor weights;
  Tensor bias;                         ///< May not exist.
  std::optional<TensorOp> activation;  ///< kRelu, kTanh.
  /// Where x and what comes out (after a relu, before a tanh) were seen to lie; null where nobody looked. Who
  /// computes in integers goes by them.
  const ValueRange* inputs = nullptr;
  const ValueRange* outputs = nullptr;
};

/// Writes a graph in the operators of one format. The lowerings (transform_lowering.h, network_lowering.h,
/// forest_lowering.h) say what to compute, once for all formats; a builder only says how it is spelt.
/// Operands of one width, or of width or row 1 that are spread over the others. Not for concurrent use.
class TensorBuilder {
 public:
  virtual ~TensorBuilder() = default;

  /// "ONNX", "TensorFlow", "TFLite": for messages.
  virtual std::string_view format() const = 0;
  /// Whether kNumber is a double.
  virtual bool has_doubles() const { return true; }
  /// Whether the format computes this on such operands. Nobody asks for what it has not.
  virtual bool Has(TensorOp op, Element element) const = 0;

  /// A raw column. Its text is kText, all others kNumber. kUnimplemented where the format has no such input.
  virtual Result<OptionalTensor> Input(const transform::InputColumn& column) = 0;

  virtual Tensor Apply(TensorOp op, const Tensor& x) = 0;
  virtual Tensor Apply(TensorOp op, const Tensor& x, const Tensor& y) = 0;
  virtual Tensor Where(const Tensor& condition, const Tensor& then, const Tensor& otherwise) = 0;
  virtual Tensor Cast(const Tensor& x, Element element) = 0;
  virtual Tensor MatrixProduct(const Tensor& x, const Tensor& matrix) = 0;
  /// The base form has an operator for each part.
  virtual Tensor Dense(const Tensor& x, const DenseTensors& layer);
  /// Of each row: [examples, 1].
  virtual Tensor Sum(const Tensor& x) = 0;
  virtual Tensor Mean(const Tensor& x) = 0;
  virtual Tensor Softmax(const Tensor& x) = 0;
  /// These columns, in this order.
  virtual Tensor Columns(const Tensor& matrix, const std::vector<int64_t>& columns) = 0;
  virtual Tensor Concatenate(const std::vector<Tensor>& parts) = 0;
  /// The rows of a constant table that kInteger ids [examples, 1] pick.
  virtual Tensor Rows(const Tensor& table, const Tensor& ids) = 0;
  /// For each of the ids [examples, k], the element of a constant [1, m] there.
  virtual Tensor Elements(const Tensor& list, const Tensor& ids) = 0;
  /// For each of the ids [examples, k], what is in that column of the example's row.
  virtual Tensor Pick(const Tensor& matrix, const Tensor& ids) = 0;

  /// Constants of `rows` rows. Integers are kInteger.
  virtual Tensor Numbers(const std::vector<double>& values) = 0;
  virtual Tensor Floats(const std::vector<float>& values, int64_t rows) = 0;
  virtual Tensor Integers(const std::vector<int64_t>& values) = 0;
  virtual Tensor Unsigned(uint64_t value) = 0;
  virtual Tensor Booleans(const std::vector<bool>& values) = 0;
  virtual Tensor Text(const std::string& value) = 0;
  Tensor Number(double value) { return Numbers({value}); }
  Tensor Float(float value) { return Floats({value}, 1); }

  /// kNumber: the place of a text in a vocabulary, or `unknown`. kUnimplemented says what the format cannot.
  virtual Result<Tensor> Lookup(const Tensor& text, const transform::Vocabulary& vocabulary, Tensor unknown);
  /// A function of text, given that its inputs are there. kUnimplemented where the format has none.
  virtual Result<OptionalTensor> TextFunction(const transform::Node& node, std::span<const Tensor> inputs);
  /// The sums of the trees, as floats, one an output; the base form walks all trees at once, a level a step.
  virtual Result<Tensor> Forest(const TreeEnsemble& forest, const Tensor& matrix);
};

}  // namespace penstock::model
