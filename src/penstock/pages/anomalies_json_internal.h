#pragma once

#include <functional>
#include <optional>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <nlohmann/json_fwd.hpp>

namespace penstock::pages {

/// Where a feature stands in the page's list of features; adds it where it is not in it yet.
using FeatureIndex = std::function<int(const tensorflow::metadata::v0::Path&)>;

/// "Anomalies" of docs/formats/pages.md: one per feature, errors first as they are, then the distances
/// that were measured.
nlohmann::json AnomaliesJson(const tensorflow::metadata::v0::Anomalies& anomalies,
                             const FeatureIndex& index_of);

}  // namespace penstock::pages
