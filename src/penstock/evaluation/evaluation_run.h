#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tensorflow_model_analysis/proto/validation_result.pb.h>

#include "penstock/base/execution.h"
#include "penstock/data/dataset.h"
#include "penstock/evaluation/eval_config.h"
#include "penstock/evaluation/slice_results.h"
#include "penstock/evaluation/validation.h"
#include "penstock/evaluation/worst_slices.h"
#include "penstock/model/model.h"

namespace penstock::evaluation {

/// What to evaluate and how.
struct EvaluationRequest {
  tfma::EvalConfig config;
  Compatibility compatibility = Compatibility::kDocumentation;
  /// Null: predictions are columns of the data (prediction_key).
  const model::Model* model = nullptr;
  const model::Model* baseline = nullptr;
  /// Several models side by side, by the names of their specs; `model` is one of them then, whose transform
  /// gives the labels. A spec is made for each name that has none.
  std::map<std::string, const model::Model*> models;
  /// There is no baseline yet: thresholds on changes are left out instead of refused.
  bool is_first_run = false;
  int64_t max_slices = 100'000;
  uint64_t seed = 0;  ///< Of the resamples.
};

/// What came out.
struct Evaluation {
  tfma::EvalConfig config;  ///< As it was completed.
  std::vector<SliceResult> slices;
  bool has_thresholds = false;
  tfma::ValidationResult validation;   ///< Where has_thresholds.
  std::vector<ThresholdCheck> checks;  ///< Every threshold on every slice.
  int64_t num_examples = 0;
  int64_t num_examples_left_out = 0;                  ///< Without a label or a prediction.
  std::map<std::string, MetricDirection> directions;  ///< By metric name.
  /// Things worth telling a person, one sentence each.
  std::vector<std::string> notes;

  bool IsBlessed() const { return !has_thresholds || validation.validation_ok(); }
};

/// Reads the data once, measures all metrics on all slices (slice_accumulation.h) and holds thresholds
/// against them. Bit-equal for any number of threads. Errors as CompleteEvalConfig, PlanEvaluation,
/// SlicingsOf, AccumulateSlices and ValidateSlices say; kInvalidArgument for data without a row, and in
/// kDocumentation where a prediction is NaN or a weight is negative or not finite (the message names the
/// column).
Result<Evaluation> RunEvaluation(const EvaluationRequest& request, const data::Dataset& examples,
                                 const ExecutionOptions& execution);

/// FindWorstSlices for the candidate of the request; the target of `options` is filled in.
Result<WorstSlices> SearchWorstSlices(const EvaluationRequest& request, WorstSliceOptions options,
                                      const data::Dataset& examples, const ExecutionOptions& execution);

}  // namespace penstock::evaluation
