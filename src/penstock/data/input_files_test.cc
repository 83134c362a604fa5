#include "penstock/data/input_files.h"

#include "penstock/data/datasets_testing.h"

namespace penstock::data {
namespace {

class InputFilesTest : public testing::Test {
 protected:
  void Add(const std::string& name) {
    ASSERT_TRUE(fs::CreateDirectories(fs::DirName(folder_.At(name))).ok());
    folder_.Write(name, "x\n1\n");
  }
  TestFolder folder_;
};

using Spans = std::vector<std::vector<std::string>>;

TEST_F(InputFilesTest, FindsTheSameSpanOfEverySplit) {
  for (const char* split : {"train", "eval"})
    for (const char* span : {"1", "2"}) Add(fmt::format("{}/span-{}/v1/data.csv", split, span));
  Add("train/span-2/v1/_SUCCESS");
  const std::vector<InputSplit> splits = {{"train", "train/span-{SPAN}/v{VERSION}/*"},
                                          {"eval", "eval/span-{SPAN}/v{VERSION}/*"}};
  const auto found = FindInputFiles(folder_.path(), splits, {});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->spans, (std::vector<SpanVersion>{{2, 1}}));
  EXPECT_EQ(found->files[0], Spans{{folder_.At("train/span-2/v1/data.csv")}});
  EXPECT_EQ(found->files[1], Spans{{folder_.At("eval/span-2/v1/data.csv")}});
}

TEST_F(InputFilesTest, KeepsSpansApart) {
  for (const char* name : {"s1/a.csv", "s2/a.csv", "s2/b.csv", "s3/a.csv"}) Add(name);
  const SpanRange range{.kind = SpanRange::Kind::kRolling, .num_spans = 2};
  const auto found = FindInputFiles(folder_.path(), std::vector<InputSplit>{{"all", "s{SPAN}/*"}}, range);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->files[0],
            (Spans{{folder_.At("s2/a.csv"), folder_.At("s2/b.csv")}, {folder_.At("s3/a.csv")}}));
}

TEST_F(InputFilesTest, RefusesSplitsOfDifferentSpans) {
  Add("train/1/a.csv");
  Add("train/2/a.csv");
  Add("eval/1/a.csv");
  const std::vector<InputSplit> splits = {{"train", "train/{SPAN}/*"}, {"eval", "eval/{SPAN}/*"}};
  EXPECT_THAT(FindInputFiles(folder_.path(), splits, {}).status(),
              FailsWith(StatusCode::kInvalidArgument, "'train' has span 2, 'eval' has span 1"));
}

TEST_F(InputFilesTest, NamesWhatIsThereForAPatternThatMatchesNothing) {
  Add("train/span-1/a.csv");
  const auto find = [&](const std::string& pattern) {
    return FindInputFiles(folder_.path(), std::vector<InputSplit>{{"train", pattern}}, {}).status();
  };
  EXPECT_THAT(find("trian/span-{SPAN}/*"), FailsWith(StatusCode::kNotFound, "did you mean 'train'?"));
  EXPECT_THAT(find("train/span{SPAN}/*.tsv"), FailsWith(StatusCode::kNotFound, "there are: span-1/"));
  EXPECT_TRUE(find("train/span-1").ok());
}

TEST_F(InputFilesTest, RefusesARangeWithoutASpan) {
  Add("a.csv");
  const SpanRange range{.kind = SpanRange::Kind::kRolling, .num_spans = 2};
  EXPECT_THAT(FindInputFiles(folder_.path(), std::vector<InputSplit>{{"all", "*"}}, range).status(),
              FailsWith(StatusCode::kInvalidArgument, "a range is given"));
}

}  // namespace
}  // namespace penstock::data
