#include "penstock/pages/diff_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock::pages {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json Feature(const std::string& name, int64_t num_mismatches) {
  return {{"feature_name", name},
          {"base_count", 9},
          {"test_count", 9},
          {"match_count", 9},
          {"base_only", 0},
          {"test_only", 0},
          {"mismatch_count", num_mismatches},
          {"diff_count", num_mismatches}};
}

json Diff() {
  return {{"match_stats", {{"matching_pairs_count", 9}}},
          {"skew_results", {Feature("same", 0), Feature("fare", 4), Feature("miles", 7)}},
          {"skew_pairs",
           {{{"base", {{"fare", 1.5}, {"id", "a"}, {"tags", {"x", "y"}}}},
             {"test", {{"fare", 2.5}, {"id", "a"}, {"extra", 1}}},
             {"base_only_features", {"tags"}},
             {"test_only_features", {"extra"}},
             {"mismatched_features", {"fare"}}}}},
          {"confusion_counts",
           {{{"feature_name", "kind"}, {"base", "a"}, {"test", "b"}, {"count", 1}},
            {{"feature_name", "kind"}, {"base", "b"}, {"test", "b"}, {"count", 5}}}}};
}

TEST(DiffPageTest, PutsWhatDiffersMostFirst) {
  const auto page = DiffPageData(Diff().dump(), {"old", "new", {}});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ((*page)["base"], "old");
  EXPECT_EQ((*page)["features"][0]["name"], "miles");
  EXPECT_EQ((*page)["features"][2]["name"], "same");
  EXPECT_EQ((*page)["confusions"][0], (json{"kind", "b", "b", 5}));
  EXPECT_EQ((*page)["match"]["matching_pairs_count"], 9);
  EXPECT_TRUE((*page)["notes"].empty());
}

TEST(DiffPageTest, ShowsAPairColumnByColumnWithTheDifferingOnesFirst) {
  const auto page = DiffPageData(Diff().dump(), {"old", "new", {"id"}});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ((*page)["pairs"][0].dump(),
            R"([["id","a","a","identifier"],["fare","1.5","2.5","mismatch"],)"
            R"(["tags","[\"x\",\"y\"]",null,"base_only"],["extra",null,"1","test_only"]])");
  const auto without = DiffPageData(Diff().dump(), {"old", "new", {}});
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ((*without)["pairs"][0].back(), (json{"id", "a", "a", "same"}));
}

TEST(DiffPageTest, BoundsAndSaysSo) {
  json diff = Diff();
  diff["skew_pairs"].push_back(diff["skew_pairs"][0]);
  diff["skew_pairs"][0]["base"]["id"] = std::string(5000, 'x');
  const auto page =
      DiffPageData(diff.dump(), {"old", "new", {}},
                   {.max_features = 1, .max_pairs = 1, .max_columns_of_a_pair = 2, .max_confusions = 1});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ((*page)["features"].size(), 1u);
  EXPECT_EQ((*page)["pairs"].size(), 1u);
  EXPECT_EQ((*page)["pairs"][0].size(), 2u);
  EXPECT_EQ((*page)["notes"].dump(), R"(["1 of 3 features are shown","1 of 2 pairs of values are shown",)"
                                     R"("1 of 2 pairs of the sample are shown"])");
  EXPECT_LT(DiffPageData(diff.dump(), {})->dump().size(), 3000u);
}

TEST(DiffPageTest, RefusesWhatIsNoComparison) {
  EXPECT_THAT(std::string(DiffPageData("nothing", {}).status().message()), HasSubstr("no JSON object"));
  EXPECT_EQ(DiffPageData("{}", {}).status().code(), StatusCode::kDataLoss);
  json diff = Diff();
  diff["skew_pairs"][0]["mismatched_features"] = 3;
  EXPECT_EQ(DiffPageData(diff.dump(), {}).status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace penstock::pages
