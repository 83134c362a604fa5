#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/model/model.h"

namespace penstock::model {

/// The model, transform and all, as one ONNX file (opset 19, ai.onnx.ml 3) that ONNX Runtime runs as it is.
///
/// One input of shape [N, 1] for each column of the signature, under its name: text columns are strings, of
/// which "" is a missing one; all others doubles, of which NaN is a missing one. One output of shape [N, 1],
/// a double, called as the prediction column. Predictions are those of Predict within 1e-5.
///
/// kUnimplemented names the feature and the function that ONNX has no operators for (hashes of text, regular
/// expressions, dates). kInvalidArgument: text in the transform that is not UTF-8.
Result<std::string> ExportOnnx(const Model& model);

}  // namespace penstock::model
