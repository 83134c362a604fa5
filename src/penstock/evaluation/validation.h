#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tensorflow_model_analysis/proto/validation_result.pb.h>

#include "penstock/evaluation/slice_results.h"
#include "penstock/evaluation/threshold_rule.h"

namespace penstock::evaluation {

/// A threshold held against a slice.
struct ThresholdCheck {
  MetricKey key;
  std::string slice;  ///< "Overall", "sex:Female against sex:Male".
  double value = 0;
  std::optional<ValueRange> range;
  tfma::MetricThreshold threshold;  ///< One side of it only.
  ThresholdVerdict verdict;

  /// For people: number, interval, limit and slice.
  std::string Sentence() const;
};

struct Validation {
  tfma::ValidationResult result;
  std::vector<ThresholdCheck> checks;  ///< Those that were kept too.
};

/// Holds the thresholds of the plan against the slices by ApplyThreshold, in kTfma without intervals; a
/// change is the candidate's value less the baseline's, a metric or slice that is not there fails, a
/// threshold without slice is for every slice. Where TFMA contradicts its documentation and
/// `plan.compatibility` is kDocumentation: cross slice thresholds can pass, thresholds by metric name find
/// TFMA's own metrics too, and slices that are too small are not held against the model. kInvalidArgument for
/// a threshold on a metric that is no number.
Result<Validation> ValidateSlices(const EvaluationPlan& plan, const std::vector<SliceResult>& slices);

/// For people: every check, "passed" or "failed" and a sentence, and what is missing.
std::vector<std::string> ListChecks(const Validation& validation);

/// For people: one sentence for each failure, with number, limit and slice.
std::vector<std::string> ExplainValidation(const tfma::ValidationResult& validation);

}  // namespace penstock::evaluation
