#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>
#include <nlohmann/json_fwd.hpp>

#include "penstock/base/status.h"

namespace penstock::pages {

/// Statistics to be shown side by side, and what they are called there (a file's name, "previous").
struct NamedStatistics {
  std::string name;
  const tensorflow::metadata::v0::DatasetFeatureStatisticsList* statistics = nullptr;
};

/// How much of large statistics a page holds; what is left out is said in it.
struct PageLimits {
  int max_datasets = 500;
  int64_t max_cells = 60'000;           ///< Features times datasets.
  int64_t max_listed_values = 400'000;  ///< Of all cells together, but never fewer than 10 of each.
  int max_buckets = 200;                ///< Of one histogram.
  int max_text_bytes = 200;
  int max_name_bytes = 1'000;
};

/// The data of a statistics page in the form of docs/formats/pages.md: all datasets (slices) of all files
/// over the union of their features; the first file's first dataset is what the others are held against.
/// `anomalies` stand beside their feature; null: there are none to show. `starts_with_anomalies`: what the
/// reader sees first. kInvalidArgument where nothing was given. Pure.
Result<nlohmann::json> StatisticsPageData(const std::vector<NamedStatistics>& files,
                                          const tensorflow::metadata::v0::Anomalies* anomalies,
                                          bool starts_with_anomalies, const PageLimits& limits = {});

}  // namespace penstock::pages
