#pragma once

#include <string>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// The file in each `Split-<name>` folder of a statistics artifact: one binary
/// DatasetFeatureStatisticsList (docs/formats/statistics.md).
inline constexpr const char* kStatisticsFileName = "FeatureStats.pb";

/// Statistics of every feature of `dataset`, as TFDV fills them: a list of one dataset
/// (without a name; one call a split), features in the order of the data's columns. With
/// options.slices: of all examples (named kAllExamplesName) and of each slice.
///
/// One pass over the shards, in parallel, merged in shard order: bit-equal for any number
/// of threads. Memory: a few batches and one state a thread, bounded whatever the data
/// (see dataset_statistics.h for the bounds and for what is exact).
///
/// kInvalidArgument for options that make no sense or a column of an unsupported type,
/// kNotFound for an allowlisted feature that the data lack; otherwise what the reader says.
Result<tensorflow::metadata::v0::DatasetFeatureStatisticsList> ComputeStatistics(
    const data::Dataset& dataset, const StatisticsOptions& options, const ExecutionOptions& execution);

}  // namespace penstock::statistics
