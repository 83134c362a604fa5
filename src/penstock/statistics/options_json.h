#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// StatsOptions as a JSON object: TFDV's field names and defaults, as a user writes them
/// ({"num_top_values": 3, "weight_feature": "w", "slicing_config": {"slicing_specs": [{"feature_keys":
/// ["country"]}]}}) or as StatsOptions.to_json gives them ("_feature_allowlist", "schema_json"). null is the
/// default. Besides: max_slices. What only says how TFDV cuts its work (desired_batch_size,
/// use_sketch_based_topk_uniques, experimental_*) is checked and has no effect.
///
/// kInvalidArgument for text that is no JSON object (with its place), a value of the wrong type or a key that
/// does not exist (with the nearest); kUnimplemented for a key of TFDV's whose value asks for what is not
/// computed yet. At most 64 MiB.
Result<StatisticsOptions> ParseStatisticsOptions(std::string_view json);

/// Slices as on a command line, one way to slice each: "country" (each value), "country,age" (crossed),
/// "country=US" (that value), "country=US,age". kInvalidArgument where a feature's name is missing.
Result<std::vector<SliceSpec>> ParseSlices(std::span<const std::string> slices);

}  // namespace penstock::statistics
