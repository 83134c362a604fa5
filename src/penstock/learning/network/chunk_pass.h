#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "penstock/learning/loss.h"
#include "penstock/model/network/network.h"

namespace penstock::learning {

/// Examples of which some are learned from at a time. Not owned.
struct ExampleView {
  const model::EncodedRows& rows;
  const Loss& loss;                 ///< Of the network's outputs.
  std::span<const double> labels;   ///< As the network's output sees them: standardised for regression.
  std::span<const double> weights;  ///< Empty: 1 each. Class weights are multiplied in already.
};

/// The weight matrices of a network, transposed: what gradients are carried back through.
class TransposedWeights {
 public:
  explicit TransposedWeights(const model::NetworkLayout& layout);
  void Refresh(std::span<const float> parameters);
  const float* layer(size_t index) const { return values_.data() + offsets_[index]; }
  const float* output() const { return values_.data() + offsets_[blocks_.size() - 2]; }
  const float* recurrent_state() const { return values_.data() + offsets_[blocks_.size() - 1]; }

 private:
  std::vector<model::ParameterBlock> blocks_;  // The layers', the output's, the recurrent state's.
  std::vector<int64_t> offsets_;
  std::vector<float> values_;
};

/// Forward and backward through the network for up to kRows examples: their loss and its gradients.
///
/// Batch normalisation takes its means over these rows ("ghost batch normalisation", Hoffer et al. 2017), so
/// that chunks of a mini-batch need not wait for each other. Not for concurrent use; keeps its memory.
class ChunkPass {
 public:
  static constexpr int64_t kRows = 64;

  ChunkPass(const model::NetworkShape& shape, const model::NetworkLayout& layout, double dropout)
      : shape_(shape), layout_(layout), dropout_(dropout) {}

  /// Of the examples `picked`. `scale` multiplies every example's gradient; `noise_seed` decides which
  /// outputs dropout leaves out.
  void Run(std::span<const float> parameters, const TransposedWeights& transposed,
           const ExampleView& examples, std::span<const int64_t> picked, double scale, uint64_t noise_seed);

  double loss() const { return loss_; }  ///< Weighted sum.
  /// Of the parameters [0, layout.num_trained_dense).
  const std::vector<float>& gradient() const { return gradient_; }
  /// Of the outputs, one row an example.
  const float* output_gradient() const { return output_gradient_.data(); }
  /// Of the input of the layers (numbers, embeddings, state), one row an example.
  const float* deep_gradient() const { return input_gradient_.data(); }
  /// Means and variances that the norms saw, in the order of [num_trained_dense, num_dense).
  const std::vector<float>& norm_statistics() const { return norm_statistics_; }

 private:
  struct LayerMemory {
    std::vector<float> input;       // Rows x inputs.
    std::vector<float> normalised;  // Rows x width, with a norm.
    std::vector<float> slope;       // Rows x width: of activation and dropout.
    std::vector<float> inverse_deviation;
  };
  void Gather(std::span<const float> parameters, const ExampleView& examples,
              std::span<const int64_t> picked);
  void RunSeries(std::span<const float> parameters, const ExampleView& examples,
                 std::span<const int64_t> picked);
  void Forward(std::span<const float> parameters, uint64_t noise_seed);
  void Normalise(std::span<const float> parameters, size_t index, float* values);
  void Outputs(std::span<const float> parameters, const ExampleView& examples,
               std::span<const int64_t> picked);
  void LossGradient(const ExampleView& examples, std::span<const int64_t> picked, double scale);
  void Backward(std::span<const float> parameters, const TransposedWeights& transposed);
  void NormBackward(std::span<const float> parameters, size_t index, float* gradient);
  void SeriesBackward(const TransposedWeights& transposed);

  const model::NetworkShape& shape_;
  const model::NetworkLayout& layout_;
  const double dropout_;
  int64_t num_rows_ = 0;
  double loss_ = 0;
  std::vector<LayerMemory> memory_;
  std::vector<double> derivatives_, curvatures_;  // Of one example's outputs.
  std::vector<float> last_;                       // Rows x inputs of the output layer.
  std::vector<float> numbers_;
  std::vector<float> outputs_;
  std::vector<float> gradient_;
  std::vector<float> output_gradient_;
  std::vector<float> input_gradient_;
  std::vector<float> norm_statistics_;
  // Of the series, step after step.
  std::vector<float> series_, gates_, cells_, states_;
};

}  // namespace penstock::learning
