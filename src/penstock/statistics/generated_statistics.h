#pragma once

#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/combiner_set.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// The combiners that `options` ask for beside the statistics of each feature: composite features of the
/// schema, crosses, lift, mutual information. Each has an Output of DatasetFeatureStatistics, to be merged
/// into those of the features.
Result<combine::CombinerSet> MakeGeneratedStatistics(const arrow::Schema& data,
                                                     const StatisticsOptions& options);

/// Adds the custom statistics of `from` to the features of the same path (new ones at the end), and its
/// cross features.
void MergeGenerated(const tensorflow::metadata::v0::DatasetFeatureStatistics& from,
                    tensorflow::metadata::v0::DatasetFeatureStatistics& into);

}  // namespace penstock::statistics
