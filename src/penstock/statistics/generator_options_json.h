#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/statistics/json_values.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// Reads `generators`: a list of objects, each with the "name" of one of TFDV's generators
/// (CrossFeatureStatsGenerator, LiftStatsGenerator, MutualInformation) and arguments of its constructor.
Status ReadGenerators(const std::string& key, const Json& value, StatisticsOptions& options);

}  // namespace penstock::statistics
