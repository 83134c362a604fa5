#pragma once

#include <string>

#include "penstock/base/execution.h"
#include "penstock/data/dataset.h"
#include "penstock/evaluation/evaluation_config.h"
#include "penstock/evaluation/evaluation_result.h"
#include "penstock/model/model.h"

namespace penstock::evaluation {

/// Where predictions made elsewhere lie, as columns of a dataset.
struct PredictionColumns {
  Task task = Task::kBinaryClassification;
  std::string prediction = "prediction";
  std::string label = "label";
  std::string baseline_prediction;  ///< Empty: no baseline.
};

/// Measures predictions that are there already: all metrics, all slices, both models, in one pass over
/// the shards, folded in parallel and merged in shard order (bit-equal for any number of threads).
///
/// Examples without a label are left out and counted. kInvalidArgument where nothing is left (names the
/// split), where a prediction or weight is missing, not finite or (binary classification) outside 0 to 1,
/// where a label is neither 0 nor 1, for unknown columns, for metrics of the other task, and for too many
/// slices. A slice of one class has metrics that are NaN (auc, recall, ...), never an error.
Result<EvaluationResult> EvaluatePredictions(const data::Dataset& predictions,
                                             const PredictionColumns& columns, const EvaluationConfig& config,
                                             const ExecutionOptions& execution);

/// The same for a model: predicts each batch of raw examples, takes the label from the model's transform,
/// slices and weighs by raw columns. `baseline` may be null; it is measured against the labels of `model`,
/// whose task it must share.
Result<EvaluationResult> Evaluate(const model::Model& model, const model::Model* baseline,
                                  const data::Dataset& raw_examples, const EvaluationConfig& config,
                                  const ExecutionOptions& execution);

}  // namespace penstock::evaluation
