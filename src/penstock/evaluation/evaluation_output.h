#pragma once

#include <string>
#include <vector>

#include "penstock/evaluation/evaluation_run.h"

namespace penstock::evaluation {

/// Writes into the folder `uri`, each file whole or not at all, in TFMA's layout and TFMA's messages, so that
/// tfma.load_eval_result and its views open it: eval_config.json, metrics-00000-of-00001.tfrecord, plots-..,
/// attributions-..  and, with thresholds, validations-..; and metrics.parquet, a row for each metric
/// and slice.
Status WriteEvaluationFiles(const Evaluation& evaluation, const std::string& uri);

/// What lies in such a folder, also one that TFMA wrote.
struct StoredEvaluation {
  tfma::EvalConfig config;
  std::vector<SliceResult> slices;
  bool has_validation = false;
  tfma::ValidationResult validation;
};
/// kNotFound where there are no metrics; kDataLoss for damaged files.
Result<StoredEvaluation> ReadEvaluationFiles(const std::string& uri);

/// ListChecks of what was stored; empty without thresholds.
Result<std::vector<std::string>> ListStoredChecks(const StoredEvaluation& stored);

}  // namespace penstock::evaluation
