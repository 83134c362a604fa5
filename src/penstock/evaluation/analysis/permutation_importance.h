#pragma once

#include <string>
#include <vector>

#include "penstock/evaluation/evaluation_run.h"

namespace penstock::evaluation {

struct ImportanceOptions {
  std::string metric;  ///< The name of a metric of the request's configuration.
  int num_repeats = 3;
  uint64_t seed = 0;
};

/// How much a metric changes when a column's values are dealt out anew.
struct ColumnImportance {
  std::string column;
  double change = 0;     ///< Mean over the repeats of the metric less its value on the real data.
  double deviation = 0;  ///< Standard deviation over the repeats.
};

struct Importances {
  double value = 0;  ///< The metric on the real data.
  std::vector<ColumnImportance> columns;
};

/// Permutation importance (Breiman 2001) of each input column of the model, largest change first. The model
/// is asked anew for each column and repeat; labels stay what they are.
/// Bit-equal for any number of threads.
/// kInvalidArgument where there is no model, or the metric is not among those of the configuration or no
/// single number.
Result<Importances> PermutationImportance(const EvaluationRequest& request, const ImportanceOptions& options,
                                          const data::Batch& examples, const ExecutionOptions& execution);

}  // namespace penstock::evaluation
