#pragma once

#include <string>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/components/training_splits.h"
#include "penstock/pipeline/executor.h"

namespace penstock::components {

/// Trains by a Python module's run_fn(fn_args) (parameter `module_file`), in the Python of `python`, with the
/// fields that TFX gives it. fn_args is our own object: a module that needs only TensorFlow and Keras finds
/// all it needs there. The transformed examples are written as gzipped TFRecords of tf.Examples (a missing
/// number is NaN, a missing integer -1); those without a label are left out.
///
/// What run_fn leaves in fn_args.serving_model_dir is the model; the transform goes beside it, so that
/// Evaluator knows the label. Its process is killed with this one, sees no secrets of the environment, and
/// prints into the node's log. kInvalidArgument says in a sentence what the module or its Python lacks.
Status TrainByModule(const pipeline::ExecutionTask& task, const TrainingSplits& splits,
                     const nlohmann::json& hyperparameters, pipeline::Artifact& model,
                     pipeline::Artifact& model_run, const ExecutionContext& context);

/// Trains by any program (parameter `command`, a list): it gets `--executor_input` and KFP's ExecutorInput as
/// JSON, and leaves a model that model::LoadModel reads at the output's uri. kUnavailable where it fails.
Result<pipeline::ExecutionReport> TrainByCommand(const pipeline::ExecutionTask& task,
                                                 const ExecutionContext& context);

}  // namespace penstock::components
