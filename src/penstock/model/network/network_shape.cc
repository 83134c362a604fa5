#include "penstock/model/network/network_shape.h"

#include <cmath>

namespace penstock::model {
namespace {

constexpr int64_t kMaxWidth = 1 << 16;
constexpr size_t kMaxInputs = 1 << 20;
constexpr size_t kMaxLayers = 64;

Status CheckNumbers(const std::vector<NumberInput>& numbers, int32_t num_columns) {
  if (numbers.size() > kMaxInputs)
    return DataLoss("The network has too many inputs: {} (at most {})", numbers.size(), kMaxInputs);
  for (const NumberInput& number : numbers) {
    if (number.column < 0 || number.column >= num_columns)
      return DataLoss("A network reads a column that does not exist: {} of {}", number.column, num_columns);
    if (!std::isfinite(number.mean) || !std::isfinite(number.scale))
      return DataLoss("A network standardises column {} by a number that is not finite", number.column);
  }
  return OkStatus();
}

Status CheckIds(const NetworkShape& shape, size_t index) {
  const IdInput& input = shape.ids[index];
  if (input.num_ids < 1 || input.num_ids > (1 << 28) || input.embedding_width < 0 ||
      input.embedding_width > kMaxWidth) {
    return DataLoss("Id input {} of the network has a table of {} x {}", index, input.num_ids,
                    input.embedding_width);
  }
  if (input.source == IdInput::Source::kCross) {
    if (input.crossed.size() < 2 || input.crossed.size() > 8)
      return DataLoss("Id input {} of the network crosses {} others; 2 to 8 can be", index,
                      input.crossed.size());
    for (int32_t other : input.crossed) {
      if (other < 0 || other >= static_cast<int32_t>(index) ||
          shape.ids[static_cast<size_t>(other)].source == IdInput::Source::kCross)
        return DataLoss("Id input {} of the network crosses input {}, which cannot be crossed", index, other);
    }
    return OkStatus();
  }
  if (input.column < 0 || input.column >= shape.num_columns)
    return DataLoss("A network reads a column that does not exist: {} of {}", input.column,
                    shape.num_columns);
  if (input.source != IdInput::Source::kBuckets) return OkStatus();
  if (static_cast<int64_t>(input.boundaries.size()) != input.num_ids - 2)
    return DataLoss("Id input {} of the network has {} boundaries for {} ids", index, input.boundaries.size(),
                    input.num_ids);
  for (size_t i = 0; i < input.boundaries.size(); ++i) {
    if (!std::isfinite(input.boundaries[i]) || (i > 0 && !(input.boundaries[i - 1] < input.boundaries[i])))
      return DataLoss("Id input {} of the network has boundaries that do not rise", index);
  }
  return OkStatus();
}

Status CheckDeep(const NetworkShape& shape) {
  if (shape.layers.size() > kMaxLayers)
    return DataLoss("The network has {} layers, at most {} are read", shape.layers.size(), kMaxLayers);
  for (const DenseLayer& layer : shape.layers) {
    if (layer.width < 1 || layer.width > kMaxWidth)
      return DataLoss("A layer of the network is {} wide; 1 to {} can be", layer.width, kMaxWidth);
  }
  const bool has_series = !shape.series.empty();
  const bool fits = shape.num_channels >= 1 && shape.num_channels <= kMaxWidth &&
                    shape.recurrent_width >= 1 && shape.recurrent_width <= kMaxWidth;
  if (has_series ? !fits || shape.series.size() % static_cast<size_t>(shape.num_channels) != 0
                 : shape.num_channels != 0 || shape.recurrent_width != 0)
    return DataLoss("The series of the network has {} numbers for {} channels and a state of {}",
                    shape.series.size(), shape.num_channels, shape.recurrent_width);
  if (!shape.has_deep && (has_series || !shape.layers.empty()))
    return DataLoss("The network has layers but no deep part");
  return OkStatus();
}

}  // namespace

int64_t NetworkShape::deep_width() const {
  auto width = static_cast<int64_t>(numbers.size()) + recurrent_width;
  for (const IdInput& input : ids) width += input.embedding_width;
  return width;
}

Status NetworkShape::Check() const {
  if (num_columns < 0) return DataLoss("The network has a negative number of columns: {}", num_columns);
  PENSTOCK_RETURN_IF_ERROR(CheckNumbers(numbers, num_columns));
  PENSTOCK_RETURN_IF_ERROR(CheckNumbers(series, num_columns));
  if (ids.size() > kMaxInputs)
    return DataLoss("The network has too many inputs: {} (at most {})", ids.size(), kMaxInputs);
  for (size_t i = 0; i < ids.size(); ++i) PENSTOCK_RETURN_IF_ERROR(CheckIds(*this, i));
  PENSTOCK_RETURN_IF_ERROR(CheckDeep(*this));
  const bool has_classes = link == NetworkLink::kLogistic || link == NetworkLink::kSoftmax;
  const int64_t wanted = link == NetworkLink::kReconstructionError ? static_cast<int64_t>(numbers.size())
                         : has_classes                             ? std::clamp(num_outputs, 1, kMaxClasses)
                                                                   : 1;
  if (num_outputs != wanted || num_outputs < 1)
    return DataLoss("The network has {} outputs where {} are wanted", num_outputs, wanted);
  if (!std::isfinite(output_scale) || !std::isfinite(output_shift))
    return DataLoss("The network scales its output by a number that is not finite");
  if (!has_wide && !has_deep) return DataLoss("The network has neither a wide nor a deep part");
  // Each factor is bounded above, so that no product below overflows.
  int64_t size = num_outputs * (1 + static_cast<int64_t>(numbers.size()));
  for (const IdInput& input : ids) {
    size += static_cast<int64_t>(input.num_ids) * (input.embedding_width + num_outputs);
    if (size > NetworkLayout::kMaxParameters) break;
  }
  int64_t width = deep_width();
  for (const DenseLayer& layer : layers) {
    size += (width + 5) * layer.width;
    width = layer.width;
    if (size > NetworkLayout::kMaxParameters) break;
  }
  size += width * num_outputs + 4 * int64_t{recurrent_width} * (num_channels + recurrent_width + 1);
  if (size > NetworkLayout::kMaxParameters)
    return DataLoss("The network has more than {} parameters", NetworkLayout::kMaxParameters);
  return OkStatus();
}

NetworkLayout::NetworkLayout(const NetworkShape& shape) {
  const auto take = [this](int64_t rows, int64_t columns) {
    const ParameterBlock block{num_parameters, rows, columns};
    num_parameters += rows * columns;
    return block;
  };
  const int64_t num_outputs = shape.num_outputs;
  bias = take(1, num_outputs);
  if (shape.has_wide) wide_numbers = take(static_cast<int64_t>(shape.numbers.size()), num_outputs);
  if (shape.has_deep) {
    if (!shape.series.empty()) {
      const int64_t gates = int64_t{4} * shape.recurrent_width;
      recurrent_input = take(shape.num_channels, gates);
      recurrent_state = take(shape.recurrent_width, gates);
      recurrent_bias = take(1, gates);
    }
    int64_t width = shape.deep_width();
    for (const DenseLayer& layer : shape.layers) {
      Layer& blocks = layers.emplace_back();
      blocks.weights = take(width, layer.width);
      blocks.bias = take(1, layer.width);
      if (layer.has_norm) {
        blocks.norm_scale = take(1, layer.width);
        blocks.norm_shift = take(1, layer.width);
      }
      width = layer.width;
    }
    output_weights = take(width, num_outputs);
  }
  num_trained_dense = num_parameters;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!shape.layers[i].has_norm) continue;
    layers[i].norm_mean = take(1, shape.layers[i].width);
    layers[i].norm_variance = take(1, shape.layers[i].width);
  }
  num_dense = num_parameters;
  for (const IdInput& input : shape.ids) {
    const bool is_wide = shape.has_wide && input.is_wide;
    const bool is_deep = shape.has_deep && input.embedding_width > 0;
    wide_tables.push_back(is_wide ? take(input.num_ids, num_outputs) : ParameterBlock{});
    embeddings.push_back(is_deep ? take(input.num_ids, input.embedding_width) : ParameterBlock{});
  }
}

}  // namespace penstock::model
