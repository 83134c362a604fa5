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

/// Reads a model that XGBoost (1.7 and like ones) saved as UBJSON: booster gbtree, one tree an iteration and
/// output, objectives binary:logistic, reg:squarederror and multi:softprob, numerical splits. Takes the first
/// `num_trees` trees, which must be so many times as many as outputs.
/// kDataLoss where it is anything else or damaged.
Result<ConvertedTrees> ConvertXgboostModel(std::string_view ubjson, int64_t num_trees);

}  // namespace penstock::learning
