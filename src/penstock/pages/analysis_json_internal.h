#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "penstock/base/status.h"

namespace penstock::pages {

/// "Analysis" of docs/formats/pages.md, from an analysis.json of whoever wrote it: nothing but numbers and
/// short texts in the known places is taken over, of each list as much as a page can show. kDataLoss where
/// the text is no JSON object or larger than 64 MiB.
Result<nlohmann::json> AnalysisJson(std::string_view text);

}  // namespace penstock::pages
