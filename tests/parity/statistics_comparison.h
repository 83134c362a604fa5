#pragma once

#include <map>
#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/data/dataset.h"

namespace penstock::parity {

/// All numbers of a dataset's numeric columns, sorted, NaNs left out: the truth that quantiles
/// of either side are held against.
using SortedColumns = std::map<std::string, std::vector<double>>;
Result<SortedColumns> ReadSortedColumns(const data::Dataset& dataset);

/// What differs between `expected` (TFDV's) and `actual` (ours), one sentence each; empty where
/// nothing does. Counts, extremes, uniques and ranked values must be equal, means to 1e-12, deviations to
/// 1e-9 relative; medians and histogram bounds of both must lie within `epsilon` ranks of the truth. Bucket
/// counts of quantile histograms are compared only on demand.
std::vector<std::string> CompareStatistics(const tensorflow::metadata::v0::DatasetFeatureStatistics& expected,
                                           const tensorflow::metadata::v0::DatasetFeatureStatistics& actual,
                                           const SortedColumns& truth, double epsilon,
                                           bool compare_quantile_counts);

}  // namespace penstock::parity
