#include "penstock/model/tree_walk.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace penstock::model {

#if defined(__x86_64__)

namespace {

constexpr int64_t kLanes = 8;

struct WalkedNode {
  float threshold;
  uint32_t column_and_missing_left;
  uint32_t left;
};
static_assert(sizeof(WalkedNode) == 12);

bool IsLeaf(const WalkedNode& node) { return node.threshold != node.threshold; }

/// Values of a node's side: a row's each, or, of a leaf, the same eight over and over.
struct Side {
  const float* values = nullptr;
  int64_t step = 0;
};

template <int kPredicate>
__attribute__((target("avx2"))) void Pick(const float* column, float threshold, Side left, Side right,
                                          int64_t num_rows, float* into) {
  const __m256 thresholds = _mm256_set1_ps(threshold);
  for (int64_t row = 0; row < num_rows; row += kLanes) {
    const __m256 goes_left = _mm256_cmp_ps(_mm256_loadu_ps(column + row), thresholds, kPredicate);
    const __m256 if_left = _mm256_loadu_ps(left.values + row * left.step);
    const __m256 if_right = _mm256_loadu_ps(right.values + row * right.step);
    _mm256_storeu_ps(into + row, _mm256_blendv_ps(if_right, if_left, goes_left));
  }
}

}  // namespace

bool CanWalkTrees() {
  static const bool can = __builtin_cpu_supports("avx2") != 0;
  return can;
}

void WalkTree(const WalkedTree& tree, const float* columns, int64_t num_rows, float* leaves) {
  const auto* const nodes = static_cast<const WalkedNode*>(tree.nodes);
  if (IsLeaf(nodes[0])) {
    std::fill(leaves, leaves + num_rows, tree.leaf_values[0]);
    return;
  }
  float values[kMaxWalkedNodes / 2 + 1][kWalkedRows];
  uint8_t slots[kMaxWalkedNodes] = {};
  float constants[2][kLanes];
  uint8_t num_slots = 0;
  // Children come after their parents.
  for (uint32_t i = tree.num_nodes; i-- > 0;) {
    const WalkedNode& node = nodes[i];
    if (IsLeaf(node)) continue;
    Side sides[2];
    for (uint32_t j = 0; j < 2; ++j) {
      const uint32_t child = node.left - tree.first_node + j;
      if (IsLeaf(nodes[child])) {
        std::fill(constants[j], constants[j] + kLanes, tree.leaf_values[child]);
        sides[j] = {constants[j], 0};
      } else {
        sides[j] = {values[slots[child]], 1};
      }
    }
    float* const into = i == 0 ? leaves : values[slots[i] = num_slots++];
    const float* const column = columns + (node.column_and_missing_left >> 1) * kWalkedRows;
    // "Not at or above" holds for NaN too, which stands for a missing value.
    (node.column_and_missing_left & 1u) != 0
        ? Pick<_CMP_NGE_UQ>(column, node.threshold, sides[0], sides[1], num_rows, into)
        : Pick<_CMP_LT_OQ>(column, node.threshold, sides[0], sides[1], num_rows, into);
  }
}

#else

bool CanWalkTrees() { return false; }
void WalkTree(const WalkedTree&, const float*, int64_t, float*) {}

#endif

}  // namespace penstock::model
