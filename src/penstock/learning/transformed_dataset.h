#pragma once

#include <memory>

#include "penstock/data/dataset.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::learning {

/// Raw examples as their transform makes them, batch by batch as they are read: features, label and weight.
/// Examples that are transformed already (they have the features, and the label or weight the graph defines)
/// pass as they are. `raw` is read anew for every pass. Safe from any thread, as the dataset within.
/// kInvalidArgument where the examples lack a column of the transform.
Result<std::unique_ptr<data::Dataset>> TransformOnRead(
    std::unique_ptr<data::Dataset> raw, std::shared_ptr<const transform::TransformGraph> graph);

}  // namespace penstock::learning
