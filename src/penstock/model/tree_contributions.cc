#include "penstock/model/tree_contributions.h"

#include "penstock/model/tree_walk_internal.h"

namespace penstock::model {
namespace {

// A column on the way down: the shares of subsets that come this far without and with it, and the weights of
// subsets by size.
struct Step {
  int32_t column = -1;
  double zero = 1, one = 1, weight = 0;
};

void Extend(std::vector<Step>& path, double zero, double one, int32_t column) {
  const size_t depth = path.size();
  path.push_back({column, zero, one, depth == 0 ? 1.0 : 0.0});
  for (size_t i = depth; i-- > 0;) {
    path[i + 1].weight += one * path[i].weight * static_cast<double>(i + 1) / static_cast<double>(depth + 1);
    path[i].weight = zero * path[i].weight * static_cast<double>(depth - i) / static_cast<double>(depth + 1);
  }
}

// What the weights were before the step `at` was put in; also the sum of them.
void Unwind(std::vector<Step>& path, size_t at) {
  const size_t depth = path.size() - 1;
  const double one = path[at].one, zero = path[at].zero;
  double next = path[depth].weight;
  for (size_t i = depth; i-- > 0;) {
    if (one != 0) {
      const double kept = path[i].weight;
      path[i].weight = next * static_cast<double>(depth + 1) / (static_cast<double>(i + 1) * one);
      next = kept - path[i].weight * zero * static_cast<double>(depth - i) / static_cast<double>(depth + 1);
    } else {
      path[i].weight =
          path[i].weight * static_cast<double>(depth + 1) / (zero * static_cast<double>(depth - i));
    }
  }
  for (size_t i = at; i < depth; ++i) {
    path[i].column = path[i + 1].column;
    path[i].zero = path[i + 1].zero;
    path[i].one = path[i + 1].one;
  }
  path.pop_back();
}

double UnwoundSum(const std::vector<Step>& path, size_t at) {
  const size_t depth = path.size() - 1;
  const double one = path[at].one, zero = path[at].zero;
  double next = path[depth].weight, total = 0;
  for (size_t i = depth; i-- > 0;) {
    if (one != 0) {
      const double weight = next * static_cast<double>(depth + 1) / (static_cast<double>(i + 1) * one);
      total += weight;
      next = path[i].weight - weight * zero * static_cast<double>(depth - i) / static_cast<double>(depth + 1);
    } else {
      total += path[i].weight / zero * static_cast<double>(depth + 1) / static_cast<double>(depth - i);
    }
  }
  return total;
}

// One tree and one row.
class Descent {
 public:
  Descent(const Tree& tree, const std::vector<double>& shares, std::span<const float> row,
          std::span<double> contributions)
      : tree_(tree), shares_(shares), row_(row), contributions_(contributions) {}

  void Run() { Visit(0, {}, 1, 1, -1); }

 private:
  void Visit(int32_t at, std::vector<Step> path, double zero, double one, int32_t column) {
    Extend(path, zero, one, column);
    const TreeNode& node = tree_[static_cast<size_t>(at)];
    if (node.IsLeaf()) {
      for (size_t i = 1; i < path.size(); ++i)
        contributions_[static_cast<size_t>(path[i].column)] +=
            UnwoundSum(path, i) * (path[i].one - path[i].zero) * static_cast<double>(node.value);
      return;
    }
    double zero_so_far = 1, one_so_far = 1;
    for (size_t i = 1; i < path.size(); ++i) {
      if (path[i].column != node.column) continue;
      zero_so_far = path[i].zero;
      one_so_far = path[i].one;
      Unwind(path, i);
      break;
    }
    const bool goes_left = GoesLeft(node, row_);
    for (const bool is_left : {true, false}) {
      const int32_t child = is_left ? node.left : node.right;
      const double child_zero = zero_so_far * shares_[static_cast<size_t>(child)];
      const double child_one = goes_left == is_left ? one_so_far : 0;
      // No subset of columns comes there.
      if (child_zero == 0 && child_one == 0) continue;
      Visit(child, path, child_zero, child_one, node.column);
    }
  }

  const Tree& tree_;
  const std::vector<double>& shares_;
  const std::span<const float> row_;
  const std::span<double> contributions_;
};

// The mean of the leaves by the shares on the way; children come after their parent in no fixed order.
double ExpectedOf(const Tree& tree, const std::vector<double>& shares) {
  double expected = 0;
  std::vector<std::pair<int32_t, double>> open{{0, 1.0}};
  while (!open.empty()) {
    const auto [at, share] = open.back();
    open.pop_back();
    const TreeNode& node = tree[static_cast<size_t>(at)];
    if (node.IsLeaf()) {
      expected += share * static_cast<double>(node.value);
      continue;
    }
    for (const int32_t child : {node.left, node.right})
      open.emplace_back(child, share * shares[static_cast<size_t>(child)]);
  }
  return expected;
}

}  // namespace

Result<TreeContributions> TreeContributions::Make(std::vector<Tree> trees,
                                                  std::vector<std::vector<double>> covers, float base_margin,
                                                  int32_t num_columns) {
  // What Make accepts can be walked.
  PENSTOCK_RETURN_IF_ERROR(TreeEnsemble::Make(trees, base_margin, num_columns).status());
  if (covers.size() != trees.size())
    return InvalidArgument("There are {} trees, but covers of {}", trees.size(), covers.size());
  TreeContributions made;
  made.num_columns_ = num_columns;
  made.expected_ = static_cast<double>(base_margin);
  for (size_t t = 0; t < trees.size(); ++t) {
    const Tree& tree = trees[t];
    if (covers[t].size() != tree.size())
      return InvalidArgument("Tree {} has {} nodes, but covers of {}", t, tree.size(), covers[t].size());
    std::vector<double> shares(tree.size(), 0);
    for (const TreeNode& node : tree) {
      if (node.IsLeaf()) continue;
      const double left = covers[t][static_cast<size_t>(node.left)];
      const double right = covers[t][static_cast<size_t>(node.right)];
      if (!(left >= 0) || !(right >= 0))
        return InvalidArgument("Tree {} has a cover that is negative or no number", t);
      const double both = left + right;
      shares[static_cast<size_t>(node.left)] = both > 0 ? left / both : 0.5;
      shares[static_cast<size_t>(node.right)] = both > 0 ? right / both : 0.5;
    }
    made.expected_ += ExpectedOf(tree, shares);
    made.shares_.push_back(std::move(shares));
  }
  made.trees_ = std::move(trees);
  return made;
}

Result<TreeContributions> TreeContributions::FromBackground(const TreeEnsemble& ensemble,
                                                            std::span<const float> rows) {
  const auto width = static_cast<size_t>(ensemble.num_columns());
  if (rows.empty() || width == 0)
    return InvalidArgument("Contributions need examples that say what is usual; there are none");
  std::vector<Tree> trees;
  std::vector<std::vector<double>> covers;
  for (int64_t t = 0; t < ensemble.num_trees(); ++t) {
    const Tree& tree = trees.emplace_back(ensemble.TreeAt(t));
    std::vector<double>& cover = covers.emplace_back(tree.size(), 0.0);
    for (size_t at = 0; at + width <= rows.size(); at += width) {
      int32_t node = 0;
      while (true) {
        ++cover[static_cast<size_t>(node)];
        const TreeNode& here = tree[static_cast<size_t>(node)];
        if (here.IsLeaf()) break;
        node = GoesLeft(here, rows.subspan(at, width)) ? here.left : here.right;
      }
    }
  }
  return Make(std::move(trees), std::move(covers), ensemble.base_margin(), ensemble.num_columns());
}

void TreeContributions::Add(std::span<const float> row, std::span<double> contributions) const {
  for (size_t t = 0; t < trees_.size(); ++t) Descent(trees_[t], shares_[t], row, contributions).Run();
}

}  // namespace penstock::model
