#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::model {

/// A node of a regression tree, as learners hand it over.
struct TreeNode {
  int32_t left = -1;   ///< Index in the tree's nodes; below 0: a leaf.
  int32_t right = -1;  ///< Index in the tree's nodes; below 0: a leaf.
  int32_t column = 0;  ///< Inner nodes: the column of the feature matrix that is looked at.
  bool missing_goes_left = false;
  float value = 0;  ///< Inner nodes: values < this go left. Leaves: what is added to the sum.

  bool IsLeaf() const { return left < 0 && right < 0; }
};

/// The root is the first node.
using Tree = std::vector<TreeNode>;

/// Sums of regression trees over rows of float32, and nothing else: no names, no link. Of several outputs,
/// tree i adds to output i modulo their number.
///
/// Gives the bits that XGBoost's CPU predictor gives: the same comparisons in float32, the same
/// order of the sum in float32. NaN stands for a missing value. Immutable; any number of threads.
class TreeEnsemble {
 public:
  /// Deeper trees are refused: no learner here grows them, and a damaged file must not hang a server.
  static constexpr int32_t kMaxDepth = 1024;

  /// Checks all that Sum relies on and lays the nodes out breadth first, siblings side by side.
  /// kDataLoss names the tree and node at which something is wrong: a child out of range, a node that
  /// is reached twice or never, one child only, a column not below `num_columns`, a leaf or a base that is
  /// not finite. `base_margins`: one an output, at least one; the trees are so many times as many.
  static Result<TreeEnsemble> Make(std::span<const Tree> trees, std::vector<float> base_margins,
                                   int32_t num_columns);
  static Result<TreeEnsemble> Make(std::span<const Tree> trees, float base_margin, int32_t num_columns) {
    return Make(trees, std::vector<float>{base_margin}, num_columns);
  }

  /// Writes base margin + the leaves that each row reaches to `margins`, num_outputs() a row. `rows` is
  /// row-major, num_columns() wide. Cost: about 2 ns a level, tree and row; nothing is allocated.
  void Sum(std::span<const float> rows, std::span<float> margins) const;

  int32_t num_outputs() const { return static_cast<int32_t>(base_margins_.size()); }
  const std::vector<float>& base_margins() const { return base_margins_; }
  /// Of the first output.
  float base_margin() const { return base_margins_[0]; }
  int32_t num_columns() const { return num_columns_; }
  int64_t num_trees() const { return static_cast<int64_t>(trees_.size()); }
  int64_t num_nodes() const { return static_cast<int64_t>(nodes_.size()); }
  /// The tree in the form Make takes, in this layout: Make of them is an equal ensemble.
  Tree TreeAt(int64_t index) const;

 private:
  // 12 bytes, so that a step down touches one cache line. A leaf points back at itself (its
  // threshold is NaN and `left` the index before its own, so every value goes "right" to the
  // leaf itself): rows of a block can step down in lockstep without asking who has arrived.
  struct Node {
    float threshold;
    uint32_t column_and_missing_left;  // column * 2 + missing_goes_left
    uint32_t left;                     // In nodes_; the right child follows.
  };
  struct TreeSpan {
    uint32_t first_node;
    uint32_t num_nodes;
    int32_t depth;
  };

  TreeEnsemble() = default;
  /// The node below `at` that `row` goes to; a leaf's is itself.
  uint32_t Step(uint32_t at, const float* row) const;
  void SumRow(const float* row, float* margins) const;
  void SumBlock(const float* rows, int64_t num_rows, float* margins) const;
  Status AddTree(const Tree& tree, int64_t index);

  std::vector<TreeSpan> trees_;
  std::vector<Node> nodes_;
  std::vector<float> leaf_values_;  // One a node; 0 for inner nodes.
  std::vector<float> base_margins_;
  int32_t num_columns_ = 0;
};

}  // namespace penstock::model
