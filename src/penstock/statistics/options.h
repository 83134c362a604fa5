#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/base/status.h"

namespace tensorflow::metadata::v0 {
class Schema;
}

namespace penstock::statistics {

/// What to compute. Names and defaults are those of TFDV's StatsOptions; what is absent
/// here is not computed yet (weights, slices, sampling, label lift, semantic domains).
struct StatisticsOptions {
  /// Most frequent values kept for a categorical feature.
  int num_top_values = 20;
  /// Values that occur less often are in neither top values nor rank histogram.
  int64_t frequency_threshold = 1;
  int num_rank_histogram_buckets = 1000;
  /// Of the histogram over the number of values an example has.
  int num_values_histogram_buckets = 10;
  /// Of the STANDARD (equal-width) histogram.
  int num_histogram_buckets = 10;
  int num_quantiles_histogram_buckets = 10;
  /// Rank error of medians and quantile bounds, as a fraction of the number of values: 0.00001 to 0.5.
  double epsilon = 0.01;
  /// Only these features, in the data's order; empty: all. A name that the data lack is an error.
  std::vector<std::string> feature_allowlist;
  /// Says which integers are categorical and which strings are bytes (images). Not owned,
  /// read only while a combiner is made; null: neither.
  const tensorflow::metadata::v0::Schema* schema = nullptr;
};

/// kInvalidArgument with the option's name and value when one makes no sense.
Status CheckStatisticsOptions(const StatisticsOptions& options);

}  // namespace penstock::statistics
