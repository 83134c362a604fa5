#include "penstock/model/interventional_contributions.h"

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

double SumOf(const TreeEnsemble& ensemble, const std::vector<float>& row) {
  std::vector<float> margin(1);
  ensemble.Sum(row, margin);
  return static_cast<double>(margin[0]);
}

// The mean sum where the columns of `present` are the row's and the others a background row's.
double Value(const TreeEnsemble& ensemble, std::span<const float> row, std::span<const float> background,
             unsigned present) {
  double sum = 0;
  for (size_t at = 0; at < background.size(); at += kNumColumns) {
    std::vector<float> mixed;
    for (size_t c = 0; c < kNumColumns; ++c)
      mixed.push_back((present >> c & 1u) != 0 ? row[c] : background[at + c]);
    sum += SumOf(ensemble, mixed);
  }
  return sum * kNumColumns / static_cast<double>(background.size());
}

double Factorial(int n) { return n < 2 ? 1 : n * Factorial(n - 1); }

TEST(InterventionalContributionsTest, AreTheShapleyValuesOfRowsMixedWithTheBackground) {
  std::mt19937 random(3);
  for (int round = 0; round < 10; ++round) {
    std::vector<Tree> trees(3);
    for (Tree& tree : trees) Grow(random, 6, tree);
    const TreeEnsemble ensemble = *TreeEnsemble::Make(trees, 0.25f, kNumColumns);
    const std::vector<float> background = Rows(random, 7), row = Rows(random, 1);
    const auto made = *InterventionalContributions::Make(ensemble, background);
    std::vector<double> contributions(kNumColumns);
    made.Add(row, contributions);
    for (int column = 0; column < kNumColumns; ++column) {
      double expected = 0;
      for (unsigned set = 0; set < 1u << kNumColumns; ++set) {
        if ((set >> column & 1u) != 0) continue;
        const int size = __builtin_popcount(set);
        const double weight = Factorial(size) * Factorial(kNumColumns - size - 1) / Factorial(kNumColumns);
        expected += weight * (Value(ensemble, row, background, set | 1u << column) -
                              Value(ensemble, row, background, set));
      }
      EXPECT_NEAR(contributions[static_cast<size_t>(column)], expected, 1e-5) << "round " << round;
    }
  }
}

TEST(InterventionalContributionsTest, AddUpToTheSum) {
  std::mt19937 random(11);
  std::vector<Tree> trees(30);
  for (Tree& tree : trees) Grow(random, 8, tree);
  const TreeEnsemble ensemble = *TreeEnsemble::Make(trees, -1.5f, kNumColumns);
  const auto made = *InterventionalContributions::Make(ensemble, Rows(random, 20));
  for (int i = 0; i < 50; ++i) {
    const std::vector<float> row = Rows(random, 1);
    std::vector<double> contributions(kNumColumns);
    made.Add(row, contributions);
    double sum = made.expected();
    for (const double each : contributions) sum += each;
    EXPECT_NEAR(sum, SumOf(ensemble, row), 1e-4) << "row " << i;
  }
}

// Two columns that are always equal in the background: the trees look at the first one only.
TEST(InterventionalContributionsTest, CreditNoColumnThatIsNotLookedAt) {
  const std::vector<Tree> trees{{{1, 2, 3, false, 0.5f}, {.value = -1}, {.value = 2}}};
  const TreeEnsemble ensemble = *TreeEnsemble::Make(trees, 0, kNumColumns);
  const auto made = *InterventionalContributions::Make(ensemble, {0, 0, 0, 1, 1, 0, 0, 0, 0, 0});
  std::vector<double> contributions(kNumColumns);
  made.Add(std::vector<float>{0, 0, 0, 1, 1}, contributions);
  EXPECT_EQ(contributions, (std::vector<double>{0, 0, 0, 1.5, 0}));
  EXPECT_EQ(made.expected(), 0.5);
}

TEST(InterventionalContributionsTest, NeedABackgroundOfWholeRows) {
  const std::vector<Tree> trees{{{1, 2, 0, false, 0.5f}, {.value = -1}, {.value = 2}}};
  const TreeEnsemble ensemble = *TreeEnsemble::Make(trees, 0, 2);
  for (const std::vector<float>& rows : {std::vector<float>{}, std::vector<float>{1, 2, 3}})
    EXPECT_EQ(InterventionalContributions::Make(ensemble, rows).status().code(),
              StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::model
