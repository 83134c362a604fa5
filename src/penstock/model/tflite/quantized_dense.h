#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "penstock/model/network/activation_ranges.h"

namespace penstock::model::tflite {

/// What the integers of 8 bits stand for: scale * (integer - zero_point).
struct Steps {
  float scale = 1;
  int64_t zero_point = 0;
};
/// 255 steps over the range, 0 on one of them; what lies outside becomes the nearest end.
Steps StepsOf(const ValueRange& range);

/// A dense layer in integers, as TFLite's specification of 8-bit quantization has it
/// (ai.google.dev/edge/litert, "quantization_spec"): weights symmetric with a scale for each output, biases
/// in steps of (scale of the inputs) * (scale of the weights).
struct QuantizedDense {
  std::vector<int8_t> weights;  ///< outputs x inputs
  std::vector<float> weight_scales;
  std::vector<int32_t> biases;
  std::vector<float> bias_scales;
  Steps outputs;
};

/// `weights` are inputs x outputs; as many outputs as there are `biases`. All finite.
QuantizedDense QuantizeDense(std::span<const float> weights, std::span<const float> biases, Steps inputs,
                             const ValueRange& outputs);

}  // namespace penstock::model::tflite
