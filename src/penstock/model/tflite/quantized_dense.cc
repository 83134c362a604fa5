#include "penstock/model/tflite/quantized_dense.h"

#include <algorithm>
#include <cmath>

namespace penstock::model::tflite {
namespace {

// Biases stay far within 32 bits, also where an output's weights are all but 0.
constexpr double kLargestBias = 1 << 30;
// Runtimes rescale sums of products by (inputs * weights / outputs) and want that between these.
constexpr double kLeastRescaling = 0x1p-24;
constexpr double kLargestRescaling = 128;

}  // namespace

Steps StepsOf(const ValueRange& range) {
  const double low = std::min(range.low, 0.0f), high = std::max(range.high, 0.0f);
  if (!(high > low)) return {};
  const auto scale = std::max(static_cast<float>((high - low) / 255), 1e-30f);
  const double zero_point = std::nearbyint(-128 - low / scale);
  return {scale, static_cast<int64_t>(std::clamp(zero_point, -128.0, 127.0))};
}

QuantizedDense QuantizeDense(std::span<const float> weights, std::span<const float> biases, Steps inputs,
                             const ValueRange& outputs) {
  const size_t num_outputs = biases.size(), num_inputs = weights.size() / num_outputs;
  QuantizedDense made;
  made.outputs = StepsOf(outputs);
  float widest = 0;
  for (size_t j = 0; j < num_outputs; ++j) {
    double largest = 0;
    for (size_t i = 0; i < num_inputs; ++i)
      largest = std::max<double>(largest, std::abs(weights[i * num_outputs + j]));
    const double scale = std::max({largest / 127, std::abs(biases[j]) / (inputs.scale * kLargestBias),
                                   static_cast<double>(made.outputs.scale) / inputs.scale * kLeastRescaling});
    made.weight_scales.push_back(static_cast<float>(scale));
    widest = std::max(widest, made.weight_scales[j]);
    made.bias_scales.push_back(inputs.scale * made.weight_scales[j]);
    made.biases.push_back(
        static_cast<int32_t>(std::nearbyint(static_cast<double>(biases[j]) / made.bias_scales[j])));
    for (size_t i = 0; i < num_inputs; ++i) {
      const float steps = std::nearbyint(weights[i * num_outputs + j] / made.weight_scales[j]);
      made.weights.push_back(static_cast<int8_t>(std::clamp(steps, -127.0f, 127.0f)));
    }
  }
  const auto least = static_cast<float>(static_cast<double>(inputs.scale) * widest / kLargestRescaling);
  // Wider steps of what is always the same small number: 0 among them stays where it is.
  made.outputs.scale = std::max(made.outputs.scale, least);
  return made;
}

}  // namespace penstock::model::tflite
