#pragma once

#include <cmath>
#include <span>

#include "penstock/model/tree_ensemble.h"

namespace penstock::model {

/// Which way an inner node sends a row.
inline bool GoesLeft(const TreeNode& node, std::span<const float> row) {
  const float value = row[static_cast<size_t>(node.column)];
  return std::isnan(value) ? node.missing_goes_left : value < node.value;
}

}  // namespace penstock::model
