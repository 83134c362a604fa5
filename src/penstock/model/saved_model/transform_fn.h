#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::model {

/// Writes what TFTransformOutput reads, beside <uri>/transformed_metadata/schema.pbtxt that
/// transform::SaveTransformGraph has written: <uri>/transform_fn/ (a SavedModel: ExportTransform) and
/// <uri>/metadata/schema.pbtxt (the raw columns). A transform without a TensorFlow form gets
/// <uri>/transform_fn_refused.txt that says why, instead: only TensorFlow's users miss it.
Status SaveTransformFn(const transform::TransformGraph& graph, const std::string& uri);

}  // namespace penstock::model
