#include "penstock/statistics/options.h"

#include <array>
#include <utility>

namespace penstock::statistics {

Status CheckStatisticsOptions(const StatisticsOptions& options) {
  const std::array<std::pair<const char*, int>, 3> buckets = {
      {{"num_values_histogram_buckets", options.num_values_histogram_buckets},
       {"num_histogram_buckets", options.num_histogram_buckets},
       {"num_quantiles_histogram_buckets", options.num_quantiles_histogram_buckets}}};
  // A bound that keeps a mistyped number from filling memory; TFDV has none.
  constexpr int kMaxBuckets = 1'000'000;
  for (const auto& [name, value] : buckets) {
    if (value < 1 || value > kMaxBuckets) {
      return InvalidArgument("The statistics option {} must be between 1 and {}, not {}", name, kMaxBuckets,
                             value);
    }
  }
  if (options.num_top_values < 0) {
    return InvalidArgument("The statistics option num_top_values must be 0 or more, not {}",
                           options.num_top_values);
  }
  if (options.num_rank_histogram_buckets < 0) {
    return InvalidArgument("The statistics option num_rank_histogram_buckets must be 0 or more, not {}",
                           options.num_rank_histogram_buckets);
  }
  if (options.numeric_sketch_size < 0 || options.numeric_sketch_size > kMaxBuckets) {
    return InvalidArgument("The statistics option numeric_sketch_size must be between 0 and {}, not {}",
                           kMaxBuckets, options.numeric_sketch_size);
  }
  if (!(options.sample_rate > 0 && options.sample_rate <= 1)) {
    return InvalidArgument("The statistics option sample_rate must be above 0 and at most 1, not {}",
                           options.sample_rate);
  }
  if (options.max_slices < 1) {
    return InvalidArgument("The statistics option max_slices must be 1 or more, not {}", options.max_slices);
  }
  constexpr int64_t kLeastMemory = int64_t{16} << 20;
  if (options.memory_limit_bytes < kLeastMemory) {
    return InvalidArgument("The statistics option memory_limit_mb must be at least 16, not {}",
                           options.memory_limit_bytes >> 20);
  }
  // The range in which a quantile sketch keeps its bound.
  if (!(options.epsilon >= 1e-5 && options.epsilon < 0.5)) {
    return InvalidArgument("The statistics option epsilon must be at least 0.00001 and below 0.5, not {}",
                           options.epsilon);
  }
  return OkStatus();
}

}  // namespace penstock::statistics
