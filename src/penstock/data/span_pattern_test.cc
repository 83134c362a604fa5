#include "penstock/data/span_pattern.h"

#include "penstock/data/datasets_testing.h"

namespace penstock::data {
namespace {

Result<SpanVersion> Match(const std::string& pattern, const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const SpanPattern parsed, SpanPattern::Parse(pattern));
  return parsed.Match(path);
}

Result<SpanFiles> Select(const std::string& pattern, const std::vector<std::string>& files,
                         const SpanRange& range = {}) {
  PENSTOCK_ASSIGN_OR_RETURN(const SpanPattern parsed, SpanPattern::Parse(pattern));
  return SelectSpans(parsed, files, range);
}

TEST(SpanPatternTest, LooksForAnythingWhereASpecIs) {
  EXPECT_EQ(SpanPattern::Parse("train/span-{SPAN:3}/v{VERSION}/*")->Glob(), "train/span-*/v*/*");
  EXPECT_EQ(SpanPattern::Parse("{YYYY}-{MM}-{DD}/[ab]?.csv")->Glob(), "*-*-*/[ab]?.csv");
}

TEST(SpanPatternTest, ReadsSpanAndVersionOffAPath) {
  EXPECT_EQ(*Match("span-{SPAN}/v{VERSION}/*", "span-12/v3/data.csv"), (SpanVersion{12, 3}));
  EXPECT_EQ(*Match("span-{SPAN}/*", "span-007/data.csv"), (SpanVersion{7, std::nullopt}));
  EXPECT_EQ(*Match("{SPAN:2}{VERSION:2}.csv", "0421.csv"), (SpanVersion{4, 21}));
  EXPECT_EQ(*Match("*-{SPAN}-[ab].?sv", "x-1-5-a.tsv"), (SpanVersion{5, std::nullopt}));
}

TEST(SpanPatternTest, CountsDaysOfADate) {
  EXPECT_EQ(Match("{YYYY}{MM}{DD}/*", "19700102/x")->span, 1);
  EXPECT_EQ(Match("{YYYY}-{MM}-{DD}/*", "2020-02-29/x")->span, 18321);
  EXPECT_EQ(Match("{DD}.{MM}.{YYYY}/*", "31.12.1969/x")->span, -1);
  EXPECT_THAT(Match("{YYYY}{MM}{DD}/*", "20210229/x").status(),
              FailsWith(StatusCode::kInvalidArgument, "no such date as 2021-02-29"));
}

TEST(SpanPatternTest, RefusesAPathWithoutANumber) {
  EXPECT_THAT(Match("span-{SPAN}/*", "span-3_backup/x").status(),
              FailsWith(StatusCode::kInvalidArgument, "span-3_backup/x has no number"));
  EXPECT_FALSE(Match("span-{SPAN:2}/*", "span-3/x").ok());
  EXPECT_FALSE(Match("span-{SPAN:2}/*", "span-123/x").ok());
}

TEST(SpanPatternTest, RefusesWhatTfxRefuses) {
  for (const char* pattern :
       {"{SPAN}/{SPAN}", "{SPAN}/{YYYY}{MM}{DD}", "{YYYY}{MM}", "{YYYY}{YYYY}{MM}{DD}", "{VERSION}/*",
        "{SPAN}/{VERSION}/{VERSION}", "{SPAN:x}", "{SPAN:0}", "{SPAN:-1}", "{SPAN", ""})
    EXPECT_EQ(SpanPattern::Parse(pattern).status().code(), StatusCode::kInvalidArgument) << pattern;
}

TEST(SpanPatternTest, NamesTheSpecThatWasMeant) {
  EXPECT_THAT(SpanPattern::Parse("{SAPN}/*").status(),
              FailsWith(StatusCode::kInvalidArgument, "did you mean 'SPAN'?"));
  EXPECT_THAT(SpanPattern::Parse("{span}/*").status(),
              FailsWith(StatusCode::kInvalidArgument, "{span} in {span}/* is not known"));
}

TEST(SpanSelectionTest, TakesTheLatestVersionOfTheLatestSpan) {
  const auto selected = Select("s{SPAN}/v{VERSION}/*", {"s10/v1/a", "s10/v2/a", "s10/v2/b", "s9/v7/a"});
  ASSERT_TRUE(selected.ok()) << selected.status();
  EXPECT_EQ(selected->spans, (std::vector<SpanVersion>{{10, 2}}));
  EXPECT_EQ(selected->files, (std::vector<std::string>{"s10/v2/a", "s10/v2/b"}));
}

TEST(SpanSelectionTest, TakesEverySpanOfAStaticRange) {
  const SpanRange range{.kind = SpanRange::Kind::kStatic, .start = 2, .end = 3};
  const auto selected =
      Select("s{SPAN}/v{VERSION}/*", {"s1/v1/a", "s2/v1/a", "s2/v2/a", "s3/v1/a", "s4/v1/a"}, range);
  ASSERT_TRUE(selected.ok()) << selected.status();
  EXPECT_EQ(selected->spans, (std::vector<SpanVersion>{{2, 2}, {3, 1}}));
  EXPECT_EQ(selected->files, (std::vector<std::string>{"s2/v2/a", "s3/v1/a"}));
}

TEST(SpanSelectionTest, TakesTheLatestSpansOfARollingRange) {
  SpanRange range{.kind = SpanRange::Kind::kRolling, .num_spans = 2};
  EXPECT_EQ(Select("s{SPAN}", {"s1", "s2", "s10"}, range)->files, (std::vector<std::string>{"s2", "s10"}));
  range.start = 3;
  EXPECT_EQ(Select("s{SPAN}", {"s1", "s2", "s10"}, range)->files, std::vector<std::string>{"s10"});
  range.num_spans = 30;
  range.start = 0;
  EXPECT_EQ(Select("s{SPAN}", {"s1", "s2"}, range)->spans.size(), 2u);
}

TEST(SpanSelectionTest, ListsTheSpansThereAreWhereTheRangeHoldsNone) {
  const SpanRange range{.kind = SpanRange::Kind::kStatic, .start = 5, .end = 6};
  EXPECT_THAT(
      Select("s{SPAN}", {"s1", "s2"}, range).status(),
      FailsWith(StatusCode::kNotFound, "No span from 5 to 6 is there for s{SPAN} (spans there: 1, 2)"));
}

}  // namespace
}  // namespace penstock::data
