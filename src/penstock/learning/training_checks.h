#pragma once

#include <string>

#include "penstock/learning/learner.h"
#include "penstock/learning/objective.h"
#include "penstock/learning/training_matrix.h"

namespace penstock::learning {

/// What is to be learned; kInvalidArgument where the transform defines no features or no label.
Result<model::Task> TaskOf(const transform::TransformGraph& transform);

/// Labels and weights that can be learned from in float32: not too many, some weight, not too large.
Status CheckLabels(const TrainingMatrix& matrix, const Objective& objective, const std::string& split);
/// Both classes are there; else kInvalidArgument with counts.
Status CheckBothClasses(const TrainingMatrix& matrix, const Objective& objective, const std::string& split);

/// Loss and numbers of examples, into the record.
void RecordExamples(const TrainingMatrix& train, const TrainingMatrix& eval, const Objective& objective,
                    TrainingRecord& record);

/// Says in words where a finished training overfits, or learned nothing that holds on the eval split.
/// `constant`: the losses of the best prediction that looks at no feature. Overfitting is where a third or
/// more of what the training gained over it on the train split is not gained on the eval split.
void AddWarnings(const std::string& train_split, const std::string& eval_split,
                 const IterationRecord& constant, TrainingRecord& record);

}  // namespace penstock::learning
