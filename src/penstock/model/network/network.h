#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/network/activation_ranges.h"
#include "penstock/model/network/input_encoder.h"
#include "penstock/model/network/network_shape.h"

namespace penstock::model {

namespace v1 {
class Network;
}

/// A wide and deep network with its parameters: linear models, dense networks, both at once, an LSTM over a
/// series, an autoencoder. Knows numbers only: no names.
///
/// Computes in float32 in a fixed order: a row gets the same bits alone and among others.
/// Immutable; any number of threads.
class Network {
 public:
  /// kDataLoss where the shape is not right, or the parameters are not as many as it takes or not finite.
  static Result<Network> Make(NetworkShape shape, std::vector<float> parameters);

  const NetworkShape& shape() const { return shape_; }
  const NetworkLayout& layout() const { return layout_; }
  const std::vector<float>& parameters() const { return parameters_; }
  /// Those that every example uses, with the norms multiplied into weights and biases: the layout's blocks up
  /// to num_dense.
  const std::vector<float>& folded_parameters() const { return folded_; }

  /// Writes num_rows x num_outputs outputs, before the link, of rows [first, first + num_rows) of `rows`.
  /// kReconstructionError: the reconstructed numbers. What goes through the layers is added to `seen`.
  void Outputs(const EncodedRows& rows, int64_t first, int64_t num_rows, std::span<float> outputs,
               ActivationRanges* seen = nullptr) const;
  /// How many margins a row has: 1, or one a class.
  int32_t num_margins() const {
    return shape_.link == NetworkLink::kReconstructionError ? 1 : shape_.num_outputs;
  }
  /// num_margins() numbers a row, after the output's scale but before the link: log odds, the prediction, or
  /// the reconstruction error. `rows` as in FeatureMatrix.
  void Margins(std::span<const float> rows, std::span<float> margins, ActivationRanges* seen = nullptr) const;
  /// The same of rows that are encoded already.
  void EncodedMargins(const EncodedRows& rows, int64_t first, std::span<float> margins,
                      ActivationRanges* seen = nullptr) const;

  void Encode(v1::Network& out) const;
  static Result<Network> Decode(const v1::Network& file);

 private:
  Network(NetworkShape shape, std::vector<float> parameters);
  void FoldNorms();
  void AddWide(const EncodedRows& rows, int64_t first, int64_t num_rows, float* outputs,
               ActivationRanges* seen) const;
  void AddDeep(const EncodedRows& rows, int64_t first, int64_t num_rows, float* outputs,
               std::vector<float>& space, ActivationRanges* seen) const;
  void RunSeries(const EncodedRows& rows, int64_t first, int64_t num_rows, float* states,
                 int64_t stride) const;

  NetworkShape shape_;
  NetworkLayout layout_;
  std::vector<float> parameters_;
  std::vector<float> folded_;
};

/// One step of an LSTM (Hochreiter, Schmidhuber 1997, with forget gates) for one row: `gates` holds the four
/// sums and becomes their activations; `cell` and `state` move on.
void StepRecurrent(int64_t width, float* gates, float* cell, float* state);

/// What keeps the variances of norms away from 0.
inline constexpr float kNormEpsilon = 1e-3f;

}  // namespace penstock::model
