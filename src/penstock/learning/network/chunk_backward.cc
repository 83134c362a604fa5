// The way back of ChunkPass: gradients of everything that the way forward used.
#include <algorithm>
#include <cmath>

#include "penstock/learning/network/chunk_pass.h"
#include "penstock/model/network/multiply_add.h"

namespace penstock::learning {
namespace {

using model::MultiplyAdd;

void AddColumnSums(const float* values, int64_t num_rows, int64_t width, float* into) {
  for (int64_t row = 0; row < num_rows; ++row) {
    for (int64_t j = 0; j < width; ++j) into[j] += values[row * width + j];
  }
}

/// into += transposed(inputs) * gradients.
void AddOuter(const std::vector<float>& inputs, int64_t input_width, const float* gradients, int64_t width,
              int64_t num_rows, float* into) {
  MultiplyAdd({inputs.data(), 1, input_width}, gradients, width, into, width, input_width, num_rows, width);
}

}  // namespace

void ChunkPass::Backward(std::span<const float> parameters, const TransposedWeights& transposed) {
  const int64_t num_outputs = shape_.num_outputs;
  const auto num_numbers = static_cast<int64_t>(shape_.numbers.size());
  AddColumnSums(output_gradient_.data(), num_rows_, num_outputs, gradient_.data() + layout_.bias.offset);
  if (shape_.has_wide)
    AddOuter(numbers_, num_numbers, output_gradient_.data(), num_outputs, num_rows_,
             gradient_.data() + layout_.wide_numbers.offset);
  if (!shape_.has_deep) return;
  int64_t width = layout_.output_weights.rows;
  AddOuter(last_, width, output_gradient_.data(), num_outputs, num_rows_,
           gradient_.data() + layout_.output_weights.offset);
  std::vector<float> current(num_rows_ * width, 0.0f), next;
  MultiplyAdd({output_gradient_.data(), num_outputs}, transposed.output(), width, current.data(), width,
              num_rows_, num_outputs, width);
  for (size_t i = shape_.layers.size(); i-- > 0;) {
    const model::NetworkLayout::Layer& layer = layout_.layers[i];
    const LayerMemory& memory = memory_[i];
    for (size_t j = 0; j < current.size(); ++j) current[j] *= memory.slope[j];
    if (shape_.layers[i].has_norm) NormBackward(parameters, i, current.data());
    AddColumnSums(current.data(), num_rows_, width, gradient_.data() + layer.bias.offset);
    const int64_t input_width = layer.weights.rows;
    AddOuter(memory.input, input_width, current.data(), width, num_rows_,
             gradient_.data() + layer.weights.offset);
    next.assign(num_rows_ * input_width, 0.0f);
    MultiplyAdd({current.data(), width}, transposed.layer(i), input_width, next.data(), input_width,
                num_rows_, width, input_width);
    current.swap(next);
    width = input_width;
  }
  input_gradient_ = std::move(current);
  if (!shape_.series.empty()) SeriesBackward(transposed);
}

void ChunkPass::NormBackward(std::span<const float> parameters, size_t index, float* gradient) {
  const model::NetworkLayout::Layer& layer = layout_.layers[index];
  const LayerMemory& memory = memory_[index];
  const int64_t width = layer.weights.columns;
  float* scale_gradient = gradient_.data() + layer.norm_scale.offset;
  float* shift_gradient = gradient_.data() + layer.norm_shift.offset;
  AddColumnSums(gradient, num_rows_, width, shift_gradient);
  for (int64_t row = 0; row < num_rows_; ++row) {
    for (int64_t j = 0; j < width; ++j)
      scale_gradient[j] += gradient[row * width + j] * memory.normalised[row * width + j];
  }
  // Ioffe and Szegedy 2015: the mean and the deviation depend on every row.
  const float* scale = parameters.data() + layer.norm_scale.offset;
  const auto count = static_cast<float>(num_rows_);
  for (int64_t row = 0; row < num_rows_; ++row) {
    for (int64_t j = 0; j < width; ++j) {
      const float normalised = memory.normalised[row * width + j];
      float& at = gradient[row * width + j];
      at = scale[j] * memory.inverse_deviation[j] *
           (at - (shift_gradient[j] + normalised * scale_gradient[j]) / count);
    }
  }
}

void ChunkPass::SeriesBackward(const TransposedWeights& transposed) {
  const int64_t width = shape_.recurrent_width, num_gates = 4 * width, num_steps = shape_.num_steps();
  const int64_t deep_width = shape_.deep_width();
  const auto series_width = static_cast<int64_t>(shape_.series.size());
  std::vector<float> state_gradient(num_rows_ * width), cell_gradient(num_rows_ * width, 0.0f);
  std::vector<float> gate_gradient(num_rows_ * num_gates);
  for (int64_t row = 0; row < num_rows_; ++row)
    std::copy_n(input_gradient_.data() + row * deep_width + deep_width - width, width,
                state_gradient.data() + row * width);
  for (int64_t step = num_steps; step-- > 0;) {
    const float* gates = gates_.data() + step * num_rows_ * num_gates;
    const float* cells = cells_.data() + (step + 1) * num_rows_ * width;
    const float* cells_before = cells - num_rows_ * width;
    for (int64_t row = 0; row < num_rows_; ++row) {
      const float* gate = gates + row * num_gates;
      float* into = gate_gradient.data() + row * num_gates;
      for (int64_t j = 0; j < width; ++j) {
        const float input = gate[j], forget = gate[width + j], candidate = gate[2 * width + j],
                    output = gate[3 * width + j];
        const float cell = std::tanh(cells[row * width + j]);
        const float from_state = state_gradient[row * width + j];
        float& from_cell = cell_gradient[row * width + j];
        from_cell += from_state * output * (1 - cell * cell);
        into[j] = from_cell * candidate * input * (1 - input);
        into[width + j] = from_cell * cells_before[row * width + j] * forget * (1 - forget);
        into[2 * width + j] = from_cell * input * (1 - candidate * candidate);
        into[3 * width + j] = from_state * cell * output * (1 - output);
        from_cell *= forget;
      }
    }
    AddColumnSums(gate_gradient.data(), num_rows_, num_gates,
                  gradient_.data() + layout_.recurrent_bias.offset);
    MultiplyAdd({series_.data() + step * shape_.num_channels, 1, series_width}, gate_gradient.data(),
                num_gates, gradient_.data() + layout_.recurrent_input.offset, num_gates, shape_.num_channels,
                num_rows_, num_gates);
    MultiplyAdd({states_.data() + step * num_rows_ * width, 1, width}, gate_gradient.data(), num_gates,
                gradient_.data() + layout_.recurrent_state.offset, num_gates, width, num_rows_, num_gates);
    std::fill(state_gradient.begin(), state_gradient.end(), 0.0f);
    MultiplyAdd({gate_gradient.data(), num_gates}, transposed.recurrent_state(), width, state_gradient.data(),
                width, num_rows_, num_gates, width);
  }
}

}  // namespace penstock::learning
