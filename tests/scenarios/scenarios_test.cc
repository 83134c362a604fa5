#include <glob.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "scenarios/scenario.h"
#include "scenarios/scenario_runner.h"
#include "tests/support/paths.h"

namespace penstock::scenarios {
namespace {

const std::string kScenarios = tests::SourcePath("tests/scenarios/*.scenario");

std::vector<std::string> ScenarioFiles() {
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(kScenarios.c_str(), 0, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  return files;
}

class ScenariosTest : public testing::TestWithParam<std::string> {};

TEST_P(ScenariosTest, Holds) {
  const auto text = fs::ReadFile(GetParam());
  ASSERT_TRUE(text.ok()) << text.status();
  const auto steps = ParseScenario(*text);
  ASSERT_TRUE(steps.ok()) << GetParam() << ", " << steps.status();
  ASSERT_FALSE(steps->empty());
  const std::string folder = MakeTestFolder();
  ScenarioRunner runner(folder, {{"taxi", tests::SourcePath("examples/taxi")},
                                 {"data", tests::SourcePath(".deps/data/taxi")},
                                 {"tfx", tests::TfxTestData("external")}});
  for (const Step& step : *steps) {
    const Status status = runner.Perform(step);
    ASSERT_TRUE(status.ok()) << GetParam() << ":" << step.line << ": " << step.verb << ": "
                             << status.message() << "\n(its folder: " << folder << ")";
  }
  EXPECT_TRUE(fs::RemoveAll(folder).ok());
}

std::string NameOf(const testing::TestParamInfo<std::string>& file) {
  return std::filesystem::path(file.param).stem().string();
}

INSTANTIATE_TEST_SUITE_P(Files, ScenariosTest, testing::ValuesIn(ScenarioFiles()), NameOf);

}  // namespace
}  // namespace penstock::scenarios
