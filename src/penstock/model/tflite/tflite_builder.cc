#include "penstock/model/tflite/tflite_builder.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "penstock/model/tflite/half_float.h"

namespace penstock::model::tflite {
namespace {

TensorType TypeOf(Element element) {
  switch (element) {
    case Element::kBoolean:
      return TensorType::kBool;
    case Element::kInteger:
      return TensorType::kInt32;
    default:
      return TensorType::kFloat32;
  }
}

/// None: TFLite has no such operator on floats.
std::optional<OperatorCode> CodeOf(TensorOp op) {
  switch (op) {
    case TensorOp::kNot:
      return OperatorCode::kNot;
    case TensorOp::kNegate:
      return OperatorCode::kNegate;
    case TensorOp::kAbsolute:
      return OperatorCode::kAbsolute;
    case TensorOp::kLog:
      return OperatorCode::kLog;
    case TensorOp::kExp:
      return OperatorCode::kExp;
    case TensorOp::kSqrt:
      return OperatorCode::kSqrt;
    case TensorOp::kFloor:
      return OperatorCode::kFloor;
    case TensorOp::kCeil:
      return OperatorCode::kCeil;
    case TensorOp::kRound:
      return OperatorCode::kRound;
    case TensorOp::kSin:
      return OperatorCode::kSin;
    case TensorOp::kCos:
      return OperatorCode::kCos;
    case TensorOp::kSigmoid:
      return OperatorCode::kLogistic;
    case TensorOp::kTanh:
      return OperatorCode::kTanh;
    case TensorOp::kRelu:
      return OperatorCode::kRelu;
    case TensorOp::kAdd:
      return OperatorCode::kAdd;
    case TensorOp::kSubtract:
      return OperatorCode::kSubtract;
    case TensorOp::kMultiply:
      return OperatorCode::kMultiply;
    case TensorOp::kDivide:
      return OperatorCode::kDivide;
    case TensorOp::kPower:
      return OperatorCode::kPower;
    case TensorOp::kLess:
      return OperatorCode::kLess;
    case TensorOp::kLessOrEqual:
      return OperatorCode::kLessEqual;
    case TensorOp::kGreater:
      return OperatorCode::kGreater;
    case TensorOp::kGreaterOrEqual:
      return OperatorCode::kGreaterEqual;
    case TensorOp::kEqual:
      return OperatorCode::kEqual;
    case TensorOp::kAnd:
      return OperatorCode::kAnd;
    case TensorOp::kOr:
      return OperatorCode::kOr;
    default:
      return std::nullopt;
  }
}

bool IsPredicate(TensorOp op) { return op >= TensorOp::kLess && op <= TensorOp::kOr; }

template <class T>
std::string Bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

bool Builder::Has(TensorOp op, Element element) const {
  return element != Element::kText && element != Element::kUnsigned && CodeOf(op).has_value();
}

int32_t Builder::AddTensor(FileTensor tensor) {
  graph_.tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(graph_.tensors.size()) - 1;
}

Result<OptionalTensor> Builder::Input(const transform::InputColumn& column) {
  if (column.is_list || column.type == transform::ValueType::kText) {
    return Unimplemented("its column '{}' is {}, and TFLite computes on numbers", column.name,
                         column.is_list ? "of lists" : "text");
  }
  const int32_t index = AddTensor({column.name, TensorType::kFloat32, {-1, 1}, "", {}});
  graph_.inputs.emplace_back(column.name, index);
  const Tensor value{"input/" + column.name, Element::kNumber, 1, false};
  indices_[value.name] = index;
  return OptionalTensor{value, Apply(TensorOp::kEqual, value, value)};
}

void Builder::Output(const Tensor& value, const std::string& name) {
  graph_.outputs.emplace_back(name, IndexOf(value));
}

Tensor Builder::Keep(Pending constant) {
  const Tensor kept{"constant/" + std::to_string(++num_names_), constant.element, constant.width, true};
  pending_.emplace(kept.name, std::move(constant));
  return kept;
}

int32_t Builder::AddConstant(const Pending& constant, std::vector<int32_t> shape) {
  FileTensor tensor{
      "penstock/" + std::to_string(++num_names_), TypeOf(constant.element), std::move(shape), "", {}};
  if (constant.element == Element::kBoolean) {
    for (const int32_t value : constant.integers) tensor.bytes += static_cast<char>(value);
  } else {
    tensor.bytes = constant.element == Element::kInteger ? Bytes(constant.integers) : Bytes(constant.floats);
  }
  return AddTensor(std::move(tensor));
}

int32_t Builder::IndexOf(const Tensor& x) {
  const auto known = indices_.find(x.name);
  if (known != indices_.end()) return known->second;
  if (const auto narrow = narrow_.find(x.name); narrow != narrow_.end()) {
    const int32_t wide = AddTensor({"penstock/" + std::to_string(++num_names_),
                                    TensorType::kFloat32,
                                    {-1, static_cast<int32_t>(x.width)},
                                    "",
                                    {}});
    graph_.operators.push_back({OperatorCode::kDequantize, {narrow->second.index}, {wide}});
    return indices_[x.name] = wide;
  }
  const Pending& constant = pending_.at(x.name);
  return indices_[x.name] = AddConstant(
             constant, {static_cast<int32_t>(constant.rows), static_cast<int32_t>(constant.width)});
}

int32_t Builder::Places(const std::vector<int32_t>& values) {
  return AddConstant({Element::kInteger, 1, 0, {}, values}, {static_cast<int32_t>(values.size())});
}

Tensor Builder::Add(OperatorCode code, const std::vector<int32_t>& inputs, Element element, int64_t width,
                    bool is_constant) {
  const Tensor made{"value/" + std::to_string(++num_names_), element, width, is_constant};
  const int32_t index = AddTensor({"penstock/" + std::to_string(num_names_),
                                   TypeOf(element),
                                   {is_constant ? 1 : -1, static_cast<int32_t>(width)},
                                   "",
                                   {}});
  indices_[made.name] = index;
  graph_.operators.push_back({code, inputs, {index}});
  return made;
}

Tensor Builder::Apply(TensorOp op, const Tensor& x) {
  return Add(*CodeOf(op), {IndexOf(x)}, x.element, x.width, x.is_constant);
}

Tensor Builder::Apply(TensorOp op, const Tensor& x, const Tensor& y) {
  return Add(*CodeOf(op), {IndexOf(x), IndexOf(y)}, IsPredicate(op) ? Element::kBoolean : x.element,
             std::max(x.width, y.width), x.is_constant && y.is_constant);
}

Tensor Builder::Where(const Tensor& condition, const Tensor& then, const Tensor& otherwise) {
  return Add(OperatorCode::kSelect, {IndexOf(condition), IndexOf(then), IndexOf(otherwise)}, then.element,
             std::max({condition.width, then.width, otherwise.width}),
             condition.is_constant && then.is_constant && otherwise.is_constant);
}

Tensor Builder::Cast(const Tensor& x, Element element) {
  if (TypeOf(x.element) == TypeOf(element)) {
    Tensor same = x;
    same.element = element;
    return same;
  }
  return Add(OperatorCode::kCast, {IndexOf(x)}, element, x.width, x.is_constant);
}

int32_t Builder::Weights(const std::vector<float>& values, int32_t rows, int32_t width, bool is_per_row) {
  FileTensor tensor{"penstock/" + std::to_string(++num_names_), TensorType::kFloat32, {rows, width}, "", {}};
  if (quantization_ == TfliteQuantization::kNone) {
    tensor.bytes = Bytes(values);
    return AddTensor(std::move(tensor));
  }
  if (quantization_ == TfliteQuantization::kFloat16) {
    tensor.type = TensorType::kFloat16;
    std::vector<uint16_t> halves;
    for (const float value : values) halves.push_back(ToHalf(value));
    tensor.bytes = Bytes(halves);
  } else {
    tensor.type = TensorType::kInt8;
    const size_t num_scales = is_per_row ? static_cast<size_t>(rows) : 1, each = values.size() / num_scales;
    for (size_t i = 0; i < num_scales; ++i) {
      float largest = 0;
      for (size_t j = 0; j < each; ++j) largest = std::max(largest, std::abs(values[i * each + j]));
      tensor.scales.push_back(largest > 0 ? largest / 127 : 1.0f);
      for (size_t j = 0; j < each; ++j)
        tensor.bytes += static_cast<char>(static_cast<int8_t>(
            std::clamp(std::nearbyint(values[i * each + j] / tensor.scales[i]), -127.0f, 127.0f)));
    }
  }
  const int32_t narrow = AddTensor(std::move(tensor));
  const int32_t wide =
      AddTensor({"penstock/" + std::to_string(++num_names_), TensorType::kFloat32, {rows, width}, "", {}});
  graph_.operators.push_back({OperatorCode::kDequantize, {narrow}, {wide}});
  return wide;
}

Tensor Builder::MatrixProduct(const Tensor& x, const Tensor& matrix) {
  const Pending& weights = pending_.at(matrix.name);
  // TFLite's dense layer has a row for each output.
  std::vector<float> turned(weights.floats.size());
  for (int64_t i = 0; i < weights.rows; ++i) {
    for (int64_t j = 0; j < weights.width; ++j)
      turned[static_cast<size_t>(j * weights.rows + i)] =
          weights.floats[static_cast<size_t>(i * weights.width + j)];
  }
  const int32_t index =
      Weights(turned, static_cast<int32_t>(weights.width), static_cast<int32_t>(weights.rows), true);
  return Add(OperatorCode::kFullyConnected, {IndexOf(x), index, -1}, Element::kFloat, weights.width,
             x.is_constant);
}

int32_t Builder::AddNarrow(int64_t width, Steps steps) {
  return AddTensor({"penstock/" + std::to_string(++num_names_),
                    TensorType::kInt8,
                    {-1, static_cast<int32_t>(width)},
                    "",
                    {steps.scale},
                    steps.zero_point});
}

Builder::Narrow Builder::NarrowOf(const Tensor& x, const ValueRange& range) {
  const auto known = narrow_.find(x.name);
  if (known != narrow_.end()) return known->second;
  const Steps steps = StepsOf(range);
  const int32_t wide = IndexOf(x);
  const Narrow made{AddNarrow(x.width, steps), steps};
  graph_.operators.push_back({OperatorCode::kQuantize, {wide}, {made.index}});
  return narrow_.emplace(x.name, made).first->second;
}

Tensor Builder::Dense(const Tensor& x, const DenseTensors& layer) {
  if (layer.inputs == nullptr) return TensorBuilder::Dense(x, layer);
  const Pending& weights = pending_.at(layer.weights.name);
  const std::vector<float> biases = layer.bias.exists()
                                        ? pending_.at(layer.bias.name).floats
                                        : std::vector<float>(static_cast<size_t>(weights.width), 0.0f);
  const Narrow input = NarrowOf(x, *layer.inputs);
  const QuantizedDense dense = QuantizeDense(weights.floats, biases, input.steps, *layer.outputs);
  const auto width = static_cast<int32_t>(weights.width);
  const int32_t weights_at = AddTensor({"penstock/" + std::to_string(++num_names_),
                                        TensorType::kInt8,
                                        {width, static_cast<int32_t>(weights.rows)},
                                        Bytes(dense.weights),
                                        dense.weight_scales});
  const int32_t biases_at = AddTensor({"penstock/" + std::to_string(++num_names_),
                                       TensorType::kInt32,
                                       {width},
                                       Bytes(dense.biases),
                                       dense.bias_scales});
  Narrow output{AddNarrow(width, dense.outputs), dense.outputs};
  graph_.operators.push_back(
      {OperatorCode::kFullyConnected, {input.index, weights_at, biases_at}, {output.index}});
  graph_.operators.back().has_relu = layer.activation == TensorOp::kRelu;
  if (layer.activation == TensorOp::kTanh) {
    // The only steps that the format lets a tanh end in.
    const Steps steps{1.0f / 128, 0};
    const Narrow bent{AddNarrow(width, steps), steps};
    graph_.operators.push_back({OperatorCode::kTanh, {output.index}, {bent.index}});
    output = bent;
  }
  const Tensor made{"value/" + std::to_string(++num_names_), Element::kFloat, width, false};
  narrow_.emplace(made.name, output);
  return made;
}

Tensor Builder::Reduce(OperatorCode code, const Tensor& x) {
  return Add(code, {IndexOf(x), Places({1})}, x.element, 1, x.is_constant);
}

Tensor Builder::Sum(const Tensor& x) { return Reduce(OperatorCode::kSum, x); }
Tensor Builder::Mean(const Tensor& x) { return Reduce(OperatorCode::kMean, x); }

Tensor Builder::Softmax(const Tensor& x) {
  return Add(OperatorCode::kSoftmax, {IndexOf(x)}, x.element, x.width, x.is_constant);
}

Tensor Builder::Columns(const Tensor& matrix, const std::vector<int64_t>& columns) {
  const std::vector<int32_t> places(columns.begin(), columns.end());
  const Tensor picked = Add(OperatorCode::kGather, {IndexOf(matrix), Places(places)}, matrix.element,
                            static_cast<int64_t>(columns.size()), matrix.is_constant);
  graph_.operators.back().axis = 1;
  return picked;
}

Tensor Builder::Concatenate(const std::vector<Tensor>& parts) {
  if (parts.size() == 1) return parts[0];
  std::vector<int32_t> inputs;
  int64_t width = 0;
  for (const Tensor& part : parts) {
    inputs.push_back(IndexOf(part));
    width += part.width;
  }
  const Tensor whole = Add(OperatorCode::kConcatenation, inputs, parts[0].element, width, false);
  graph_.operators.back().axis = 1;
  return whole;
}

Tensor Builder::Rows(const Tensor& table, const Tensor& ids) {
  const Tensor flat = Add(OperatorCode::kReshape, {IndexOf(ids), Places({-1})}, ids.element, 1, false);
  graph_.tensors.back().shape = {-1};
  const Pending& rows = pending_.at(table.name);
  const int32_t weights =
      Weights(rows.floats, static_cast<int32_t>(rows.rows), static_cast<int32_t>(rows.width), false);
  return Add(OperatorCode::kGather, {weights, IndexOf(flat)}, table.element, table.width, false);
}

Tensor Builder::Elements(const Tensor& list, const Tensor& ids) {
  const Pending& values = pending_.at(list.name);
  int32_t& index = indices_["flat/" + list.name];
  if (index == 0) index = AddConstant(values, {static_cast<int32_t>(values.width)});
  const int32_t flat = index;
  return Add(OperatorCode::kGather, {flat, IndexOf(ids)}, list.element, ids.width, ids.is_constant);
}

Tensor Builder::Pick(const Tensor& matrix, const Tensor& ids) {
  const Tensor picked = Add(OperatorCode::kGather, {IndexOf(matrix), IndexOf(ids)}, matrix.element, ids.width,
                            matrix.is_constant);
  graph_.operators.back().axis = 1;
  graph_.operators.back().batch_dims = 1;
  return picked;
}

Tensor Builder::Numbers(const std::vector<double>& values) {
  Pending constant{Element::kNumber, 1, static_cast<int64_t>(values.size()), {}, {}};
  for (const double value : values) constant.floats.push_back(static_cast<float>(value));
  return Keep(std::move(constant));
}

Tensor Builder::Floats(const std::vector<float>& values, int64_t rows) {
  const int64_t width = static_cast<int64_t>(values.size()) / std::max<int64_t>(rows, 1);
  return Keep({Element::kFloat, rows, width, values, {}});
}

Tensor Builder::Integers(const std::vector<int64_t>& values) {
  return Keep({Element::kInteger,
               1,
               static_cast<int64_t>(values.size()),
               {},
               std::vector<int32_t>(values.begin(), values.end())});
}

Tensor Builder::Booleans(const std::vector<bool>& values) {
  return Keep({Element::kBoolean,
               1,
               static_cast<int64_t>(values.size()),
               {},
               std::vector<int32_t>(values.begin(), values.end())});
}

// Has() says no to what would need these.
Tensor Builder::Unsigned(uint64_t value) { return Numbers({static_cast<double>(value)}); }
Tensor Builder::Text(const std::string&) { return Keep({Element::kText, 1, 1, {0}, {}}); }

}  // namespace penstock::model::tflite
