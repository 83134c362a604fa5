#pragma once

#include <cstdint>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>
#include <nlohmann/json_fwd.hpp>

#include "penstock/pages/statistics_page.h"

namespace penstock::pages {

/// What one cell may hold.
struct CellLimits {
  int64_t max_listed_values = 0;
  int max_buckets = 0;
  size_t max_text_bytes = 0;
};

/// The statistics of one feature in one dataset: "Cell" of docs/formats/pages.md.
nlohmann::json FeatureJson(const tensorflow::metadata::v0::FeatureNameStatistics& feature,
                           const CellLimits& limits);

/// {"edges": n + 1 numbers, "counts": n}: neighbours are merged until there are at most `max_buckets`, gaps
/// become empty buckets.
nlohmann::json HistogramJson(const tensorflow::metadata::v0::Histogram& histogram, int max_buckets);

}  // namespace penstock::pages
