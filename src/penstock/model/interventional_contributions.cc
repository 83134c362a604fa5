#include "penstock/model/interventional_contributions.h"

#include <algorithm>
#include <utility>

#include "penstock/model/tree_walk_internal.h"

namespace penstock::model {
namespace {

enum class Owner : char { kNone, kRow, kBackground };

// One tree, one row and one background row: visits every leaf that a mixture of both reaches, and knows which
// columns must be whose on the way there.
class MixedDescent {
 public:
  MixedDescent(const Tree& tree, const std::vector<std::vector<double>>& weights, std::vector<Owner>& owners,
               std::span<const float> row, std::span<double> contributions)
      : tree_(tree), weights_(weights), owners_(owners), row_(row), contributions_(contributions) {}

  void Run(std::span<const float> background, double share) {
    background_ = background;
    share_ = share;
    Visit(0);
  }

 private:
  void Visit(int32_t at) {
    const TreeNode& node = tree_[static_cast<size_t>(at)];
    if (node.IsLeaf()) return CreditColumns(static_cast<double>(node.value));
    const int32_t of_row = GoesLeft(node, row_) ? node.left : node.right;
    const int32_t of_background = GoesLeft(node, background_) ? node.left : node.right;
    if (of_row == of_background) return Visit(of_row);
    Owner& owner = owners_[static_cast<size_t>(node.column)];
    if (owner == Owner::kRow) return Visit(of_row);
    if (owner == Owner::kBackground) return Visit(of_background);
    for (const auto& [whose, child] :
         {std::pair(Owner::kRow, of_row), std::pair(Owner::kBackground, of_background)}) {
      owner = whose;
      path_.push_back(node.column);
      Visit(child);
      path_.pop_back();
    }
    owner = Owner::kNone;
  }

  void CreditColumns(double value) {
    if (path_.empty()) return;
    size_t num_of_row = 0;
    for (const int32_t column : path_)
      num_of_row += owners_[static_cast<size_t>(column)] == Owner::kRow ? 1 : 0;
    const size_t num_of_background = path_.size() - num_of_row;
    for (const int32_t column : path_) {
      const double weight = owners_[static_cast<size_t>(column)] == Owner::kRow
                                ? weights_[num_of_row - 1][num_of_background]
                                : -weights_[num_of_row][num_of_background - 1];
      contributions_[static_cast<size_t>(column)] += share_ * weight * value;
    }
  }

  const Tree& tree_;
  const std::vector<std::vector<double>>& weights_;
  std::vector<Owner>& owners_;
  const std::span<const float> row_;
  const std::span<double> contributions_;
  std::span<const float> background_;
  double share_ = 0;
  std::vector<int32_t> path_;  // The columns that have an owner.
};

// No path looks at more columns than the deepest tree has inner nodes one below the other.
size_t DepthOf(const Tree& tree) {
  size_t deepest = 0;
  std::vector<std::pair<int32_t, size_t>> open{{0, 0}};
  while (!open.empty()) {
    const auto [at, depth] = open.back();
    open.pop_back();
    deepest = std::max(deepest, depth);
    const TreeNode& node = tree[static_cast<size_t>(at)];
    if (node.IsLeaf()) continue;
    open.emplace_back(node.left, depth + 1);
    open.emplace_back(node.right, depth + 1);
  }
  return deepest;
}

std::vector<std::vector<double>> WeightsUpTo(size_t most) {
  std::vector<std::vector<double>> weights(most + 1, std::vector<double>(most + 1));
  for (size_t a = 0; a <= most; ++a)
    for (size_t b = 0; b <= most; ++b)
      weights[a][b] = a == 0 ? 1 / static_cast<double>(b + 1)
                             : weights[a - 1][b] * static_cast<double>(a) / static_cast<double>(a + b + 1);
  return weights;
}

double LeafOf(const Tree& tree, std::span<const float> row) {
  int32_t at = 0;
  while (!tree[static_cast<size_t>(at)].IsLeaf()) {
    const TreeNode& node = tree[static_cast<size_t>(at)];
    at = GoesLeft(node, row) ? node.left : node.right;
  }
  return static_cast<double>(tree[static_cast<size_t>(at)].value);
}

}  // namespace

Result<InterventionalContributions> InterventionalContributions::Make(const TreeEnsemble& ensemble,
                                                                      std::vector<float> background) {
  const auto width = static_cast<size_t>(ensemble.num_columns());
  if (background.empty() || width == 0 || background.size() % width != 0)
    return InvalidArgument("Contributions need background examples; there are none");
  if (ensemble.num_outputs() > 1)
    return InvalidArgument("Contributions are of one output, and the ensemble has {}",
                           ensemble.num_outputs());
  InterventionalContributions made;
  made.num_columns_ = ensemble.num_columns();
  made.background_ = std::move(background);
  size_t deepest = 0;
  for (int64_t t = 0; t < ensemble.num_trees(); ++t) {
    made.trees_.push_back(ensemble.TreeAt(t));
    deepest = std::max(deepest, DepthOf(made.trees_.back()));
  }
  made.weights_ = WeightsUpTo(std::min(deepest, width));
  const std::span<const float> rows = made.background_;
  const auto num_rows = static_cast<double>(rows.size() / width);
  for (size_t at = 0; at < rows.size(); at += width)
    for (const Tree& tree : made.trees_) made.expected_ += LeafOf(tree, rows.subspan(at, width)) / num_rows;
  made.expected_ += static_cast<double>(ensemble.base_margin());
  return made;
}

void InterventionalContributions::Add(std::span<const float> row, std::span<double> contributions) const {
  const auto width = static_cast<size_t>(num_columns_);
  const std::span<const float> rows = background_;
  const double share = 1 / static_cast<double>(rows.size() / width);
  std::vector<Owner> owners(width, Owner::kNone);
  for (const Tree& tree : trees_) {
    MixedDescent descent(tree, weights_, owners, row, contributions);
    for (size_t at = 0; at < rows.size(); at += width) descent.Run(rows.subspan(at, width), share);
  }
}

}  // namespace penstock::model
