#include "penstock/data/example_diff.h"

#include "penstock/data/datasets_testing.h"

namespace penstock::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ExampleDiffTest : public testing::Test {
 protected:
  Result<ExampleDiff> Diff(std::string_view base, std::string_view test, const ExampleDiffOptions& options,
                           int num_threads = 2) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto a, Open({folder_.Write("base.jsonl", base)}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto b, Open({folder_.Write("test.jsonl", test)}));
    return DiffExamples(*a, *b, options, {.num_threads = num_threads});
  }
  static const FeatureSkew& Of(const ExampleDiff& diff, const std::string& feature) {
    for (const FeatureSkew& skew : diff.skew_results)
      if (skew.feature_name == feature) return skew;
    ADD_FAILURE() << "no " << feature;
    return diff.skew_results.front();
  }

  TestFolder folder_;
};

constexpr std::string_view kBase = R"({"id": 1, "x": 1.25, "word": "a"}
{"id": 2, "x": 2.0, "word": "b"}
{"id": 3, "x": 3.0}
{"id": 4, "x": 4.0, "word": "only in base"}
{"x": 9.0}
)";
constexpr std::string_view kTest = R"({"id": 2, "x": 2.5, "word": "b", "new": true}
{"id": 1, "x": 1.251, "word": "c", "new": true}
{"id": 3, "x": 3.0, "word": "d"}
{"id": 5, "x": 4.0, "word": "only in test"}
)";

TEST_F(ExampleDiffTest, CountsMatchesAndDifferencesOfEachFeature) {
  ExampleDiffOptions options;
  options.identifier_features = {"id"};
  options.confusion_features = {"word"};
  options.sample_size = 10;
  const auto diff = Diff(kBase, kTest, options);
  ASSERT_TRUE(diff.ok()) << diff.status();
  EXPECT_EQ(diff->match_stats.base_with_id_count, 4);
  EXPECT_EQ(diff->match_stats.base_missing_id_count, 1);
  EXPECT_EQ(diff->match_stats.test_with_id_count, 4);
  EXPECT_EQ(diff->match_stats.identifiers_count, 5);
  EXPECT_EQ(diff->match_stats.ids_missing_in_base_count, 1);
  EXPECT_EQ(diff->match_stats.ids_missing_in_test_count, 1);
  EXPECT_EQ(diff->match_stats.matching_pairs_count, 3);
  EXPECT_EQ(diff->skew_results.size(), 3u);
  EXPECT_EQ(Of(*diff, "x").match_count, 1);
  EXPECT_EQ(Of(*diff, "x").mismatch_count, 2);
  EXPECT_EQ(Of(*diff, "word").test_only, 1);
  EXPECT_EQ(Of(*diff, "word").mismatch_count, 1);
  EXPECT_EQ(Of(*diff, "word").match_count, 1);
  EXPECT_EQ(Of(*diff, "new").test_only, 2);
  EXPECT_EQ(Of(*diff, "new").match_count, 1) << "neither side has it";
  ASSERT_EQ(diff->skew_pairs.size(), 3u);
  for (const SkewPair& pair : diff->skew_pairs) {
    if (pair.base.find("\"id\": 1") == std::string::npos) continue;
    EXPECT_EQ(pair.base, R"({"id": 1, "x": 1.25, "word": "a"})");
    EXPECT_THAT(pair.mismatched_features, ElementsAre("word", "x"));
    EXPECT_THAT(pair.test_only_features, ElementsAre("new"));
  }
  EXPECT_EQ(diff->confusion_counts.at("word").at({"a", "c"}), 1);
  EXPECT_EQ(diff->confusion_counts.at("word").at({"__MISSING_VALUE__", "d"}), 1);
  EXPECT_THAT(FormatExampleDiff(*diff, false), HasSubstr("differ in word, x, new"));
  EXPECT_THAT(ExampleDiffJson(*diff), HasSubstr("\"matching_pairs_count\": 3"));
}

TEST_F(ExampleDiffTest, RoundsNumbersAndIgnoresColumnsOnRequest) {
  ExampleDiffOptions options;
  options.identifier_features = {"id"};
  options.ignore_features = {"word"};
  options.float_round_ndigits = 2;
  const auto diff = Diff(kBase, kTest, options);
  ASSERT_TRUE(diff.ok()) << diff.status();
  EXPECT_EQ(diff->skew_results.size(), 2u);
  EXPECT_EQ(Of(*diff, "x").match_count, 2);
}

TEST_F(ExampleDiffTest, PassesOverDuplicateIdentifiersUnlessAllowed) {
  const std::string_view base = "{\"id\": \"a\", \"x\": 1}\n{\"id\": \"a\", \"x\": 2}\n";
  const std::string_view test = "{\"id\": \"a\", \"x\": 1}\n";
  ExampleDiffOptions options;
  options.identifier_features = {"id"};
  auto diff = Diff(base, test, options);
  ASSERT_TRUE(diff.ok()) << diff.status();
  EXPECT_EQ(diff->match_stats.duplicate_id_count, 1);
  EXPECT_EQ(Of(*diff, "x").base_count, 0);
  options.allow_duplicate_identifiers = true;
  diff = Diff(base, test, options);
  EXPECT_EQ(Of(*diff, "x").match_count, 1);
  EXPECT_EQ(Of(*diff, "x").mismatch_count, 1);
}

TEST_F(ExampleDiffTest, IsTheSameInPartsAndOnAnyNumberOfThreads) {
  std::string base, test;
  for (int i = 0; i < 3000; ++i) {
    base += fmt::format("{{\"id\": {}, \"x\": {}}}\n", i, i % 7);
    test += fmt::format("{{\"id\": {}, \"x\": {}}}\n", 2999 - i, (2999 - i) % 5);
  }
  ExampleDiffOptions options;
  options.identifier_features = {"id"};
  options.sample_size = 20;
  const auto whole = Diff(base, test, options, 1);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(Of(*whole, "x").match_count + Of(*whole, "x").mismatch_count, 3000);
  EXPECT_EQ(whole->skew_pairs.size(), 20u);
  options.max_memory_bytes = 1 << 16;
  const auto parts = Diff(base, test, options, 4);
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(ExampleDiffJson(*parts), ExampleDiffJson(*whole));
}

TEST_F(ExampleDiffTest, NamesColumnsThatAreNotThere) {
  ExampleDiffOptions options;
  EXPECT_THAT(Diff(kBase, kTest, options).status(), FailsWith(StatusCode::kInvalidArgument, "identifier"));
  options.identifier_features = {"idd"};
  EXPECT_THAT(Diff(kBase, kTest, options).status(), FailsWith(StatusCode::kNotFound, "did you mean 'id'"));
  options.identifier_features = {"id"};
  options.ignore_features = {"wrd"};
  EXPECT_THAT(Diff(kBase, kTest, options).status(), FailsWith(StatusCode::kNotFound, "'wrd'"));
  options.ignore_features = {};
  options.confusion_features = {"x"};
  EXPECT_THAT(Diff(kBase, kTest, options).status(), FailsWith(StatusCode::kInvalidArgument, "text column"));
}

}  // namespace
}  // namespace penstock::data
