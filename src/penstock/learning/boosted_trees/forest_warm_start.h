#pragma once

#include "penstock/model/model.h"
#include "penstock/model/tree_ensemble.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::learning {

/// The trees of `before`, looking at the columns of `transform` that mean the same; features are matched by
/// name. kInvalidArgument where `before` has no trees, is for another task, or its trees ask for a feature
/// that is gone or whose ids mean something else now (a split on ids cannot be carried over).
Result<model::TreeEnsemble> WarmStartForest(const model::Model& before,
                                            const transform::TransformGraph& transform);

/// The sum of both.
Result<model::TreeEnsemble> ForestOfBoth(const model::TreeEnsemble& first, const model::TreeEnsemble& second);

}  // namespace penstock::learning
