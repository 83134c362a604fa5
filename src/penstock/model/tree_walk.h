#pragma once

#include <cstdint>

namespace penstock::model {

/// Rows that are walked together.
inline constexpr int64_t kWalkedRows = 64;
/// Larger trees are not walked so: all of a tree's inner nodes are computed, also those that a row passes by.
inline constexpr uint32_t kMaxWalkedNodes = 127;

/// One tree as TreeEnsemble lays it out: three words a node (threshold, column * 2 + missing_goes_left, the
/// place of the left child, which the right one follows), breadth first; a threshold of NaN is a leaf.
struct WalkedTree {
  const void* nodes = nullptr;         ///< Of the root.
  const float* leaf_values = nullptr;  ///< One a node, from the root on.
  uint32_t first_node = 0;             ///< What the places of children count from.
  uint32_t num_nodes = 0;              ///< Up to kMaxWalkedNodes.
};

/// Whether this processor can WalkTree (AVX2).
bool CanWalkTrees();

/// Writes the value of the leaf that each row comes to into `leaves`. `columns` holds kWalkedRows numbers for
/// each column; `num_rows` of them, rounded up to 8, are looked at. Every inner node compares eight rows at a
/// time and picks its left or its right side's values, from the last node to the root: no row waits for where
/// it goes. The same comparisons, and so the same leaves, as one by one. About 1 ns a row for a tree of 31
/// nodes. Only where CanWalkTrees().
void WalkTree(const WalkedTree& tree, const float* columns, int64_t num_rows, float* leaves);

}  // namespace penstock::model
