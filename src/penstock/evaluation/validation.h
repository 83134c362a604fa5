#pragma once

#include <vector>

#include <tensorflow_model_analysis/proto/validation_result.pb.h>

#include "penstock/evaluation/slice_results.h"

namespace penstock::evaluation {

/// Holds the thresholds of the plan against the slices, by TFMA's rules: bounds are inclusive, a change is
/// the candidate's value less the baseline's and must meet both its limits, a metric or slice that is not
/// there fails, a threshold without slice is for every slice. Where TFMA contradicts its documentation and
/// `plan.compatibility` is kDocumentation: cross slice thresholds can pass, thresholds by metric name find
/// TFMA's own metrics too, and slices that are too small are not held against the model. kInvalidArgument for
/// a threshold on a metric that is no number.
Result<tfma::ValidationResult> ValidateSlices(const EvaluationPlan& plan,
                                              const std::vector<SliceResult>& slices);

/// For people: every check of a threshold on a slice, "passed" or "failed" and a sentence with number, limit
/// and slice.
Result<std::vector<std::string>> ListChecks(const EvaluationPlan& plan,
                                            const std::vector<SliceResult>& slices);

/// For people: one sentence for each failure, with number, limit and slice.
std::vector<std::string> ExplainValidation(const tfma::ValidationResult& validation);

}  // namespace penstock::evaluation
