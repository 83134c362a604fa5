#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/json_selection.h"
#include "scenarios/scenario.h"
#include "scenarios/scenario_runner.h"

namespace penstock::scenarios {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ScenarioFormatTest, KeepsBodyOfWriteAndLongestVerb) {
  const auto steps =
      ParseScenario("# what\n\nwrite a b.csv <<END\nx,y\n# 1\nEND\njson count: a[*] == 2\nstderr is empty\n");
  ASSERT_TRUE(steps.ok()) << steps.status();
  ASSERT_EQ(steps->size(), 3u);
  EXPECT_EQ((*steps)[0].argument, "a b.csv");
  EXPECT_EQ((*steps)[0].body, "x,y\n# 1\n");
  EXPECT_EQ((*steps)[1].verb, "json count");
  EXPECT_EQ((*steps)[1].argument, "a[*] == 2");
  EXPECT_EQ((*steps)[1].line, 7);
}

TEST(ScenarioFormatTest, NamesLineOfUnknownStep) {
  const auto steps = ParseScenario("exit: 0\nstdout contain: x\n");
  EXPECT_THAT(std::string(steps.status().message()),
              HasSubstr("line 2: 'stdout contain' is no step; did you mean 'stdout contains'?"));
  EXPECT_FALSE(ParseScenario("write x <<END\nnever closed\n").ok());
  EXPECT_FALSE(ParseScenario("stdout contains:\n").ok());
}

TEST(ScenarioFormatTest, SplitsQuotedWords) {
  EXPECT_THAT(SplitWords("penstock  run 'a b' ''"), ElementsAre("penstock", "run", "a b", ""));
}

TEST(JsonSelectionTest, NamesMembersElementsAndMatches) {
  const json document =
      json::parse(R"({"n": [{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "b", "v": 3}], "o": {"p": true}})");
  EXPECT_THAT(*Select(document, "n[*].v"), ElementsAre(1, 2, 3));
  EXPECT_THAT(*Select(document, "n[k=b].v"), ElementsAre(2, 3));
  EXPECT_THAT(*Select(document, "n[1].k"), ElementsAre("b"));
  EXPECT_THAT(*Select(document, "o.p"), ElementsAre(true));
  EXPECT_THAT(*Select(document, "o.q.r"), IsEmpty());
  EXPECT_FALSE(Select(document, "n[x]").ok());
}

TEST(ScenarioRunnerTest, SubstitutesNamesButNotPipelineParameters) {
  const ScenarioRunner runner("/t", {{"data", "/d"}});
  EXPECT_EQ(runner.Substitute("{data}/x {tmp} \"${data}\" {train: 2}"), "/d/x /t \"${data}\" {train: 2}");
}

TEST(ScenarioRunnerTest, SaysWhenWhatIsWantedDoesNotHold) {
  const std::string folder = MakeTestFolder();
  ScenarioRunner runner(folder, {});
  auto perform = [&](const std::string& verb, const std::string& argument) {
    return runner.Perform({.line = 1, .verb = verb, .argument = argument, .body = "hello\n"});
  };
  EXPECT_TRUE(perform("write", "a.txt").ok());
  EXPECT_TRUE(perform("copy", "a.txt -> b.txt").ok());
  EXPECT_TRUE(perform("same content", "{tmp}/a.txt == b.txt").ok());
  EXPECT_TRUE(perform("replace in", "b.txt: hello -> good bye").ok());
  EXPECT_FALSE(perform("replace in", "b.txt: hello -> good bye").ok());
  EXPECT_FALSE(perform("same content", "a.txt == b.txt").ok());
  EXPECT_FALSE(perform("same content", "*.txt == b.txt").ok());
  EXPECT_TRUE(perform("file contains", "b*: good").ok());
  EXPECT_FALSE(perform("file absent", "b*").ok());
  EXPECT_TRUE(perform("remove", "b.txt").ok());
  EXPECT_FALSE(perform("file exists", "b*").ok());
  EXPECT_FALSE(perform("run", "rm -rf /nowhere").ok());
  EXPECT_TRUE(perform("remove", folder).ok());
}

}  // namespace
}  // namespace penstock::scenarios
