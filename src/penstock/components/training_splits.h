#pragma once

#include <memory>

#include "penstock/data/dataset.h"
#include "penstock/learning/learner.h"
#include "penstock/pipeline/executor.h"

namespace penstock::components {

/// The open splits a task learns from, and the learner's view of them.
struct TrainingSplits {
  std::unique_ptr<data::Dataset> train;
  std::unique_ptr<data::Dataset> eval;
  learning::TrainingData data;  ///< Of the two; valid as long as they are.
};

/// The splits `train_split` and `eval_split` (parameters) of the input `transformed_examples`, with
/// the input `transform_graph`. kInvalidArgument, with the names there are, for a split that is not there.
Result<TrainingSplits> OpenTrainingSplits(const pipeline::ExecutionTask& task,
                                          const ExecutionOptions& options);

}  // namespace penstock::components
