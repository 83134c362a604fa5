#include "penstock/learning/network/chunk_pass.h"

#include <algorithm>
#include <cmath>

#include "penstock/base/random_bits.h"
#include "penstock/model/network/multiply_add.h"

namespace penstock::learning {
namespace {

using model::MultiplyAdd;
using model::ParameterBlock;

void AddColumnSums(const float* values, int64_t num_rows, int64_t width, float* into) {
  for (int64_t row = 0; row < num_rows; ++row) {
    for (int64_t j = 0; j < width; ++j) into[j] += values[row * width + j];
  }
}

}  // namespace

TransposedWeights::TransposedWeights(const model::NetworkLayout& layout) {
  for (const model::NetworkLayout::Layer& layer : layout.layers) blocks_.push_back(layer.weights);
  blocks_.push_back(layout.output_weights);
  blocks_.push_back(layout.recurrent_state);
  int64_t size = 0;
  for (const ParameterBlock& block : blocks_) {
    offsets_.push_back(size);
    size += block.size();
  }
  values_.resize(size);
}

void TransposedWeights::Refresh(std::span<const float> parameters) {
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const ParameterBlock& block = blocks_[b];
    const float* from = parameters.data() + block.offset;
    float* into = values_.data() + offsets_[b];
    for (int64_t i = 0; i < block.rows; ++i) {
      for (int64_t j = 0; j < block.columns; ++j) into[j * block.rows + i] = from[i * block.columns + j];
    }
  }
}

void ChunkPass::Run(std::span<const float> parameters, const TransposedWeights& transposed,
                    const ExampleView& examples, std::span<const int64_t> picked, double scale,
                    uint64_t noise_seed) {
  num_rows_ = static_cast<int64_t>(picked.size());
  loss_ = 0;
  gradient_.assign(layout_.num_trained_dense, 0.0f);
  norm_statistics_.assign(layout_.num_dense - layout_.num_trained_dense, 0.0f);
  memory_.resize(shape_.layers.size());
  Gather(parameters, examples, picked);
  if (shape_.has_deep) Forward(parameters, noise_seed);
  Outputs(parameters, examples, picked);
  LossGradient(examples, picked, scale);
  Backward(parameters, transposed);
}

void ChunkPass::Gather(std::span<const float> parameters, const ExampleView& examples,
                       std::span<const int64_t> picked) {
  const auto num_numbers = static_cast<int64_t>(shape_.numbers.size());
  const auto num_ids = static_cast<int64_t>(shape_.ids.size());
  numbers_.resize(num_rows_ * num_numbers);
  for (int64_t row = 0; row < num_rows_; ++row)
    std::copy_n(examples.rows.numbers.data() + picked[row] * num_numbers, num_numbers,
                numbers_.data() + row * num_numbers);
  if (!shape_.has_deep) return;
  if (!shape_.series.empty()) RunSeries(parameters, examples, picked);
  const int64_t width = shape_.deep_width();
  std::vector<float>& input = memory_.empty() ? last_ : memory_[0].input;
  input.resize(num_rows_ * width);
  for (int64_t row = 0; row < num_rows_; ++row) {
    const int32_t* ids = examples.rows.ids.data() + picked[row] * num_ids;
    float* at = std::copy_n(numbers_.data() + row * num_numbers, num_numbers, input.data() + row * width);
    for (int64_t slot = 0; slot < num_ids; ++slot) {
      const ParameterBlock& table = layout_.embeddings[slot];
      if (table.rows > 0)
        at = std::copy_n(parameters.data() + table.offset + ids[slot] * table.columns, table.columns, at);
    }
    if (shape_.recurrent_width > 0)
      std::copy_n(states_.data() + (shape_.num_steps() * num_rows_ + row) * shape_.recurrent_width,
                  shape_.recurrent_width, at);
  }
}

void ChunkPass::RunSeries(std::span<const float> parameters, const ExampleView& examples,
                          std::span<const int64_t> picked) {
  const int64_t width = shape_.recurrent_width, num_gates = 4 * width, num_steps = shape_.num_steps();
  const auto series_width = static_cast<int64_t>(shape_.series.size());
  series_.resize(num_rows_ * series_width);
  for (int64_t row = 0; row < num_rows_; ++row)
    std::copy_n(examples.rows.series.data() + picked[row] * series_width, series_width,
                series_.data() + row * series_width);
  gates_.resize(num_steps * num_rows_ * num_gates);
  cells_.assign((num_steps + 1) * num_rows_ * width, 0.0f);
  states_.assign((num_steps + 1) * num_rows_ * width, 0.0f);
  const float* bias = parameters.data() + layout_.recurrent_bias.offset;
  for (int64_t step = 0; step < num_steps; ++step) {
    float* gates = gates_.data() + step * num_rows_ * num_gates;
    for (int64_t row = 0; row < num_rows_; ++row) std::copy_n(bias, num_gates, gates + row * num_gates);
    MultiplyAdd({series_.data() + step * shape_.num_channels, series_width},
                parameters.data() + layout_.recurrent_input.offset, num_gates, gates, num_gates, num_rows_,
                shape_.num_channels, num_gates);
    const float* before = states_.data() + step * num_rows_ * width;
    MultiplyAdd({before, width}, parameters.data() + layout_.recurrent_state.offset, num_gates, gates,
                num_gates, num_rows_, width, num_gates);
    float* cells = cells_.data() + (step + 1) * num_rows_ * width;
    std::copy_n(cells - num_rows_ * width, num_rows_ * width, cells);
    for (int64_t row = 0; row < num_rows_; ++row)
      model::StepRecurrent(width, gates + row * num_gates, cells + row * width,
                           states_.data() + ((step + 1) * num_rows_ + row) * width);
  }
}

void ChunkPass::Normalise(std::span<const float> parameters, size_t index, float* values) {
  const model::NetworkLayout::Layer& layer = layout_.layers[index];
  LayerMemory& memory = memory_[index];
  const int64_t width = layer.weights.columns;
  float* means = norm_statistics_.data() + layer.norm_mean.offset - layout_.num_trained_dense;
  float* variances = norm_statistics_.data() + layer.norm_variance.offset - layout_.num_trained_dense;
  memory.normalised.resize(num_rows_ * width);
  memory.inverse_deviation.resize(width);
  const auto count = static_cast<float>(num_rows_);
  AddColumnSums(values, num_rows_, width, means);
  for (int64_t j = 0; j < width; ++j) means[j] /= count;
  for (int64_t row = 0; row < num_rows_; ++row) {
    for (int64_t j = 0; j < width; ++j) {
      const float difference = values[row * width + j] - means[j];
      variances[j] += difference * difference;
    }
  }
  for (int64_t j = 0; j < width; ++j) {
    variances[j] /= count;
    memory.inverse_deviation[j] = 1 / std::sqrt(variances[j] + model::kNormEpsilon);
  }
  const float* scale = parameters.data() + layer.norm_scale.offset;
  const float* shift = parameters.data() + layer.norm_shift.offset;
  for (int64_t row = 0; row < num_rows_; ++row) {
    for (int64_t j = 0; j < width; ++j) {
      const float value = (values[row * width + j] - means[j]) * memory.inverse_deviation[j];
      memory.normalised[row * width + j] = value;
      values[row * width + j] = value * scale[j] + shift[j];
    }
  }
}

void ChunkPass::Forward(std::span<const float> parameters, uint64_t noise_seed) {
  int64_t width = shape_.deep_width();
  for (size_t i = 0; i < shape_.layers.size(); ++i) {
    const model::NetworkLayout::Layer& layer = layout_.layers[i];
    LayerMemory& memory = memory_[i];
    const int64_t next = layer.weights.columns;
    std::vector<float>& output = i + 1 < memory_.size() ? memory_[i + 1].input : last_;
    output.resize(num_rows_ * next);
    for (int64_t row = 0; row < num_rows_; ++row)
      std::copy_n(parameters.data() + layer.bias.offset, next, output.data() + row * next);
    MultiplyAdd({memory.input.data(), width}, parameters.data() + layer.weights.offset, next, output.data(),
                next, num_rows_, width, next);
    if (shape_.layers[i].has_norm) Normalise(parameters, i, output.data());
    memory.slope.resize(num_rows_ * next);
    if (shape_.layers[i].activation == model::Activation::kTanh) {
      for (int64_t j = 0; j < num_rows_ * next; ++j) {
        output[j] = std::tanh(output[j]);
        memory.slope[j] = 1 - output[j] * output[j];
      }
    } else {
      for (int64_t j = 0; j < num_rows_ * next; ++j) {
        memory.slope[j] = output[j] > 0 ? 1.0f : 0.0f;
        output[j] = output[j] > 0 ? output[j] : 0.0f;
      }
    }
    if (dropout_ > 0) {
      const auto kept = static_cast<float>(1 / (1 - dropout_));
      const uint64_t seed = RandomBits(noise_seed, i);
      for (int64_t j = 0; j < num_rows_ * next; ++j) {
        const float factor = RandomShare(seed, static_cast<uint64_t>(j)) < dropout_ ? 0.0f : kept;
        output[j] *= factor;
        memory.slope[j] *= factor;
      }
    }
    width = next;
  }
}

void ChunkPass::Outputs(std::span<const float> parameters, const ExampleView& examples,
                        std::span<const int64_t> picked) {
  const int64_t num_outputs = shape_.num_outputs;
  const auto num_numbers = static_cast<int64_t>(shape_.numbers.size());
  const auto num_ids = static_cast<int64_t>(shape_.ids.size());
  outputs_.resize(num_rows_ * num_outputs);
  for (int64_t row = 0; row < num_rows_; ++row)
    std::copy_n(parameters.data() + layout_.bias.offset, num_outputs, outputs_.data() + row * num_outputs);
  if (shape_.has_wide) {
    MultiplyAdd({numbers_.data(), num_numbers}, parameters.data() + layout_.wide_numbers.offset, num_outputs,
                outputs_.data(), num_outputs, num_rows_, num_numbers, num_outputs);
    for (int64_t row = 0; row < num_rows_; ++row) {
      const int32_t* ids = examples.rows.ids.data() + picked[row] * num_ids;
      for (int64_t slot = 0; slot < num_ids; ++slot) {
        const ParameterBlock& table = layout_.wide_tables[slot];
        if (table.rows == 0) continue;
        const float* weights = parameters.data() + table.offset + ids[slot] * num_outputs;
        for (int64_t j = 0; j < num_outputs; ++j) outputs_[row * num_outputs + j] += weights[j];
      }
    }
  }
  if (!shape_.has_deep) return;
  const int64_t width = layout_.output_weights.rows;
  MultiplyAdd({last_.data(), width}, parameters.data() + layout_.output_weights.offset, num_outputs,
              outputs_.data(), num_outputs, num_rows_, width, num_outputs);
}

void ChunkPass::LossGradient(const ExampleView& examples, std::span<const int64_t> picked, double scale) {
  const int64_t num_outputs = shape_.num_outputs;
  output_gradient_.resize(num_rows_ * num_outputs);
  derivatives_.resize(static_cast<size_t>(num_outputs));
  curvatures_.resize(static_cast<size_t>(num_outputs));
  const double factor = GradientFactor(examples.loss);
  const size_t num_labels =
      shape_.link == model::NetworkLink::kSoftmax ? 1 : static_cast<size_t>(num_outputs);
  for (int64_t row = 0; row < num_rows_; ++row) {
    const double weight = examples.weights.empty() ? 1 : examples.weights[picked[row]];
    const float* output = outputs_.data() + row * num_outputs;
    float* gradient = output_gradient_.data() + row * num_outputs;
    if (shape_.link == model::NetworkLink::kReconstructionError) {
      double error = 0;
      for (int64_t j = 0; j < num_outputs; ++j) {
        const double difference = output[j] - numbers_[row * num_outputs + j];
        error += difference * difference;
        gradient[j] = static_cast<float>(2 * difference * scale * weight / static_cast<double>(num_outputs));
      }
      loss_ += weight * error / static_cast<double>(num_outputs);
      continue;
    }
    const auto at = static_cast<size_t>(picked[row]);
    loss_ +=
        weight * ExampleLoss(examples.loss, {output, static_cast<size_t>(num_outputs)},
                             examples.labels.subspan(at * num_labels, num_labels), derivatives_, curvatures_);
    for (int64_t j = 0; j < num_outputs; ++j)
      gradient[j] = static_cast<float>(factor * derivatives_[static_cast<size_t>(j)] * weight * scale);
  }
}

}  // namespace penstock::learning
