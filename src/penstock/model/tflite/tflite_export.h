#pragma once

#include <string>
#include <string_view>

#include "penstock/base/status.h"
#include "penstock/model/model.h"
#include "penstock/model/network/activation_ranges.h"

namespace penstock::model {

/// How the weights of a network lie in a TFLite file. Thresholds of trees and the transform's numbers stay
/// floats.
enum class TfliteQuantization {
  kNone,
  kFloat16,  ///< Half the size; about three decimal digits of each weight.
  kInt8,     ///< A quarter; weights of dense layers in 255 steps an output, of tables in 255 steps a table.
};
/// "float16", "int8"; "" is kNone. kNotFound for another.
Result<TfliteQuantization> TfliteQuantizationFromName(std::string_view name);

/// The model, transform and all, as a TensorFlow Lite file of built-in operators.
///
/// One float input [n, 1] for each column of the signature, under its name (signature serving_default), NaN
/// where missing; booleans are 0 and 1. One float output [n, 1], called as the prediction column. The format
/// computes in floats: integers beyond 2^24 and differences of large numbers lose digits there.
///
/// What is computed are floats, except with kInt8 and `activations` (representative_data.h): then the dense
/// layers of the network take, and come to, integers of 8 bits; its tables, its recurrent layer and what
/// comes before and after the layers stay floats.
///
/// kUnimplemented names the feature and what TFLite cannot: text, times, crosses. kInvalidArgument for
/// `activations` without kInt8.
Result<std::string> ExportTflite(const Model& model, TfliteQuantization quantization,
                                 const ActivationRanges* activations = nullptr);

}  // namespace penstock::model
