#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "tests/support/paths.h"

namespace penstock {
namespace {

/// The kfp client's own calls, in Python: tests/e2e/kfp_client_calls.py says which.
TEST(KfpClientTest, EveryCallOfTheClientIsServed) {
  const std::string python = tests::SourcePath(".deps/kfp_client/bin/python");
  if (::access(python.c_str(), X_OK) != 0)
    GTEST_SKIP() << "the kfp client is not here: run tools/setup_kfp_client.sh";
  const std::string folder = fs::Join(testing::TempDir(), "kfp-client-" + NewUuid());
  ASSERT_TRUE(fs::CreateDirectories(folder).ok());
  const std::string log = folder + "/log";
  const std::string command = python + " " + tests::SourcePath("tests/e2e/kfp_client_calls.py") + " " +
                              tests::BuildPath("bin/penstock") + " " + folder + " > " + log + " 2>&1";
  const int status = std::system(command.c_str());
  EXPECT_EQ(status, 0) << std::ifstream(log).rdbuf();
  EXPECT_TRUE(fs::RemoveAll(folder).ok());
}

/// tests/e2e/server_calls.py says what; parts of it say in the log that they want another set-up step.
TEST(ServerCallsTest, WhatTheClientHasNoCallsForIsServed) {
  const std::string python = tests::SourcePath(".deps/kfp_client/bin/python");
  const std::string folder = fs::Join(testing::TempDir(), "server-calls-" + NewUuid());
  ASSERT_TRUE(fs::CreateDirectories(folder).ok());
  const std::string log = folder + "/log";
  const std::string command = (::access(python.c_str(), X_OK) == 0 ? python : "python3") + " " +
                              tests::SourcePath("tests/e2e/server_calls.py") + " " +
                              tests::BuildPath("bin/penstock") + " " + folder + " " + tests::SourcePath(".") +
                              " > " + log + " 2>&1";
  const int status = std::system(command.c_str());
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  EXPECT_EQ(status, 0) << text.str();
  std::string line;
  while (std::getline(text, line))
    if (line.find("NOT TESTED") != line.npos) fmt::print("{}\n", line);
  EXPECT_TRUE(fs::RemoveAll(folder).ok());
}

TEST(KfpClientTest, EveryNativeComponentLoadsIntoTheSdk) {
  const std::string python = tests::SourcePath(".deps/kfp_client/bin/python");
  if (::access(python.c_str(), X_OK) != 0)
    GTEST_SKIP() << "the kfp client is not here: run tools/setup_kfp_client.sh";
  const std::string output = fs::Join(testing::TempDir(), "kfp-components-" + NewUuid() + ".yaml");
  const std::string command = python + " " + tests::SourcePath("tests/e2e/kfp_components.py") + " " +
                              tests::SourcePath("kfp") + " " + output;
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(fs::RemoveAll(output).ok());
}

}  // namespace
}  // namespace penstock
