#pragma once

#include <vector>

#include "penstock/model/model.h"
#include "penstock/model/network/network_shape.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::learning {

/// Writes into `parameters`, the start of a training of `shape` over `transform`, what `before` has learned:
/// its function as far as the new shape can hold it. Inputs are matched by the names of features and the
/// tokens of vocabularies, standardisations and buckets converted; what is new begins with no influence.
/// Layers are taken over where all of them are as wide as before. kInvalidArgument where `before` is no
/// network or has another task.
Status WarmStartNetwork(const model::Model& before, const transform::TransformGraph& transform,
                        const model::NetworkShape& shape, std::vector<float>& parameters);

}  // namespace penstock::learning
