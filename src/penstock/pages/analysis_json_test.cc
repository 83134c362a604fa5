#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/pages/analysis_json_internal.h"

namespace penstock::pages {
namespace {

using nlohmann::json;

TEST(AnalysisJsonTest, TakesWhatItKnows) {
  const auto shown = AnalysisJson(R"({"examples": 3, "secret": [1],
    "permutation_importance": {"metric": "auc", "value": 0.9, "columns": [{"column": "age", "change": -0.1, "deviation": 0.01}]},
    "partial_dependence": [{"column": "sex", "values": ["a", "b"], "means": [0.1, 0.2], "deviations": [0, 0], "examples": [[0.1, 0.2]]}],
    "contributions": {"unit": "log odds", "expected": -1, "features": [{"feature": "age", "mean": 0, "mean_absolute": 2}], "examples": [[0.5]]}})");
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ((*shown)["importance"]["columns"][0]["change"], -0.1);
  EXPECT_EQ((*shown)["dependences"][0]["values"], (json{"a", "b"}));
  EXPECT_EQ((*shown)["contributions"]["features"][0]["mean_absolute"], 2);
  EXPECT_FALSE(shown->contains("secret"));
}

TEST(AnalysisJsonTest, OutlivesAnything) {
  for (const char* text : {"", "[]", "nonsense", "{\"a\":"})
    EXPECT_EQ(AnalysisJson(text).status().code(), StatusCode::kDataLoss) << text;
  for (const char* text :
       {"{}", R"({"permutation_importance": 3})",
        R"({"partial_dependence": [1, {"values": {}, "means": "x", "examples": [[null, "y"], 7]}]})",
        R"({"contributions": {"features": [[]], "examples": [{}]}, "examples": "many"})"}) {
    const auto shown = AnalysisJson(text);
    ASSERT_TRUE(shown.ok()) << text;
    EXPECT_TRUE((*shown)["dependences"].is_array()) << text;
  }
}

TEST(AnalysisJsonTest, CutsLongLists) {
  json from = {{"partial_dependence", json::array()}};
  for (int i = 0; i < 150; ++i) from["partial_dependence"].push_back({{"column", std::string(5000, 'x')}});
  const auto shown = AnalysisJson(from.dump());
  ASSERT_TRUE(shown.ok());
  EXPECT_EQ((*shown)["dependences"].size(), 100u);
  EXPECT_LT((*shown)["dependences"][0]["column"].get<std::string>().size(), 300u);
}

}  // namespace
}  // namespace penstock::pages
