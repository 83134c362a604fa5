#include "penstock/backends/python_packages.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::backends {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string>& KfpCommand() {
  static const std::vector<std::string> command = {
      "sh",
      "-c",
      "\nif ! [ -x \"$(command -v pip)\" ]; then\n    python3 -m ensurepip || python3 -m ensurepip --user || "
      "apt-get install python3-pip\nfi\n\nPIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet "
      "--no-warn-script-location 'kfp==2.14.2' '--no-deps' 'typing-extensions>=3.7.4,<5; "
      "python_version<\"3.9\"'  "
      "&&  python3 -m pip install --quiet --no-warn-script-location 'pandas[excel]>=2' 'yapf==0.32' && "
      "\"$0\" \"$@\"\n",
      "sh",
      "-ec",
      "program",
      "code"};
  return command;
}

TEST(PythonPackagesTest, TakesTheScriptOfKfpsComponentsApart) {
  const auto bootstrap = ParsePythonBootstrap(KfpCommand());
  ASSERT_TRUE(bootstrap.has_value());
  EXPECT_THAT(bootstrap->requirements, ElementsAre("kfp==2.14.2", "pandas[excel]>=2", "yapf==0.32"));
  EXPECT_THAT(bootstrap->command, ElementsAre("sh", "-ec", "program", "code"));
  EXPECT_EQ(PackageOf("pandas[excel]>=2"), "pandas");
}

TEST(PythonPackagesTest, TakesPython3WhereThereIsNoPython) {
  const std::string folder = fs::Join(testing::TempDir(), "path_" + NewUuid());
  ASSERT_TRUE(fs::WriteFileAtomically(fs::Join(folder, "python3"), "").ok());
  ASSERT_EQ(::chmod(fs::Join(folder, "python3").c_str(), 0755), 0);
  EXPECT_EQ(PythonOf("python", "/nowhere:" + folder), "python3");
  EXPECT_EQ(PythonOf("python", "/nowhere"), "python");
  EXPECT_EQ(PythonOf("perl", folder), "perl");
}

TEST(PythonPackagesTest, LeavesOtherCommandsAlone) {
  EXPECT_FALSE(ParsePythonBootstrap({"sh", "-c", "echo 'python3 -m pip install'", "x"}).has_value());
  EXPECT_FALSE(ParsePythonBootstrap({"echo", "hello"}).has_value());
  EXPECT_FALSE(ParsePythonBootstrap({}).has_value());
}

TEST(PythonPackagesTest, InstallsWhatIsMissingOnceAndPutsItOnThePath) {
  const std::string folder = fs::Join(testing::TempDir(), "python_" + NewUuid());
  std::vector<runtime::TaskCommand> runs;
  const PythonPackages::Run run = [&](const runtime::TaskCommand& command) -> Result<runtime::TaskOutcome> {
    runs.push_back(command);
    if (command.arguments[1] == "-c") {
      PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(command.arguments[3], "pandas"));
    }
    return runtime::TaskOutcome{};
  };
  PythonPackages packages;
  for (int i = 0; i < 2; ++i) {
    runtime::TaskCommand command{.arguments = KfpCommand(), .state_directory = folder};
    const auto failed = packages.Prepare(command, run);
    ASSERT_TRUE(failed.ok()) << failed.status();
    EXPECT_FALSE(failed->has_value());
    EXPECT_THAT(command.arguments, ElementsAre("sh", "-ec", "program", "code"));
    EXPECT_THAT(command.environment["PYTHONPATH"], HasSubstr(folder));
  }
  ASSERT_EQ(runs.size(), 2U) << "one look, one installation";
  EXPECT_EQ(runs[1].arguments.back(), "pandas[excel]>=2");
}

TEST(PythonPackagesTest, HandsOnAnInstallationThatFails) {
  const std::string folder = fs::Join(testing::TempDir(), "python_" + NewUuid());
  PythonPackages packages;
  runtime::TaskCommand command{.arguments = KfpCommand(), .state_directory = folder};
  const auto failed = packages.Prepare(command, [](const auto&) -> Result<runtime::TaskOutcome> {
    return runtime::TaskOutcome{.exit_code = 2};
  });
  ASSERT_TRUE(failed.ok()) << failed.status();
  ASSERT_TRUE(failed->has_value());
  EXPECT_EQ((*failed)->exit_code, 2);
}

}  // namespace
}  // namespace penstock::backends
