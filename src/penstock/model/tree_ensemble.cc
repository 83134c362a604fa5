#include "penstock/model/tree_ensemble.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "penstock/model/tree_walk.h"

namespace penstock::model {
namespace {

// Rows that step down together: their features stay in the first-level cache while a whole tree is walked.
constexpr int64_t kBlockRows = 64;
// Up to this depth every row takes as many steps as the deepest leaf; below, each row stops at its own.
constexpr int32_t kLockstepDepth = 16;
// Trees that one row steps down together: each waits for memory while the others go on.
constexpr int64_t kGroupTrees = 16;
// So few rows are done one by one.
constexpr int64_t kFewRows = 4;
// With fewer rows or more columns turning them costs more than it gains.
constexpr int64_t kLeastWideRows = 16;
constexpr int64_t kMostWideColumns = 128;
static_assert(kBlockRows == kWalkedRows);
constexpr uint32_t kMaxNodes = 1u << 30;
constexpr size_t kMaxOutputs = 1 << 16;

struct Visit {
  int32_t source;  // In the given tree.
  int32_t depth;
};

Status CheckInnerNode(const Tree& tree, int64_t tree_index, int32_t at, int32_t num_columns) {
  const TreeNode& node = tree[at];
  const auto size = static_cast<int32_t>(tree.size());
  if (node.left < 0 || node.right < 0) {
    return DataLoss("A tree has an inner node with one child only: tree {}, node {}", tree_index, at);
  }
  if (node.left >= size || node.right >= size) {
    return DataLoss("A tree has a child that does not exist: tree {}, node {} of {}, children {} and {}",
                    tree_index, at, size, node.left, node.right);
  }
  if (node.column < 0 || node.column >= num_columns) {
    return DataLoss("A tree splits on a column that does not exist: tree {}, node {}, column {} of {}",
                    tree_index, at, node.column, num_columns);
  }
  if (std::isnan(node.value)) return DataLoss("A tree splits at NaN: tree {}, node {}", tree_index, at);
  return OkStatus();
}

}  // namespace

Result<TreeEnsemble> TreeEnsemble::Make(std::span<const Tree> trees, std::vector<float> base_margins,
                                        int32_t num_columns) {
  for (float base_margin : base_margins) {
    if (!std::isfinite(base_margin))
      return DataLoss("The forest's base margin is not finite: {}", base_margin);
  }
  if (base_margins.empty() || base_margins.size() > kMaxOutputs || trees.size() % base_margins.size() != 0)
    return DataLoss("The forest's {} trees do not fit {} outputs", trees.size(), base_margins.size());
  if (num_columns < 0) return DataLoss("The forest has a negative number of columns: {}", num_columns);
  TreeEnsemble ensemble;
  ensemble.base_margins_ = std::move(base_margins);
  ensemble.num_columns_ = num_columns;
  size_t num_nodes = 0;
  for (const Tree& tree : trees) num_nodes += tree.size();
  if (num_nodes > kMaxNodes)
    return DataLoss("The forest has too many nodes: {} (at most {})", num_nodes, kMaxNodes);
  ensemble.trees_.reserve(trees.size());
  ensemble.nodes_.reserve(num_nodes);
  ensemble.leaf_values_.reserve(num_nodes);
  for (size_t i = 0; i < trees.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(ensemble.AddTree(trees[i], static_cast<int64_t>(i)));
  }
  return ensemble;
}

Status TreeEnsemble::AddTree(const Tree& tree, int64_t index) {
  if (tree.empty()) return DataLoss("A tree has no nodes: tree {}", index);
  const auto first = static_cast<uint32_t>(nodes_.size());
  std::vector<bool> reached(tree.size(), false);
  reached[0] = true;
  std::vector<Visit> order{{0, 0}};
  order.reserve(tree.size());
  int32_t depth = 0;
  for (size_t next = 0; next < order.size(); ++next) {
    const auto [at, level] = order[next];
    const TreeNode& node = tree[at];
    depth = std::max(depth, level);
    if (node.IsLeaf()) {
      if (!std::isfinite(node.value)) return DataLoss("A leaf is not finite: tree {}, node {}", index, at);
      // The index before its own, so that "right" is the leaf itself.
      const uint32_t self = first + static_cast<uint32_t>(next);
      nodes_.push_back({std::numeric_limits<float>::quiet_NaN(), 0, self - 1});
      leaf_values_.push_back(node.value);
      continue;
    }
    PENSTOCK_RETURN_IF_ERROR(CheckInnerNode(tree, index, at, num_columns_));
    if (level >= kMaxDepth) return DataLoss("A tree is deeper than {} levels: tree {}", kMaxDepth, index);
    for (int32_t child : {node.left, node.right}) {
      if (reached[child]) return DataLoss("A node has two parents: tree {}, node {}", index, child);
      reached[child] = true;
    }
    nodes_.push_back({node.value, static_cast<uint32_t>(node.column) * 2 + (node.missing_goes_left ? 1 : 0),
                      first + static_cast<uint32_t>(order.size())});
    leaf_values_.push_back(0);
    order.push_back({node.left, level + 1});
    order.push_back({node.right, level + 1});
  }
  if (order.size() != tree.size()) {
    return DataLoss("A tree has nodes that nothing leads to: tree {}, {} of {} nodes", index,
                    tree.size() - order.size(), tree.size());
  }
  trees_.push_back({first, static_cast<uint32_t>(tree.size()), depth});
  return OkStatus();
}

void TreeEnsemble::Sum(std::span<const float> rows, std::span<float> margins) const {
  const int64_t width = num_outputs();
  const int64_t num_rows = static_cast<int64_t>(margins.size()) / width;
  for (int64_t start = 0; start < num_rows; start += kBlockRows) {
    SumBlock(rows.data() + start * num_columns_, std::min(kBlockRows, num_rows - start),
             margins.data() + start * width);
  }
}

inline uint32_t TreeEnsemble::Step(uint32_t at, const float* row) const {
  const Node& node = nodes_[at];
  const float value = row[node.column_and_missing_left >> 1];
  const auto missing = static_cast<uint32_t>(value != value);
  const uint32_t goes_left =
      static_cast<uint32_t>(value < node.threshold) | (missing & node.column_and_missing_left);
  return node.left + (goes_left ^ 1u);
}

void TreeEnsemble::SumRow(const float* row, float* margins) const {
  std::copy(base_margins_.begin(), base_margins_.end(), margins);
  const size_t width = base_margins_.size();
  size_t output = 0;
  const auto num_trees = static_cast<int64_t>(trees_.size());
  for (int64_t first = 0; first < num_trees; first += kGroupTrees) {
    const int64_t count = std::min(kGroupTrees, num_trees - first);
    uint32_t position[kGroupTrees];
    int32_t depth = 0;
    for (int64_t i = 0; i < kGroupTrees; ++i) {
      // The group's last tree stands in for those that are not there.
      const TreeSpan& tree = trees_[first + std::min(i, count - 1)];
      position[i] = tree.first_node;
      depth = std::max(depth, tree.depth);
    }
    if (depth <= kLockstepDepth) {
      for (int32_t level = 0; level < depth; ++level) {
        for (int64_t i = 0; i < kGroupTrees; ++i) position[i] = Step(position[i], row);
      }
    } else {
      for (int64_t i = 0; i < count; ++i) {
        for (uint32_t next; (next = Step(position[i], row)) != position[i];) position[i] = next;
      }
    }
    if (width == 1) {
      for (int64_t i = 0; i < count; ++i) margins[0] += leaf_values_[position[i]];
      continue;
    }
    for (int64_t i = 0; i < count; ++i) {
      margins[output] += leaf_values_[position[i]];
      output = output + 1 == width ? 0 : output + 1;
    }
  }
}

void TreeEnsemble::SumBlock(const float* rows, int64_t num_rows, float* margins) const {
  // A forest of single leaves may have no columns at all; a leaf still reads column 0.
  static constexpr float kNoColumns[1] = {0};
  const int64_t stride = num_columns_;
  const float* first_row = num_columns_ == 0 ? kNoColumns : rows;
  if (num_rows <= kFewRows) {
    for (int64_t row = 0; row < num_rows; ++row)
      SumRow(first_row + row * stride, margins + row * num_outputs());
    return;
  }
  const int64_t width = num_outputs();
  for (int64_t row = 0; row < num_rows; ++row)
    std::copy(base_margins_.begin(), base_margins_.end(), margins + row * width);
  int64_t output = 0;
  uint32_t position[kBlockRows];
  // By column, with room for a last group of eight; for many columns that would be too much to turn.
  const bool is_wide =
      num_rows >= kLeastWideRows && num_columns_ > 0 && num_columns_ <= kMostWideColumns && CanWalkTrees();
  float columns[kMostWideColumns * kWalkedRows];
  for (int64_t row = 0; is_wide && row < (num_rows + 7) / 8 * 8; ++row) {
    for (int64_t column = 0; column < stride; ++column)
      columns[column * kWalkedRows + row] = row < num_rows ? rows[row * stride + column] : 0;
  }
  for (const TreeSpan& tree : trees_) {
    if (is_wide && tree.num_nodes <= kMaxWalkedNodes) {
      float leaves[kWalkedRows];
      WalkTree({&nodes_[tree.first_node], &leaf_values_[tree.first_node], tree.first_node, tree.num_nodes},
               columns, num_rows, leaves);
      for (int64_t row = 0; row < num_rows; ++row) margins[row * width + output] += leaves[row];
      output = output + 1 == width ? 0 : output + 1;
      continue;
    }
    std::fill(position, position + num_rows, tree.first_node);
    if (tree.depth <= kLockstepDepth) {
      for (int32_t level = 0; level < tree.depth; ++level) {
        for (int64_t row = 0; row < num_rows; ++row)
          position[row] = Step(position[row], first_row + row * stride);
      }
    } else {
      for (int64_t row = 0; row < num_rows; ++row) {
        for (uint32_t at = position[row], next; (next = Step(at, first_row + row * stride)) != at;
             at = next) {
          position[row] = next;
        }
      }
    }
    for (int64_t row = 0; row < num_rows; ++row) margins[row * width + output] += leaf_values_[position[row]];
    output = output + 1 == width ? 0 : output + 1;
  }
}

Tree TreeEnsemble::TreeAt(int64_t index) const {
  const TreeSpan& span = trees_[index];
  Tree tree(span.num_nodes);
  for (uint32_t i = 0; i < span.num_nodes; ++i) {
    const Node& node = nodes_[span.first_node + i];
    TreeNode& out = tree[i];
    if (std::isnan(node.threshold)) {
      out.value = leaf_values_[span.first_node + i];
      continue;
    }
    out.value = node.threshold;
    out.column = static_cast<int32_t>(node.column_and_missing_left >> 1);
    out.missing_goes_left = (node.column_and_missing_left & 1u) != 0;
    out.left = static_cast<int32_t>(node.left - span.first_node);
    out.right = out.left + 1;
  }
  return tree;
}

}  // namespace penstock::model
