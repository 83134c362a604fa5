#pragma once

#include <cstdint>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::model {

/// Standardised numbers are cut off here: an outlier of a million deviations says no more than one of ten.
inline constexpr float kStandardLimit = 10;

/// A number that the network sees: (value - mean) * scale within kStandardLimit, 0 where missing; or, as an
/// indicator, 1 where the value is missing, else 0.
struct NumberInput {
  int32_t column = 0;  ///< Of the feature matrix.
  float mean = 0;
  float scale = 1;
  bool is_indicator = false;
  bool operator==(const NumberInput&) const = default;
};

/// One id an example, that picks a row of a table of weights, of embeddings, or of both.
struct IdInput {
  enum class Source : uint8_t {
    kCategory,  ///< The column's value; the last id stands for missing, negative and unknown ones.
    kBuckets,   ///< How many boundaries are <= the column's value; the last id stands for missing.
    kCross,     ///< A hash of the ids of two or more earlier inputs.
  };
  Source source = Source::kCategory;
  int32_t column = 0;             ///< kCategory, kBuckets.
  std::vector<float> boundaries;  ///< kBuckets: rising, num_ids - 2 of them.
  std::vector<int32_t> crossed;   ///< kCross: indices of earlier inputs that are no crosses.
  int32_t num_ids = 1;            ///< Rows of the tables.
  int32_t embedding_width = 0;    ///< 0: the deep part does not see it.
  bool is_wide = false;           ///< The wide part has a weight for each id.
  bool operator==(const IdInput&) const = default;
};

enum class Activation : uint8_t { kRelu, kTanh };

struct DenseLayer {
  int32_t width = 0;
  Activation activation = Activation::kRelu;
  bool has_norm = false;  ///< Batch normalisation before the activation.
  bool operator==(const DenseLayer&) const = default;
};

/// What becomes of the outputs.
enum class NetworkLink : uint8_t {
  kIdentity,
  kLogistic,  ///< Each output by itself.
  kReconstructionError,
  kSoftmax,  ///< Over all outputs of an example.
};

/// Everything about a network but its parameters. A plain value.
///
///   wide: bias + sum of the weights of the numbers and of the ids that are wide
///   deep: numbers, embeddings and the last state of the recurrent layer side by side -> layers -> outputs
///   output = output_shift + output_scale * (wide + deep)
struct NetworkShape {
  int32_t num_columns = 0;  ///< Of the feature matrix.
  std::vector<NumberInput> numbers;
  std::vector<IdInput> ids;
  /// The steps of a series one after the other, each num_channels wide. An LSTM reads them.
  std::vector<NumberInput> series;
  int32_t num_channels = 0;
  int32_t recurrent_width = 0;
  std::vector<DenseLayer> layers;
  bool has_wide = false;
  bool has_deep = false;
  /// kReconstructionError: as many as there are numbers; kIdentity: 1; else one a class.
  int32_t num_outputs = 1;
  NetworkLink link = NetworkLink::kIdentity;
  float output_scale = 1;
  float output_shift = 0;

  static constexpr int32_t kMaxClasses = 1 << 16;

  bool operator==(const NetworkShape&) const = default;
  int32_t num_steps() const {
    return num_channels == 0 ? 0 : static_cast<int32_t>(series.size()) / num_channels;
  }
  /// How wide the input of the first layer is.
  int64_t deep_width() const;

  /// OK where every size is within bounds and every reference right; else kDataLoss that says what is wrong.
  Status Check() const;
};

/// Some parameters: `rows` x `columns`, row-major, from `offset` on.
struct ParameterBlock {
  int64_t offset = 0;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t size() const { return rows * columns; }
};

/// Where each parameter of a network lies in one flat array: first those that every example uses, the
/// statistics of the norms after them, then the tables that an example uses one row of.
struct NetworkLayout {
  static constexpr int64_t kMaxParameters = int64_t{1} << 29;

  /// Of a shape that is Check()ed.
  explicit NetworkLayout(const NetworkShape& shape);

  struct Layer {
    ParameterBlock weights;  ///< inputs x width
    ParameterBlock bias;
    ParameterBlock norm_scale, norm_shift, norm_mean, norm_variance;  ///< Empty without a norm.
  };
  ParameterBlock bias;          ///< 1 x outputs
  ParameterBlock wide_numbers;  ///< numbers x outputs
  /// Gates side by side: input, forget, cell, output; each recurrent_width wide.
  ParameterBlock recurrent_input, recurrent_state, recurrent_bias;
  std::vector<Layer> layers;
  ParameterBlock output_weights;            ///< last width x outputs
  std::vector<ParameterBlock> wide_tables;  ///< One an IdInput; empty where it is not wide.
  std::vector<ParameterBlock> embeddings;   ///< One an IdInput; empty where it has none.
  int64_t num_trained_dense = 0;            ///< [0, this): used by every example, trained.
  int64_t num_dense = 0;                    ///< Up to here: the means and variances of the norms.
  int64_t num_parameters = 0;
};

}  // namespace penstock::model
