#pragma once

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/transform/transform_graph.h"

namespace penstock::transform {

/// The features as TFT's transformed_metadata/schema.pbtxt declares them, by name: types, one value (or a
/// vector of so many) an example or any number, and for ids their range.
tensorflow::metadata::v0::Schema TransformedSchema(const TransformGraph& graph);

}  // namespace penstock::transform
