#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "penstock/evaluation/slice_results.h"

namespace penstock::evaluation {

struct TextOptions {
  /// Metrics to show in the table of slices; empty: the first few numbers.
  std::vector<std::string> metrics;
  int64_t max_slices = 20;
};

/// For people: every metric of the first slice (all examples, where there is one) with interval and change
/// against the baseline, then a table of the slices, largest first. Ends in a newline.
std::string FormatResults(const std::vector<SliceResult>& slices,
                          const std::map<std::string, MetricDirection>& directions,
                          const TextOptions& options);

/// Two evaluations side by side: each number that both have, with the difference; slices of one alone are
/// named.
std::string FormatComparison(const std::vector<SliceResult>& a, const std::vector<SliceResult>& b,
                             const TextOptions& options);

/// "auc", "top_k:3 precision", "candidate/auc|diff".
std::string ShownKey(const MetricKey& key);

}  // namespace penstock::evaluation
