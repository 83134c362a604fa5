#pragma once

#include <cstdint>

#include "penstock/base/execution.h"
#include "penstock/data/dataset.h"

namespace penstock::evaluation {

/// `max_examples` examples drawn without replacement, in the order of the data, as one batch; all where there
/// are no more. The same ones whatever the number of threads. Reads the data once; memory holds at most three
/// times the sample. kInvalidArgument where there is no example.
Result<data::Batch> SampleExamples(const data::Dataset& examples, int64_t max_examples, uint64_t seed,
                                   const ExecutionOptions& execution);

}  // namespace penstock::evaluation
