#include "penstock/statistics/options_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

namespace penstock::statistics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

StatisticsOptions Parse(const std::string& json) {
  auto options = ParseStatisticsOptions(json);
  EXPECT_TRUE(options.ok()) << options.status();
  return options.ok() ? *options : StatisticsOptions();
}

std::string ErrorOf(const std::string& json, StatusCode code = StatusCode::kInvalidArgument) {
  const auto options = ParseStatisticsOptions(json);
  EXPECT_EQ(options.status().code(), code) << json;
  return std::string(options.status().message());
}

TEST(ParseStatisticsOptionsTest, HasDefaultsOfTfdv) {
  const StatisticsOptions options = Parse("{}");
  EXPECT_EQ(options.num_top_values, 20);
  EXPECT_EQ(options.num_rank_histogram_buckets, 1000);
  EXPECT_EQ(options.sample_rate, 1);
  EXPECT_TRUE(options.slices.empty());
  EXPECT_EQ(options.memory_limit_bytes, int64_t{640} << 20);
}

TEST(ParseStatisticsOptionsTest, ReadsNamesOfUsersAndOfToJson) {
  const StatisticsOptions options = Parse(R"({"TYPE_NAME": "StatsOptions", "_feature_allowlist": ["a", "b"],
      "num_top_values": 3, "_num_histogram_buckets": 4, "weight_feature": "w", "epsilon": 0.05,
      "_per_feature_weight_override": null, "per_feature_weight_override_json": {"[\"f\"]": "v"},
      "enable_semantic_domain_stats": true, "_sample_rate": 0.5, "_use_sketch_based_topk_uniques": true,
      "slicing_config_json": "{\"slicingSpecs\": [{\"featureKeys\": [\"k\"], \"featureValues\": {\"v\": \"1\"}}]}"})");
  EXPECT_THAT(options.feature_allowlist, ElementsAre("a", "b"));
  EXPECT_EQ(options.num_top_values, 3);
  EXPECT_EQ(options.num_histogram_buckets, 4);
  EXPECT_EQ(options.weight_feature, "w");
  EXPECT_EQ(options.per_feature_weight_override.at("f"), "v");
  EXPECT_EQ(options.sample_rate, 0.5);
  EXPECT_TRUE(options.enable_semantic_domain_stats);
  ASSERT_EQ(options.slices.size(), 1u);
  EXPECT_THAT(options.slices[0].feature_keys, ElementsAre("k"));
  EXPECT_EQ(options.slices[0].feature_values.at("v"), "1");
}

TEST(ParseStatisticsOptionsTest, ReadsMemoryAndVocabularies) {
  const StatisticsOptions options = Parse(R"({"memory_limit_mb": 64, "vocab_paths": {"v": "tokens.txt"}})");
  EXPECT_EQ(options.memory_limit_bytes, int64_t{64} << 20);
  EXPECT_EQ(options.vocab_paths.at("v"), "tokens.txt");
  EXPECT_THAT(ErrorOf(R"({"memory_limit_mb": 1})"), HasSubstr("memory_limit_mb must be at least 16"));
  EXPECT_THAT(ErrorOf(R"({"vocab_paths": ["v"]})"), HasSubstr("an object of vocabularies"));
}

TEST(ParseStatisticsOptionsTest, KeepsTheSchemaAlive) {
  const StatisticsOptions options = Parse(R"({"schema_json": "{\"feature\": [{\"name\": \"f\"}]}"})");
  ASSERT_NE(options.schema, nullptr);
  EXPECT_EQ(options.schema->feature(0).name(), "f");
}

TEST(ParseStatisticsOptionsTest, NamesTheNearestKey) {
  EXPECT_THAT(ErrorOf(R"({"num_top_value": 3})"), HasSubstr("did you mean 'num_top_values'"));
  EXPECT_THAT(ErrorOf(R"({"slicing_config": {"slicing_spec": []}})"),
              HasSubstr("did you mean 'slicing_specs'"));
}

TEST(ParseStatisticsOptionsTest, ReadsTfdvsGeneratorsByTheirNames) {
  const StatisticsOptions options = Parse(R"({"label_feature": "y", "generators": [
      {"name": "CrossFeatureStatsGenerator", "feature_crosses": [["a", "b"]], "sample_rate": 0.5},
      {"name": "LiftStatsGenerator", "y_path": ["y"], "x_paths": ["a", ["b"]], "y_boundaries": [2, 1, 2],
       "min_x_count": 3, "top_k_per_y": 4, "bottom_k_per_y": null, "output_custom_stats": true},
      {"name": "MutualInformation", "label_feature": "y", "features_to_ignore": ["id"], "seed": 12345}]})");
  EXPECT_EQ(options.label_feature, "y");
  EXPECT_EQ(options.cross_features->feature_crosses.at(0), (std::pair<std::string, std::string>("a", "b")));
  ASSERT_EQ(options.lift.size(), 1u);
  EXPECT_THAT(options.lift[0].x_paths, ElementsAre("a", "b"));
  EXPECT_THAT(options.lift[0].y_boundaries, ElementsAre(1, 2));
  EXPECT_EQ(options.lift[0].min_x_count, 3);
  EXPECT_EQ(options.lift[0].top_k_per_y, 4);
  EXPECT_TRUE(options.lift[0].output_custom_stats);
  EXPECT_EQ(options.mutual_information.at(0).max_encoding_length, 512);
}

TEST(ParseStatisticsOptionsTest, NamesTheNearestGeneratorAndArgument) {
  EXPECT_THAT(ErrorOf(R"({"generators": [{"name": "LiftStatGenerator"}]})"),
              HasSubstr("did you mean 'LiftStatsGenerator'"));
  EXPECT_THAT(ErrorOf(R"({"generators": [{"name": "LiftStatsGenerator", "y_pth": "y"}]})"),
              HasSubstr("did you mean 'y_path'"));
  EXPECT_THAT(ErrorOf(R"({"generators": [{"name": "LiftStatsGenerator"}]})"), HasSubstr("needs a y_path"));
  EXPECT_THAT(ErrorOf(R"({"generators": [{"name": "CrossFeatureStatsGenerator", "sample_rate": 2}]})"),
              HasSubstr("CrossFeatureStatsGenerator.sample_rate must be above 0"));
  EXPECT_THAT(ErrorOf(R"({"per_feature_stats_config": {"histogram_mode": "all"}})"), HasSubstr("include"));
  EXPECT_THAT(ErrorOf(R"({"semantic_domain_stats_sample_rate": 0})"), HasSubstr("above 0"));
  EXPECT_THAT(ErrorOf(R"({"slice_functions": ["f"]})", StatusCode::kUnimplemented), HasSubstr("Python"));
}

TEST(ParseStatisticsOptionsTest, RefusesWrongTypesAndValues) {
  EXPECT_THAT(ErrorOf(R"({"num_top_values": "3"})"),
              HasSubstr("num_top_values must be an integer, not \"3\""));
  EXPECT_THAT(ErrorOf(R"({"num_top_values": 99999999999999})"), HasSubstr("num_top_values"));
  EXPECT_THAT(ErrorOf(R"({"sample_rate": 0})"), HasSubstr("sample_rate"));
  EXPECT_THAT(ErrorOf(R"({"feature_allowlist": "a"})"), HasSubstr("a list of feature names"));
  EXPECT_THAT(ErrorOf("[1]"), HasSubstr("JSON object"));
  EXPECT_THAT(ErrorOf("{\"a\": "), HasSubstr("not JSON"));
}

TEST(ParseStatisticsOptionsTest, RefusesWhatIsNestedTooDeep) {
  EXPECT_THAT(ErrorOf("{\"schema\": " + std::string(100'000, '[')), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOf("{\"schema\": " + std::string(100, '[') + std::string(100, ']') + "}"),
              HasSubstr("deep"));
}

TEST(ParseSlicesTest, ReadsKeysValuesAndCrosses) {
  const std::vector<std::string> texts = {"country", "country=US,age", "note=a=b"};
  const auto slices = ParseSlices(texts);
  ASSERT_TRUE(slices.ok()) << slices.status();
  ASSERT_EQ(slices->size(), 3u);
  EXPECT_THAT((*slices)[0].feature_keys, ElementsAre("country"));
  EXPECT_THAT((*slices)[1].feature_keys, ElementsAre("age"));
  EXPECT_EQ((*slices)[1].feature_values.at("country"), "US");
  EXPECT_FALSE((*slices)[1].texts_match_nothing);
  EXPECT_EQ((*slices)[2].feature_values.at("note"), "a=b");
}

TEST(ParseSlicesTest, ReadsSqlQueries) {
  const std::vector<std::string> texts = {"SELECT STRUCT(a) FROM example.a", "select=1", "selection"};
  const auto slices = ParseSlices(texts);
  ASSERT_TRUE(slices.ok()) << slices.status();
  EXPECT_EQ((*slices)[0].sql, texts[0]);
  EXPECT_EQ((*slices)[1].feature_values.at("select"), "1");
  EXPECT_THAT((*slices)[2].feature_keys, ElementsAre("selection"));
  const StatisticsOptions options = Parse(R"json({"experimental_slice_sqls": ["SELECT STRUCT(a)"],
      "slicing_config": {"slicing_specs": [{"slice_keys_sql": "SELECT STRUCT(b)"}]}})json");
  ASSERT_EQ(options.slices.size(), 2u);
  EXPECT_EQ(options.slices[0].sql, "SELECT STRUCT(a)");
  EXPECT_EQ(options.slices[1].sql, "SELECT STRUCT(b)");
  EXPECT_THAT(
      ErrorOf(R"({"slicing_config": {"slicing_specs": [{"slice_keys_sql": "q", "feature_keys": ["a"]}]}})"),
      HasSubstr("one of them"));
}

TEST(ParseSlicesTest, RefusesAMissingName) {
  const std::vector<std::string> texts = {"country,,age"};
  EXPECT_THAT(std::string(ParseSlices(texts).status().message()), HasSubstr("country,,age"));
}

}  // namespace
}  // namespace penstock::statistics
