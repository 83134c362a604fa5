// TreeContributions against XGBoost's own pred_contribs, on forests that XGBoost grows here;
// InterventionalContributions against what the shap package says of a forest (shap_reference.json).
#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <xgboost/c_api.h>
#include <nlohmann/json.hpp>

#include "penstock/model/interventional_contributions.h"
#include "penstock/model/tree_contributions.h"
#include "tests/support/paths.h"

namespace penstock::model {
namespace {

constexpr int kNumRows = 400, kNumColumns = 6;
constexpr int kContributions = 4;  // XGBoosterPredict's option mask.

// Puts a node of XGBoost's dump, and what is below it, into the tree at the place of its id.
void Read(const nlohmann::json& from, Tree& tree, std::vector<double>& covers) {
  const auto at = from["nodeid"].get<size_t>();
  if (tree.size() <= at) tree.resize(at + 1), covers.resize(at + 1);
  covers[at] = from["cover"].get<double>();
  if (from.contains("leaf")) {
    tree[at].value = from["leaf"].get<float>();
    return;
  }
  TreeNode node;
  node.column = std::stoi(from["split"].get<std::string>().substr(1));
  node.value = from["split_condition"].get<float>();
  node.left = from["yes"].get<int32_t>();
  node.right = from["no"].get<int32_t>();
  node.missing_goes_left = from["missing"].get<int32_t>() == node.left;
  tree[at] = node;
  for (const auto& child : from["children"]) Read(child, tree, covers);
}

struct Grown {
  BoosterHandle booster = nullptr;
  DMatrixHandle matrix = nullptr;
  std::vector<float> rows;
  std::vector<Tree> trees;
  std::vector<std::vector<double>> covers;
  ~Grown() {
    XGBoosterFree(booster);
    XGDMatrixFree(matrix);
  }
};

void Grow(const char* objective, const char* depth, Grown& grown) {
  std::mt19937 random(5);
  std::normal_distribution<float> number;
  std::vector<float> labels;
  for (int i = 0; i < kNumRows; ++i) {
    float sum = 0;
    for (int c = 0; c < kNumColumns; ++c) {
      grown.rows.push_back(random() % 11 == 0 ? std::numeric_limits<float>::quiet_NaN() : number(random));
      if (!std::isnan(grown.rows.back())) sum += grown.rows.back() * static_cast<float>(c - 2);
    }
    labels.push_back(std::string_view(objective) == "binary:logistic" ? (sum > 0 ? 1.0f : 0.0f) : sum);
  }
  ASSERT_EQ(XGDMatrixCreateFromMat(grown.rows.data(), kNumRows, kNumColumns, std::nanf(""), &grown.matrix),
            0);
  ASSERT_EQ(XGDMatrixSetFloatInfo(grown.matrix, "label", labels.data(), kNumRows), 0);
  ASSERT_EQ(XGBoosterCreate(&grown.matrix, 1, &grown.booster), 0);
  for (const auto& [name, value] : {std::pair("objective", objective),
                                    {"max_depth", depth},
                                    {"nthread", "1"},
                                    {"base_score", "0.5"},
                                    {"tree_method", "exact"}})
    ASSERT_EQ(XGBoosterSetParam(grown.booster, name, value), 0);
  for (int round = 0; round < 12; ++round)
    ASSERT_EQ(XGBoosterUpdateOneIter(grown.booster, round, grown.matrix), 0);
  bst_ulong num_trees = 0;
  const char** dumps = nullptr;
  ASSERT_EQ(XGBoosterDumpModelEx(grown.booster, "", 1, "json", &num_trees, &dumps), 0);
  for (bst_ulong t = 0; t < num_trees; ++t) {
    grown.covers.emplace_back();
    Read(nlohmann::json::parse(dumps[t]), grown.trees.emplace_back(), grown.covers.back());
  }
}

class XgboostContributionsTest : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(XgboostContributionsTest, AreEqual) {
  Grown grown;
  Grow(GetParam().first, GetParam().second, grown);
  if (HasFatalFailure()) return;
  // The logistic base score of 0.5 is a margin of 0.
  const float base = std::string_view(GetParam().first) == "binary:logistic" ? 0.0f : 0.5f;
  const auto made = TreeContributions::Make(grown.trees, grown.covers, base, kNumColumns);
  ASSERT_TRUE(made.ok()) << made.status();
  bst_ulong size = 0;
  const float* theirs = nullptr;
  ASSERT_EQ(XGBoosterPredict(grown.booster, grown.matrix, kContributions, 0, 0, &size, &theirs), 0);
  ASSERT_EQ(size, static_cast<bst_ulong>(kNumRows * (kNumColumns + 1)));
  double largest = 0;
  for (int i = 0; i < kNumRows; ++i) {
    std::vector<double> ours(kNumColumns);
    made->Add(std::span(grown.rows).subspan(static_cast<size_t>(i) * kNumColumns, kNumColumns), ours);
    const float* row = theirs + i * (kNumColumns + 1);
    for (int c = 0; c < kNumColumns; ++c) {
      ASSERT_NEAR(ours[static_cast<size_t>(c)], row[c], 2e-4) << "row " << i << ", column " << c;
      largest = std::max(largest, std::fabs(ours[static_cast<size_t>(c)]));
    }
    ASSERT_NEAR(made->expected(), row[kNumColumns], 2e-4);
  }
  EXPECT_GT(largest, 0.1);
}

INSTANTIATE_TEST_SUITE_P(EveryForest, XgboostContributionsTest,
                         testing::Values(std::pair("reg:squarederror", "3"),
                                         std::pair("reg:squarederror", "7"),
                                         std::pair("binary:logistic", "5")));

std::vector<float> RowOf(const nlohmann::json& numbers) {
  std::vector<float> row;
  for (const auto& each : numbers)
    row.push_back(each.is_null() ? std::numeric_limits<float>::quiet_NaN() : each.get<float>());
  return row;
}

TEST(ShapReferenceTest, ContributionsAgainstABackgroundAreThoseOfShap) {
  std::ifstream file(tests::SourcePath("tests/parity/shap_reference.json"));
  const auto reference = nlohmann::json::parse(file, nullptr, false);
  ASSERT_TRUE(reference.is_object()) << "shap_reference.json cannot be read";
  std::vector<Tree> trees;
  for (const auto& tree : reference["trees"]) {
    std::vector<double> covers;
    Read(tree, trees.emplace_back(), covers);
  }
  std::vector<float> background;
  for (const auto& numbers : reference["background"])
    for (const float number : RowOf(numbers)) background.push_back(number);
  constexpr int32_t kWidth = 5;
  // The logistic base score of 0.5 is a margin of 0.
  const auto made = InterventionalContributions::Make(*TreeEnsemble::Make(trees, 0.0f, kWidth), background);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_NEAR(made->expected(), reference["expected_value"].get<double>(), 1e-5);
  ASSERT_EQ(reference["rows"].size(), 6u);
  for (size_t i = 0; i < reference["rows"].size(); ++i) {
    std::vector<double> ours(kWidth);
    made->Add(RowOf(reference["rows"][i]), ours);
    for (size_t c = 0; c < kWidth; ++c)
      EXPECT_NEAR(ours[c], reference["shap_values"][i][c].get<double>(), 1e-5)
          << "row " << i << ", column " << c;
  }
}

}  // namespace
}  // namespace penstock::model
