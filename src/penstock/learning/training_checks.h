#pragma once

#include <string>

#include "penstock/learning/learner.h"
#include "penstock/learning/split_summary.h"
#include "penstock/learning/training_matrix.h"

namespace penstock::learning {

/// What is to be learned; kInvalidArgument where the transform defines no features or no label.
Result<model::Task> TaskOf(const transform::TransformGraph& transform);

/// Labels and weights that can be learned from in float32: not too many, some weight, not too large.
Status CheckLabels(const LabelSummary& labels, const std::string& split);
/// The labels differ: there are two classes or more, or two values; else kInvalidArgument with counts.
/// `class_names`: the transform's.
Status CheckLabelsVary(const LabelSummary& labels, model::Task task,
                       const std::vector<std::string>& class_names, const std::string& split);
/// In some query of a ranking the labels differ; else kInvalidArgument.
Status CheckQueriesVary(const TrainingMatrix& matrix, const std::string& split);
/// Some feature has a value; else kInvalidArgument. Those without any are warned of. `has_value`: of each
/// column of the matrix, whether any row of the split has one.
Status CheckFeatures(const std::vector<bool>& has_value,
                     const std::vector<transform::FeatureSchema>& features, const std::string& split,
                     TrainingRecord& record);

/// Says in words where a finished training overfits, or learned nothing that holds on the eval split.
/// `constant`: the losses of the best prediction that looks at no feature. Overfitting is where a third or
/// more of what the training gained over it on the train split is not gained on the eval split.
void AddWarnings(const std::string& train_split, const std::string& eval_split,
                 const IterationRecord& constant, TrainingRecord& record);

}  // namespace penstock::learning
