#pragma once

#include "penstock/evaluation/evaluation_config.h"
#include "penstock/evaluation/evaluation_result.h"

namespace penstock::evaluation {

/// Holds the measured slices of `result` against every threshold of `config`, in its order, and appends a
/// check for each limit. A slice that is named with all its values but was not measured (no examples, or
/// fewer than min_slice_size) fails; one that names features only is checked for each of its slices there
/// are.
void AppendThresholdChecks(const EvaluationConfig& config, EvaluationResult& result);

}  // namespace penstock::evaluation
