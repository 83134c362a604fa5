#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/model/onnx/onnx_builder.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::model::onnx {

/// Adds inputs and nodes that compute the features of `graph` and answers the feature matrix: [N, columns],
/// float, NaN where missing (FeatureMatrix). Errors as in ExportOnnx.
Result<std::string> BuildTransform(const transform::TransformGraph& graph, Builder& builder);

}  // namespace penstock::model::onnx
