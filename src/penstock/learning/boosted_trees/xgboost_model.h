#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/tree_ensemble.h"

namespace penstock::learning {

/// XGBoost's trees as ours.
struct ConvertedTrees {
  model::TreeEnsemble forest;
  /// For each column, what the splits on it gained in training loss, over all trees taken.
  std::vector<double> column_gains;
};

/// Reads a model that XGBoost (1.7 and like ones) saved as UBJSON: booster gbtree, one tree an iteration,
/// objectives binary:logistic and reg:squarederror, numerical splits. Takes the first `num_trees` trees.
/// kDataLoss where it is anything else or damaged.
Result<ConvertedTrees> ConvertXgboostModel(std::string_view ubjson, int64_t num_trees);

}  // namespace penstock::learning
