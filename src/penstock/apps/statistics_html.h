#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>

#include "penstock/base/status.h"

namespace penstock::apps {

/// Reads statistics and writes them as one HTML page to `html`. `files`: what each is called there, and its
/// path. `anomalies` may be null.
Status WriteStatisticsPage(const std::string& html,
                           const std::vector<std::pair<std::string, std::string>>& files,
                           const tensorflow::metadata::v0::Anomalies* anomalies, bool starts_with_anomalies);

}  // namespace penstock::apps
