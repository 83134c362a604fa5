#include "penstock/model/lowering/network_lowering.h"

#include <limits>

namespace penstock::model {
namespace {

/// The parts of a network one after the other.
class NetworkWriter {
 public:
  NetworkWriter(const Network& network, const Tensor& matrix, const ActivationRanges* ranges,
                TensorBuilder& builder)
      : network_(network),
        shape_(network.shape()),
        layout_(network.layout()),
        matrix_(matrix),
        ranges_(ranges),
        builder_(builder) {}

  Tensor Margins() {
    Tensor numbers;
    if (!shape_.numbers.empty()) numbers = Numbers(shape_.numbers);
    for (const IdInput& input : shape_.ids) ids_.push_back(Ids(input));
    Tensor sum = shape_.has_wide ? Wide(numbers) : Block(layout_.bias);
    if (shape_.has_deep) sum = Apply(TensorOp::kAdd, sum, Deep(numbers));
    if (sum.is_constant) {
      // The bias alone does not know how many examples there are.
      const Tensor any = builder_.Columns(matrix_, {0});
      sum = builder_.Where(Apply(TensorOp::kEqual, any, any), sum, sum);
    }
    if (shape_.link == NetworkLink::kReconstructionError) {
      const Tensor difference = Apply(TensorOp::kSubtract, sum, numbers);
      return builder_.Mean(Apply(TensorOp::kMultiply, difference, difference));
    }
    sum = Apply(TensorOp::kMultiply, sum, builder_.Float(shape_.output_scale));
    return Apply(TensorOp::kAdd, sum, builder_.Float(shape_.output_shift));
  }

 private:
  Tensor Apply(TensorOp op, const Tensor& x, const Tensor& y) { return builder_.Apply(op, x, y); }
  Tensor Block(const ParameterBlock& block) {
    const float* first = network_.parameters().data() + block.offset;
    return builder_.Floats({first, first + block.size()}, block.rows);
  }
  /// As the network computes with it: the norms are multiplied in.
  Tensor Folded(const ParameterBlock& block) {
    const float* first = network_.folded_parameters().data() + block.offset;
    return builder_.Floats({first, first + block.size()}, block.rows);
  }
  const ValueRange* Range(const ValueRange ActivationRanges::*part) const {
    return ranges_ == nullptr ? nullptr : &(ranges_->*part);
  }
  Tensor IsThere(const Tensor& x) { return Apply(TensorOp::kEqual, x, x); }

  /// Standardised numbers and indicators, as InputEncoder has them.
  Tensor Numbers(const std::vector<NumberInput>& inputs) {
    std::vector<int64_t> columns;
    std::vector<float> means, scales;
    std::vector<bool> indicators;
    for (const NumberInput& input : inputs) {
      columns.push_back(input.column);
      means.push_back(input.is_indicator ? 0 : input.mean);
      scales.push_back(input.is_indicator ? 1 : input.scale);
      indicators.push_back(input.is_indicator);
    }
    const Tensor x = builder_.Columns(matrix_, columns);
    const Tensor is_there = IsThere(x);
    Tensor standard = Apply(TensorOp::kSubtract, x, builder_.Floats(means, 1));
    standard = Apply(TensorOp::kMultiply, standard, builder_.Floats(scales, 1));
    const Tensor limit = builder_.Float(kStandardLimit), below = builder_.Float(-kStandardLimit);
    standard = builder_.Where(Apply(TensorOp::kGreater, standard, limit), limit, standard);
    standard = builder_.Where(Apply(TensorOp::kLess, standard, below), below, standard);
    standard = builder_.Where(is_there, standard, builder_.Float(0));
    const Tensor missing = builder_.Cast(builder_.Apply(TensorOp::kNot, is_there), Element::kFloat);
    return builder_.Where(builder_.Booleans(indicators), missing, standard);
  }

  /// kInteger, [examples, 1].
  Tensor Ids(const IdInput& input) {
    if (input.source == IdInput::Source::kCross) return Cross(input);
    const Tensor last = builder_.Float(static_cast<float>(input.num_ids - 1));
    const Tensor x = builder_.Columns(matrix_, {input.column});
    Tensor id;
    if (input.source == IdInput::Source::kCategory) {
      const Tensor is_known = Apply(TensorOp::kAnd, Apply(TensorOp::kGreaterOrEqual, x, builder_.Float(0)),
                                    Apply(TensorOp::kLess, x, last));
      id = builder_.Where(is_known, x, last);
    } else {
      Tensor bucket = builder_.Float(0);
      if (!input.boundaries.empty()) {
        const Tensor above = Apply(TensorOp::kGreaterOrEqual, x, builder_.Floats(input.boundaries, 1));
        bucket = builder_.Sum(builder_.Cast(above, Element::kFloat));
      }
      id = builder_.Where(IsThere(x), bucket, last);
    }
    return builder_.Cast(id, Element::kInteger);
  }

  /// InputEncoder's hash: products wrap round, shifts are of unsigned numbers.
  Tensor Cross(const IdInput& input) {
    const auto fold = [this](const Tensor& hash) {
      return Apply(TensorOp::kExclusiveOr, hash, Apply(TensorOp::kShiftRight, hash, builder_.Unsigned(33)));
    };
    Tensor hash = builder_.Unsigned(0xcbf29ce484222325u);
    for (const int32_t other : input.crossed) {
      const Tensor id = builder_.Cast(ids_[static_cast<size_t>(other)], Element::kUnsigned);
      hash = Apply(TensorOp::kExclusiveOr, hash, id);
      hash = Apply(TensorOp::kMultiply, hash, builder_.Unsigned(0x100000001b3u));
    }
    hash = fold(Apply(TensorOp::kMultiply, fold(hash), builder_.Unsigned(0xff51afd7ed558ccdu)));
    hash = Apply(TensorOp::kModulo, hash, builder_.Unsigned(static_cast<uint64_t>(input.num_ids)));
    return builder_.Cast(hash, Element::kInteger);
  }

  Tensor Wide(const Tensor& numbers) {
    Tensor sum = Block(layout_.bias);
    if (numbers.exists())
      sum = builder_.Dense(numbers, {Block(layout_.wide_numbers),
                                     sum,
                                     {},
                                     Range(&ActivationRanges::numbers),
                                     Range(&ActivationRanges::wide)});
    for (size_t i = 0; i < ids_.size(); ++i) {
      if (layout_.wide_tables[i].rows > 0)
        sum = Apply(TensorOp::kAdd, sum, builder_.Rows(Block(layout_.wide_tables[i]), ids_[i]));
    }
    return sum;
  }

  const ValueRange* Outputs(size_t layer) const {
    return ranges_ == nullptr ? nullptr : &ranges_->layers[layer];
  }

  Tensor Deep(const Tensor& numbers) {
    std::vector<Tensor> parts;
    if (numbers.exists()) parts.push_back(numbers);
    for (size_t i = 0; i < ids_.size(); ++i) {
      if (layout_.embeddings[i].rows > 0)
        parts.push_back(builder_.Rows(Block(layout_.embeddings[i]), ids_[i]));
    }
    if (!shape_.series.empty()) parts.push_back(Recurrent());
    Tensor x = builder_.Concatenate(parts);
    for (size_t i = 0; i < layout_.layers.size(); ++i) {
      const NetworkLayout::Layer& layer = layout_.layers[i];
      const bool is_relu = shape_.layers[i].activation == Activation::kRelu;
      x = builder_.Dense(
          x, {Folded(layer.weights), Folded(layer.bias), is_relu ? TensorOp::kRelu : TensorOp::kTanh,
              i == 0 ? Range(&ActivationRanges::deep_input) : Outputs(i - 1), Outputs(i)});
    }
    const size_t last = layout_.layers.size();
    return builder_.Dense(x, {Block(layout_.output_weights),
                              {},
                              {},
                              last == 0 ? Range(&ActivationRanges::deep_input) : Outputs(last - 1),
                              Range(&ActivationRanges::deep)});
  }

  /// The steps one after the other: every runtime has these operators, and series here are short.
  Tensor Recurrent() {
    const int64_t width = shape_.recurrent_width;
    const Tensor series = Numbers(shape_.series);
    const Tensor input_weights = Block(layout_.recurrent_input),
                 state_weights = Block(layout_.recurrent_state), bias = Block(layout_.recurrent_bias);
    Tensor cell, state;
    for (int64_t step = 0; step < shape_.num_steps(); ++step) {
      std::vector<int64_t> columns;
      for (int64_t c = 0; c < shape_.num_channels; ++c) columns.push_back(step * shape_.num_channels + c);
      Tensor gates = Apply(TensorOp::kAdd,
                           builder_.MatrixProduct(builder_.Columns(series, columns), input_weights), bias);
      if (state.exists()) gates = Apply(TensorOp::kAdd, gates, builder_.MatrixProduct(state, state_weights));
      const auto gate = [&](int64_t index, TensorOp activation) {
        std::vector<int64_t> picked;
        for (int64_t j = 0; j < width; ++j) picked.push_back(index * width + j);
        return builder_.Apply(activation, builder_.Columns(gates, picked));
      };
      const Tensor fresh = Apply(TensorOp::kMultiply, gate(0, TensorOp::kSigmoid), gate(2, TensorOp::kTanh));
      cell = cell.exists()
                 ? Apply(TensorOp::kAdd, Apply(TensorOp::kMultiply, gate(1, TensorOp::kSigmoid), cell), fresh)
                 : fresh;
      state = Apply(TensorOp::kMultiply, gate(3, TensorOp::kSigmoid), builder_.Apply(TensorOp::kTanh, cell));
    }
    return state;
  }

  const Network& network_;
  const NetworkShape& shape_;
  const NetworkLayout& layout_;
  const Tensor matrix_;
  const ActivationRanges* const ranges_;
  TensorBuilder& builder_;
  std::vector<Tensor> ids_;
};

}  // namespace

Result<Tensor> LowerNetwork(const Network& network, const Tensor& matrix, TensorBuilder& builder,
                            const ActivationRanges* ranges) {
  for (const IdInput& input : network.shape().ids) {
    if (input.num_ids > (1 << std::numeric_limits<float>::digits))
      return Unimplemented("A table of {} ids is larger than what float columns count to", input.num_ids);
    if (input.source == IdInput::Source::kCross && !builder.Has(TensorOp::kExclusiveOr, Element::kUnsigned))
      return Unimplemented(
          "The crosses of this network cannot be exported: {} has no operators for their hash",
          builder.format());
  }
  return NetworkWriter(network, matrix, ranges, builder).Margins();
}

}  // namespace penstock::model
