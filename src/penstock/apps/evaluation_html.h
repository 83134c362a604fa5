#pragma once

#include <string>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::apps {

/// Reads the evaluations in `directories` (metrics, plots and validations as TFMA lays them out) and writes
/// them side by side as one HTML page to `html`. Errors name the file.
Status WriteEvaluationPage(const std::string& html, const std::vector<std::string>& directories);

}  // namespace penstock::apps
