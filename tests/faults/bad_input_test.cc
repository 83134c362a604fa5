#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/pipeline_folder.h"
#include "penstock/base/filesystem.h"

namespace penstock::faults {
namespace {

using testing::HasSubstr;

/// A mistake a user can make, and what Penstock has to say of it.
struct BadInput {
  std::string name;
  void (*prepare)(const PipelineFolder& folder);
  std::vector<std::string> says;  ///< Parts of the message.
};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

void ReplaceInPipeline(const PipelineFolder& folder, const std::string& from, const std::string& to) {
  folder.UseSmall();
  const auto text = fs::ReadFile(fs::Join(folder.path(), "pipeline.yaml"));
  ASSERT_TRUE(text.ok()) << text.status();
  folder.Write("pipeline.yaml", Replaced(*text, from, to));
}

void UseRows(const PipelineFolder& folder, const std::string& rows) {
  folder.UseSmall();
  folder.Write("data.csv", rows);
}

void UseFeature(const PipelineFolder& folder, const std::string& expression) {
  folder.UseSmall();
  folder.Write("features.yaml", "label: y > 0\nfeatures:\n  x: x\n  made: " + expression + "\n");
}

const std::vector<BadInput>& BadInputs() {
  static const std::vector<BadInput> inputs = {
      {"MissingFile",
       [](const auto& folder) { folder.UseSmall("dta.csv"); },
       {"ExampleGen", "/dta.csv", "data.csv"}},
      {"MissingFolder",
       [](const auto& folder) { folder.UseSmall("nowhere/*.csv"); },
       {"ExampleGen", "nowhere"}},
      {"EmptyFile", [](const auto& folder) { UseRows(folder, ""); }, {"data.csv", "empty"}},
      {"HeaderOnly",
       [](const auto& folder) { UseRows(folder, "x,y\n"); },
       {"data.csv", "header but no rows"}},
      {"RaggedRow",
       [](const auto& folder) { UseRows(folder, GoodRows() + "1,2,3\n" + "4,5\n"); },
       {"data.csv, row 602", "2 columns are expected, this row has 3"}},
      {"UnterminatedQuote",
       [](const auto& folder) { UseRows(folder, GoodRows() + "\"abc,1\n2,1\n"); },
       {"data.csv, row 602", "quote", "never closed"}},
      {"InvalidUtf8",
       [](const auto& folder) {
         UseRows(folder, GoodRows() +
                             "a\xff"
                             "b,1\n");
       },
       {"data.csv, row 602, column 'x'", "UTF-8", "iconv"}},
      {"TextInNumbers",
       [](const auto& folder) { UseRows(folder, GoodRows() + "1,oops\n"); },
       {"data.csv, row 602, column 'y'", "'oops' is not a number", "schema"}},
      {"DuplicateColumns",
       [](const auto& folder) { UseRows(folder, "x,y,x\n1,2,3\n"); },
       {"data.csv", "'x'", "columns 1 and 3"}},
      {"UnknownKey",
       [](const auto& folder) { ReplaceInPipeline(folder, "input:", "inptu:"); },
       {"pipeline.yaml:3:", "'inptu'", "did you mean 'input'?"}},
      {"UnknownComponent",
       [](const auto& folder) { ReplaceInPipeline(folder, "Trainer:", "Trianer:"); },
       {"pipeline.yaml:7:", "Trianer", "did you mean 'Trainer'?"}},
      {"UnknownHyperparameter",
       [](const auto& folder) { ReplaceInPipeline(folder, "num_rounds", "num_ronuds"); },
       {"num_ronuds", "did you mean 'num_rounds'?"}},
      {"NotYaml",
       [](const auto& folder) { folder.Write("pipeline.yaml", "pipeline: [\n"); },
       {"pipeline.yaml:"}},
      {"Cycle",
       [](const auto& folder) {
         ReplaceInPipeline(folder, "StatisticsGen:", "StatisticsGen: {after: [Trainer]}");
       },
       {"pipeline.yaml:", "circle", "StatisticsGen -> SchemaGen"}},
      {"PipelineNameThatClimbs",
       [](const auto& folder) { ReplaceInPipeline(folder, "pipeline: small", "pipeline: ../small"); },
       {"pipeline.yaml:1:", "../small"}},
      {"SplitNameThatClimbs",
       [](const auto& folder) {
         ReplaceInPipeline(folder, "\"data.csv\"}", "\"data.csv\", splits: {../a: 1, eval: 1}}");
       },
       {"../a"}},
      {"NoFeaturesFile",
       [](const auto& folder) { ReplaceInPipeline(folder, "features.yaml", "faetures.yaml"); },
       {"faetures.yaml", "features.yaml"}},
      {"UnknownColumn",
       [](const auto& folder) {
         folder.UseSmall();
         folder.Write("data.csv", Replaced(GoodRows(), "x,y", "distance,y"));
         folder.Write("features.yaml", "label: y > 0\nfeatures:\n  made: distanec + 1\n");
       },
       {"features.yaml:3:", "feature 'made'", "'distanec'", "did you mean 'distance'?"}},
      {"UnknownFunction",
       [](const auto& folder) { UseFeature(folder, "lgo(x)"); },
       {"features.yaml:4:", "feature 'made'", "'lgo'", "did you mean 'log'?"}},
      {"TypeMismatch",
       [](const auto& folder) { UseFeature(folder, "hash_strings(x, 10)"); },
       {"features.yaml:4:", "hash_strings takes text or integers", "'x' is a number"}},
      {"ExpressionCutShort",
       [](const auto& folder) { UseFeature(folder, "(x + 1"); },
       {"features.yaml:4:", "made"}},
      {"LabelWithOneClass",
       [](const auto& folder) {
         folder.UseSmall();
         folder.Write("features.yaml", "label: y > 5\nfeatures:\n  x: x\n");
       },
       {"one class only in split 'train'", "check the label"}},
      {"EvalSplitWithoutRows",
       [](const auto& folder) {
         ReplaceInPipeline(folder, "\"data.csv\"}", "\"data.csv\", splits: {train: 1000000, eval: 1}}");
       },
       {"'eval'", "no "}},
  };
  return inputs;
}

class BadInputTest : public testing::TestWithParam<BadInput> {};

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_P(BadInputTest, IsOneClearMessageAndNothingHalf) {
  const PipelineFolder folder;
  GetParam().prepare(folder);
  const Ending ending = folder.Run();
  EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
  for (const auto& part : GetParam().says) EXPECT_THAT(ending.errors, HasSubstr(part));
  EXPECT_EQ(Count(ending.errors, "penstock: error: ") + Count(ending.errors, "  failed: "), 1u)
      << ending.errors;
  folder.ExpectNothingHalf();
  EXPECT_TRUE(Matches(folder.path() + "/serving/*").empty());
  std::printf("answered after %.2f s\n", ending.seconds);  // For people; the machine's load is no defect.
}

INSTANTIATE_TEST_SUITE_P(Mistakes, BadInputTest, testing::ValuesIn(BadInputs()),
                         [](const auto& info) { return info.param.name; });

TEST(MendedInputTest, RunsWhereItFailedBefore) {
  const PipelineFolder folder;
  UseRows(folder, GoodRows() + "1,2,3\n");
  EXPECT_EQ(folder.Run().exit_code, 2);
  UseFeature(folder, "lgo(x)");
  EXPECT_EQ(folder.Run().exit_code, 2);
  folder.UseSmall();
  const Ending ending = folder.Run();
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  folder.ExpectNothingHalf();
  EXPECT_EQ(Matches(folder.path() + "/serving/*/model.pb").size(), 1u);
}

}  // namespace
}  // namespace penstock::faults
