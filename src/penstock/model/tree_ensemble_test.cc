#include "penstock/model/tree_ensemble.h"

#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TreeNode Leaf(float value) { return {.value = value}; }
TreeNode Inner(int32_t column, float threshold, int32_t left, int32_t right, bool missing_goes_left = false) {
  return {left, right, column, missing_goes_left, threshold};
}

std::vector<float> Sum(const TreeEnsemble& forest, const std::vector<float>& rows, int64_t num_rows) {
  std::vector<float> margins(num_rows);
  forest.Sum(rows, margins);
  return margins;
}

/// What the layout must not change: the tree as it was given, walked naively.
float Walk(const Tree& tree, const float* row) {
  int32_t at = 0;
  while (!tree[at].IsLeaf()) {
    const float value = row[tree[at].column];
    const bool goes_left = std::isnan(value) ? tree[at].missing_goes_left : value < tree[at].value;
    at = goes_left ? tree[at].left : tree[at].right;
  }
  return tree[at].value;
}

/// A tree of up to 2^depth leaves whose nodes are listed depth first.
int32_t Grow(std::mt19937& random, int depth, int32_t num_columns, Tree& tree) {
  const auto index = static_cast<int32_t>(tree.size());
  std::normal_distribution<float> number;
  tree.push_back(Leaf(number(random)));
  if (depth == 0 || random() % 8 == 0) return index;
  TreeNode node =
      Inner(static_cast<int32_t>(random() % num_columns), number(random), -1, -1, random() % 2 == 0);
  node.left = Grow(random, depth - 1, num_columns, tree);
  node.right = Grow(random, depth - 1, num_columns, tree);
  tree[index] = node;
  return index;
}

TEST(TreeEnsembleTest, SendsValueEqualToThresholdRight) {
  const std::vector<Tree> trees{{Inner(0, 1.5f, 1, 2), Leaf(-1), Leaf(10)}};
  const TreeEnsemble forest = *TreeEnsemble::Make(trees, 0.5f, 1);
  EXPECT_THAT(Sum(forest, {1.4999999f, 1.5f, 2.0f}, 3), ElementsAre(-0.5f, 10.5f, 10.5f));
}

TEST(TreeEnsembleTest, SendsMissingValueTheDefaultWay) {
  const std::vector<Tree> trees{{Inner(0, 0, 1, 2, true), Leaf(1), Leaf(2)},
                                {Inner(0, 0, 1, 2, false), Leaf(10), Leaf(20)}};
  EXPECT_THAT(Sum(*TreeEnsemble::Make(trees, 0, 1), {kNaN}, 1), ElementsAre(21.0f));
}

TEST(TreeEnsembleTest, ComparesInfinitiesAsNumbers) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<Tree> trees{{Inner(0, 0, 1, 2), Leaf(1), Leaf(2)}};
  EXPECT_THAT(Sum(*TreeEnsemble::Make(trees, 0, 1), {-infinity, infinity}, 2), ElementsAre(1.0f, 2.0f));
}

TEST(TreeEnsembleTest, GivesTheBaseWhereThereAreNoTrees) {
  EXPECT_THAT(Sum(*TreeEnsemble::Make({}, 0.25f, 2), {1, 2, 3, 4}, 2), ElementsAre(0.25f, 0.25f));
}

TEST(TreeEnsembleTest, SumsSingleLeavesWithoutAnyColumn) {
  const std::vector<Tree> trees{{Leaf(1)}, {Leaf(2)}};
  EXPECT_THAT(Sum(*TreeEnsemble::Make(trees, 0, 0), {}, 2), ElementsAre(3.0f, 3.0f));
}

TEST(TreeEnsembleTest, EqualsNaiveWalkOnRandomForests) {
  std::mt19937 random(7);
  for (int depth : {1, 6, 20}) {
    std::vector<Tree> trees(9);
    for (Tree& tree : trees) Grow(random, depth, 5, tree);
    const TreeEnsemble forest = *TreeEnsemble::Make(trees, 0.125f, 5);
    std::normal_distribution<float> number;
    const int64_t num_rows = 333;
    std::vector<float> rows(num_rows * 5);
    for (float& value : rows) value = random() % 5 == 0 ? kNaN : number(random);
    std::vector<float> expected(num_rows, 0.125f);
    for (const Tree& tree : trees) {
      for (int64_t row = 0; row < num_rows; ++row) expected[row] += Walk(tree, &rows[row * 5]);
    }
    EXPECT_EQ(Sum(forest, rows, num_rows), expected) << "depth " << depth;
  }
}

TEST(TreeEnsembleTest, GivesARowTheSameBitsInWhateverBatchItStands) {
  std::mt19937 random(8);
  std::vector<Tree> trees(20);
  for (Tree& tree : trees) Grow(random, 5, 1, tree);
  const TreeEnsemble forest = *TreeEnsemble::Make(trees, 0, 1);
  std::vector<float> rows(130, 0.3f);
  EXPECT_EQ(Sum(forest, rows, 130)[129], Sum(forest, {0.3f}, 1)[0]);
}

TEST(TreeEnsembleTest, IsRebuiltEqualFromItsOwnTrees) {
  std::mt19937 random(9);
  std::vector<Tree> trees(3);
  for (Tree& tree : trees) Grow(random, 7, 4, tree);
  const TreeEnsemble forest = *TreeEnsemble::Make(trees, 0, 4);
  std::vector<Tree> again;
  for (int64_t i = 0; i < forest.num_trees(); ++i) again.push_back(forest.TreeAt(i));
  const std::vector<float> rows{0.1f, -2, kNaN, 3, kNaN, 1, 1, -1};
  EXPECT_EQ(Sum(*TreeEnsemble::Make(again, 0, 4), rows, 2), Sum(forest, rows, 2));
}

TEST(TreeEnsembleTest, RefusesDamagedTrees) {
  const struct {
    std::vector<Tree> trees;
    std::string what;
  } cases[] = {
      {{{}}, "no nodes"},
      {{{Leaf(0)}, {Inner(0, 0, 1, 2), Leaf(0)}}, "child that does not exist: tree 1, node 0"},
      {{{Inner(0, 0, 0, 1), Leaf(0)}}, "two parents"},
      {{{Inner(0, 0, 1, 2), Inner(0, 0, 2, 0), Leaf(0)}}, "two parents"},
      {{{Inner(0, 0, 1, 1), Leaf(0)}}, "two parents"},
      {{{Inner(0, 0, 1, -1), Leaf(0)}}, "one child only"},
      {{{Leaf(0), Leaf(0)}}, "nothing leads to"},
      {{{Inner(3, 0, 1, 2), Leaf(0), Leaf(0)}}, "column 3 of 3"},
      {{{Inner(-1, 0, 1, 2), Leaf(0), Leaf(0)}}, "column -1 of 3"},
      {{{Inner(0, kNaN, 1, 2), Leaf(0), Leaf(0)}}, "splits at NaN"},
      {{{Leaf(kNaN)}}, "leaf is not finite"},
  };
  for (const auto& damaged : cases) {
    const Status status = TreeEnsemble::Make(damaged.trees, 0, 3).status();
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(damaged.what));
  }
  EXPECT_EQ(TreeEnsemble::Make({}, kNaN, 3).status().code(), StatusCode::kDataLoss);
}

TEST(TreeEnsembleTest, RefusesTreeBeyondTheDepthBound) {
  Tree chain;
  for (int32_t i = 0; i <= TreeEnsemble::kMaxDepth; ++i) {
    chain.push_back(Inner(0, 0, 2 * i + 1, 2 * i + 2));
    chain.push_back(Leaf(0));
  }
  chain.push_back(Leaf(0));
  // Inner nodes stand at even places: 2i has the leaf 2i + 1 and the next inner node 2i + 2.
  EXPECT_THAT(std::string(TreeEnsemble::Make(std::vector<Tree>{chain}, 0, 1).status().message()),
              HasSubstr("deeper than"));
}

}  // namespace
}  // namespace penstock::model
