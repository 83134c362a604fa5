#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/pipeline/executor.h"

namespace penstock::components {

/// A split of the raw examples.
struct RawSplit {
  std::string name;
  std::unique_ptr<data::Dataset> examples;
};

/// Transforms by a Python module's preprocessing_fn(inputs) (parameter `module_file`) and TensorFlow
/// Transform, in the Python of `python`; what it prints goes into the node's log. `custom_config` is handed
/// to a preprocessing_fn that has such a parameter, as TFX does.
///
/// `graph_uri` gets TFT's own layout (transform_fn/, transformed_metadata/, metadata/), each split below
/// `transformed_uri` its tf.Examples, gzipped. Beside them lies a transform_graph.pb without features, with
/// the label of the parameter `label` where there is one, so that Evaluator knows it.
/// kInvalidArgument says in a sentence what the module or its Python lacks.
Status TransformByModule(const pipeline::ExecutionTask& task, const std::string& schema_path,
                         const std::vector<RawSplit>& splits, const std::string& graph_uri,
                         const std::string& transformed_uri, const ExecutionContext& context);

}  // namespace penstock::components
