#pragma once

#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/lowering/tensor_builder.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::model {

/// Writes the features of `graph` and answers the feature matrix: [examples, columns] of kFloat, NaN where
/// missing (FeatureMatrix). kUnimplemented names the feature that the format cannot compute, and why.
Result<Tensor> LowerToMatrix(const transform::TransformGraph& graph, TensorBuilder& builder);

/// The same, feature by feature, in the graph's order: kBoolean, kNumber, kText, or kFloat for vectors.
Result<std::vector<OptionalTensor>> LowerFeatures(const transform::TransformGraph& graph,
                                                  TensorBuilder& builder);

}  // namespace penstock::model
