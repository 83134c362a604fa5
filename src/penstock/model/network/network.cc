#include "penstock/model/network/network.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "penstock/model/network/multiply_add.h"

namespace penstock::model {
namespace {

// Rows that go through all layers together: their values stay in the first-level caches.
constexpr int64_t kBlockRows = 32;

void AddBias(const float* bias, int64_t width, int64_t num_rows, float* into) {
  for (int64_t row = 0; row < num_rows; ++row) std::copy(bias, bias + width, into + row * width);
}

void Activate(Activation activation, int64_t size, float* values) {
  if (activation == Activation::kTanh) {
    for (int64_t i = 0; i < size; ++i) values[i] = std::tanh(values[i]);
  } else {
    for (int64_t i = 0; i < size; ++i) values[i] = values[i] > 0 ? values[i] : 0;
  }
}

float Sigmoid(float value) { return 1 / (1 + std::exp(-value)); }

}  // namespace

void StepRecurrent(int64_t width, float* gates, float* cell, float* state) {
  for (int64_t i = 0; i < width; ++i) {
    const float input = gates[i] = Sigmoid(gates[i]);
    const float forget = gates[width + i] = Sigmoid(gates[width + i]);
    const float candidate = gates[2 * width + i] = std::tanh(gates[2 * width + i]);
    const float output = gates[3 * width + i] = Sigmoid(gates[3 * width + i]);
    cell[i] = forget * cell[i] + input * candidate;
    state[i] = output * std::tanh(cell[i]);
  }
}

Network::Network(NetworkShape shape, std::vector<float> parameters)
    : shape_(std::move(shape)), layout_(shape_), parameters_(std::move(parameters)) {}

Result<Network> Network::Make(NetworkShape shape, std::vector<float> parameters) {
  PENSTOCK_RETURN_IF_ERROR(shape.Check());
  Network network(std::move(shape), std::move(parameters));
  if (static_cast<int64_t>(network.parameters_.size()) != network.layout_.num_parameters) {
    return DataLoss("The network has {} parameters where its shape takes {}", network.parameters_.size(),
                    network.layout_.num_parameters);
  }
  const auto bad = std::find_if_not(network.parameters_.begin(), network.parameters_.end(),
                                    [](float value) { return std::isfinite(value); });
  if (bad != network.parameters_.end())
    return DataLoss("Parameter {} of the network is not finite", bad - network.parameters_.begin());
  network.FoldNorms();
  for (float value : network.folded_) {
    if (!std::isfinite(value)) return DataLoss("A norm of the network has a variance that is not above 0");
  }
  return network;
}

void Network::FoldNorms() {
  folded_.assign(parameters_.begin(), parameters_.begin() + layout_.num_dense);
  for (const NetworkLayout::Layer& layer : layout_.layers) {
    if (layer.norm_scale.size() == 0) continue;
    for (int64_t j = 0; j < layer.weights.columns; ++j) {
      const float variance = parameters_[layer.norm_variance.offset + j];
      const float factor = parameters_[layer.norm_scale.offset + j] / std::sqrt(variance + kNormEpsilon);
      for (int64_t i = 0; i < layer.weights.rows; ++i)
        folded_[layer.weights.offset + i * layer.weights.columns + j] *= factor;
      float& bias = folded_[layer.bias.offset + j];
      bias = (bias - parameters_[layer.norm_mean.offset + j]) * factor +
             parameters_[layer.norm_shift.offset + j];
    }
  }
}

void Network::RunSeries(const EncodedRows& rows, int64_t first, int64_t num_rows, float* states,
                        int64_t stride) const {
  const int64_t width = shape_.recurrent_width, num_gates = 4 * width;
  const auto series_width = static_cast<int64_t>(shape_.series.size());
  std::vector<float> gates(num_rows * num_gates), cells(num_rows * width);
  for (int64_t row = 0; row < num_rows; ++row) std::fill_n(states + row * stride, width, 0.0f);
  for (int64_t step = 0; step < shape_.num_steps(); ++step) {
    AddBias(folded_.data() + layout_.recurrent_bias.offset, num_gates, num_rows, gates.data());
    MultiplyAdd({rows.series.data() + first * series_width + step * shape_.num_channels, series_width},
                folded_.data() + layout_.recurrent_input.offset, num_gates, gates.data(), num_gates, num_rows,
                shape_.num_channels, num_gates);
    MultiplyAdd({states, stride}, folded_.data() + layout_.recurrent_state.offset, num_gates, gates.data(),
                num_gates, num_rows, width, num_gates);
    for (int64_t row = 0; row < num_rows; ++row)
      StepRecurrent(width, gates.data() + row * num_gates, cells.data() + row * width, states + row * stride);
  }
}

void Network::AddWide(const EncodedRows& rows, int64_t first, int64_t num_rows, float* outputs,
                      ActivationRanges* seen) const {
  const int64_t num_outputs = shape_.num_outputs;
  const auto num_numbers = static_cast<int64_t>(shape_.numbers.size());
  const auto num_ids = static_cast<int64_t>(shape_.ids.size());
  const float* numbers = rows.numbers.data() + first * num_numbers;
  const int32_t* ids = rows.ids.data() + first * num_ids;
  MultiplyAdd({numbers, num_numbers}, folded_.data() + layout_.wide_numbers.offset, num_outputs, outputs,
              num_outputs, num_rows, num_numbers, num_outputs);
  if (seen != nullptr) {
    seen->numbers.Add(std::span(numbers, num_rows * num_numbers));
    seen->wide.Add(std::span(outputs, num_rows * num_outputs));
  }
  for (int64_t row = 0; row < num_rows; ++row) {
    for (int64_t slot = 0; slot < num_ids; ++slot) {
      const ParameterBlock& table = layout_.wide_tables[slot];
      if (table.rows == 0) continue;
      const float* weights = parameters_.data() + table.offset + ids[row * num_ids + slot] * num_outputs;
      for (int64_t j = 0; j < num_outputs; ++j) outputs[row * num_outputs + j] += weights[j];
    }
  }
}

void Network::AddDeep(const EncodedRows& rows, int64_t first, int64_t num_rows, float* outputs,
                      std::vector<float>& space, ActivationRanges* seen) const {
  const int64_t num_outputs = shape_.num_outputs;
  const auto num_numbers = static_cast<int64_t>(shape_.numbers.size());
  const auto num_ids = static_cast<int64_t>(shape_.ids.size());
  const float* numbers = rows.numbers.data() + first * num_numbers;
  const int32_t* ids = rows.ids.data() + first * num_ids;
  int64_t width = shape_.deep_width();
  int64_t widest = width;
  for (const DenseLayer& layer : shape_.layers) widest = std::max<int64_t>(widest, layer.width);
  space.resize(2 * kBlockRows * widest);
  float* input = space.data();
  float* output = input + kBlockRows * widest;
  for (int64_t row = 0; row < num_rows; ++row) {
    float* at = std::copy_n(numbers + row * num_numbers, num_numbers, input + row * width);
    for (int64_t slot = 0; slot < num_ids; ++slot) {
      const ParameterBlock& table = layout_.embeddings[slot];
      if (table.rows == 0) continue;
      at = std::copy_n(parameters_.data() + table.offset + ids[row * num_ids + slot] * table.columns,
                       table.columns, at);
    }
  }
  if (!shape_.series.empty()) RunSeries(rows, first, num_rows, input + width - shape_.recurrent_width, width);
  if (seen != nullptr) seen->deep_input.Add(std::span(input, num_rows * width));
  for (size_t i = 0; i < shape_.layers.size(); ++i) {
    const NetworkLayout::Layer& layer = layout_.layers[i];
    const int64_t next = layer.weights.columns;
    AddBias(folded_.data() + layer.bias.offset, next, num_rows, output);
    MultiplyAdd({input, width}, folded_.data() + layer.weights.offset, next, output, next, num_rows, width,
                next);
    const bool is_relu = shape_.layers[i].activation == Activation::kRelu;
    if (seen != nullptr && !is_relu) seen->layers[i].Add(std::span(output, num_rows * next));
    Activate(shape_.layers[i].activation, num_rows * next, output);
    if (seen != nullptr && is_relu) seen->layers[i].Add(std::span(output, num_rows * next));
    std::swap(input, output);
    width = next;
  }
  if (seen != nullptr) {
    std::vector<float> alone(num_rows * num_outputs, 0.0f);
    MultiplyAdd({input, width}, folded_.data() + layout_.output_weights.offset, num_outputs, alone.data(),
                num_outputs, num_rows, width, num_outputs);
    seen->deep.Add(alone);
  }
  MultiplyAdd({input, width}, folded_.data() + layout_.output_weights.offset, num_outputs, outputs,
              num_outputs, num_rows, width, num_outputs);
}

void Network::Outputs(const EncodedRows& rows, int64_t first, int64_t num_rows, std::span<float> outputs,
                      ActivationRanges* seen) const {
  std::vector<float> space;
  if (seen != nullptr) {
    seen->num_rows += num_rows;
    seen->layers.resize(shape_.layers.size());
  }
  for (int64_t start = 0; start < num_rows; start += kBlockRows) {
    const int64_t size = std::min(kBlockRows, num_rows - start);
    float* block = outputs.data() + start * shape_.num_outputs;
    AddBias(folded_.data(), shape_.num_outputs, size, block);
    if (shape_.has_wide) AddWide(rows, first + start, size, block, seen);
    if (shape_.has_deep) AddDeep(rows, first + start, size, block, space, seen);
  }
}

void Network::EncodedMargins(const EncodedRows& rows, int64_t first, std::span<float> margins,
                             ActivationRanges* seen) const {
  const int64_t num_rows = static_cast<int64_t>(margins.size()) / num_margins();
  if (shape_.link != NetworkLink::kReconstructionError) {
    Outputs(rows, first, num_rows, margins, seen);
    for (float& margin : margins) margin = shape_.output_shift + shape_.output_scale * margin;
    return;
  }
  const int64_t width = shape_.num_outputs;
  std::vector<float> copies(num_rows * width);
  Outputs(rows, first, num_rows, copies, seen);
  for (int64_t row = 0; row < num_rows; ++row) {
    float error = 0;
    for (int64_t j = 0; j < width; ++j) {
      const float difference = copies[row * width + j] - rows.numbers[(first + row) * width + j];
      error += difference * difference;
    }
    margins[row] = error / static_cast<float>(width);
  }
}

void Network::Margins(std::span<const float> rows, std::span<float> margins, ActivationRanges* seen) const {
  EncodedMargins(EncodeRows(shape_, rows), 0, margins, seen);
}

}  // namespace penstock::model
