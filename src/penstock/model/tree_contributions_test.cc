#include "penstock/model/tree_contributions.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace penstock::model {
namespace {

constexpr int32_t kNumColumns = 5;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// A tree of up to 2^depth leaves; columns come again on the way down.
int32_t Grow(std::mt19937& random, int depth, Tree& tree) {
  const auto index = static_cast<int32_t>(tree.size());
  std::normal_distribution<float> number;
  tree.push_back({.value = number(random)});
  if (depth == 0 || random() % 7 == 0) return index;
  TreeNode node{0, 0, static_cast<int32_t>(random() % kNumColumns), random() % 2 == 0, number(random)};
  node.left = Grow(random, depth - 1, tree);
  node.right = Grow(random, depth - 1, tree);
  tree[static_cast<size_t>(index)] = node;
  return index;
}

std::vector<float> Rows(std::mt19937& random, int count) {
  std::normal_distribution<float> number;
  std::vector<float> rows;
  for (int i = 0; i < count * kNumColumns; ++i) rows.push_back(random() % 9 == 0 ? kNaN : number(random));
  return rows;
}

// The tree's value when only the columns of `present` are known: the game whose Shapley values are wanted.
double Value(const Tree& tree, const std::vector<double>& covers, const float* row, unsigned present,
             int32_t at = 0) {
  const TreeNode& node = tree[static_cast<size_t>(at)];
  if (node.IsLeaf()) return static_cast<double>(node.value);
  if ((present >> node.column & 1u) != 0) {
    const float value = row[node.column];
    const bool goes_left = std::isnan(value) ? node.missing_goes_left : value < node.value;
    return Value(tree, covers, row, present, goes_left ? node.left : node.right);
  }
  const double left = covers[static_cast<size_t>(node.left)], right = covers[static_cast<size_t>(node.right)];
  const double share = left + right > 0 ? left / (left + right) : 0.5;
  return share * Value(tree, covers, row, present, node.left) +
         (1 - share) * Value(tree, covers, row, present, node.right);
}

double Factorial(int n) { return n < 2 ? 1 : n * Factorial(n - 1); }

TEST(TreeContributionsTest, AreTheShapleyValuesOfTheTreeGame) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<Tree> trees(3);
    for (Tree& tree : trees) Grow(random, 6, tree);
    const TreeEnsemble ensemble = *TreeEnsemble::Make(trees, 0.25f, kNumColumns);
    // The layout of the ensemble is not the one the trees were given in.
    std::vector<std::vector<double>> covers;
    for (size_t t = 0; t < trees.size(); ++t) {
      trees[t] = ensemble.TreeAt(static_cast<int64_t>(t));
      for (size_t n = 0; n < trees[t].size(); ++n) {
        if (n == 0) covers.emplace_back();
        covers.back().push_back(random() % 5 == 0 ? 0.0 : static_cast<double>(random() % 100));
      }
    }
    const auto made = *TreeContributions::Make(trees, covers, 0.25f, kNumColumns);
    const std::vector<float> row = Rows(random, 1);
    std::vector<double> contributions(kNumColumns);
    made.Add(row, contributions);
    for (int column = 0; column < kNumColumns; ++column) {
      double expected = 0;
      for (unsigned set = 0; set < 1u << kNumColumns; ++set) {
        if ((set >> column & 1u) != 0) continue;
        const int size = __builtin_popcount(set);
        const double weight = Factorial(size) * Factorial(kNumColumns - size - 1) / Factorial(kNumColumns);
        for (size_t t = 0; t < trees.size(); ++t)
          expected += weight * (Value(trees[t], covers[t], row.data(), set | 1u << column) -
                                Value(trees[t], covers[t], row.data(), set));
      }
      EXPECT_NEAR(contributions[static_cast<size_t>(column)], expected, 1e-9) << "round " << round;
    }
  }
}

TEST(TreeContributionsTest, AddUpToTheSum) {
  std::mt19937 random(11);
  std::vector<Tree> trees(30);
  for (Tree& tree : trees) Grow(random, 8, tree);
  const TreeEnsemble ensemble = *TreeEnsemble::Make(trees, -1.5f, kNumColumns);
  const std::vector<float> rows = Rows(random, 200);
  const auto made = *TreeContributions::FromBackground(ensemble, rows);
  std::vector<float> margins(200);
  ensemble.Sum(rows, margins);
  double mean = 0;
  for (size_t i = 0; i < 200; ++i) {
    std::vector<double> contributions(kNumColumns);
    made.Add(std::span(rows).subspan(i * kNumColumns, kNumColumns), contributions);
    double sum = made.expected();
    for (const double each : contributions) sum += each;
    EXPECT_NEAR(sum, margins[i], 1e-4) << "row " << i;
    mean += static_cast<double>(margins[i]) / 200;
  }
  EXPECT_NEAR(made.expected(), mean, 1e-4);
}

TEST(TreeContributionsTest, GivesNothingToAColumnThatIsNotLookedAt) {
  const std::vector<Tree> trees{{{1, 2, 3, false, 0.5f}, {.value = -1}, {.value = 2}}};
  const TreeEnsemble ensemble = *TreeEnsemble::Make(trees, 0, kNumColumns);
  const std::vector<float> rows{0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const auto made = *TreeContributions::FromBackground(ensemble, rows);
  std::vector<double> contributions(kNumColumns);
  made.Add(std::span(rows).first(kNumColumns), contributions);
  EXPECT_EQ(contributions, (std::vector<double>{0, 0, 0, 1.5, 0}));
}

TEST(TreeContributionsTest, RefusesCoversThatDoNotFit) {
  const std::vector<Tree> trees{{{1, 2, 0, false, 0.5f}, {.value = -1}, {.value = 2}}};
  EXPECT_EQ(TreeContributions::Make(trees, {{1, 1}}, 0, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(TreeContributions::Make(trees, {}, 0, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(TreeContributions::Make(trees, {{2, -1, 3}}, 0, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(TreeContributions::FromBackground(*TreeEnsemble::Make(trees, 0, 1), {}).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::model
