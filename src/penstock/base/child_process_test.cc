#include "penstock/base/child_process.h"

#include <cstdlib>

#include <gmock/gmock.h>

namespace penstock {
namespace {

using testing::HasSubstr;

ChildOptions Shell(const std::string& script) { return {.arguments = {"sh", "-c", script}}; }

TEST(ChildProcessTest, ExitCodeZeroIsFine) { EXPECT_TRUE(RunChild(Shell("exit 0")).ok()); }

TEST(ChildProcessTest, NamesTheExitCodeOrTheSignal) {
  EXPECT_THAT(std::string(RunChild(Shell("exit 7")).message()), HasSubstr("exit code 7"));
  EXPECT_THAT(std::string(RunChild(Shell("kill -9 $$")).message()), HasSubstr("signal 9"));
}

TEST(ChildProcessTest, MissingProgramIsNotFound) {
  EXPECT_EQ(RunChild({.arguments = {"/no/such/program"}}).code(), StatusCode::kNotFound);
}

TEST(ChildProcessTest, SlowChildIsKilled) {
  EXPECT_EQ(RunChild(Shell("exec sleep 60"), 0.05).code(), StatusCode::kDeadlineExceeded);
}

TEST(ChildProcessTest, CancelledChildIsKilled) {
  CancellationToken token;
  token.Cancel();
  EXPECT_EQ(RunChild(Shell("exec sleep 60"), 0, &token).code(), StatusCode::kCancelled);
}

TEST(ChildProcessTest, PipedChildIsTalkedWith) {
  ChildOptions options = Shell("exec cat");
  options.is_piped = true;
  auto child = ChildProcess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  const std::string long_text(1 << 16, 'x');
  std::string answer;
  ASSERT_TRUE(child->Write("hello" + long_text).ok());
  ASSERT_TRUE(child->Read(5, answer).ok());
  EXPECT_EQ(answer, "hello");
  ASSERT_TRUE(child->Read(long_text.size(), answer).ok());
  EXPECT_EQ(answer, long_text);
}

TEST(ChildProcessTest, ChildThatHasGoneIsAnErrorNotASignal) {
  ChildOptions options = Shell("exit 0");
  options.is_piped = true;
  auto child = ChildProcess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  std::string answer;
  EXPECT_EQ(child->Read(1, answer).code(), StatusCode::kUnavailable);
  ASSERT_TRUE(child->Wait(60, nullptr).ok());  // It may close its input after its output.
  EXPECT_EQ(child->Write("are you there").code(), StatusCode::kUnavailable);
}

TEST(ChildProcessTest, SecretsOfTheEnvironmentStayHere) {
  ::setenv("PENSTOCK_TEST_TOKEN", "hush", 1);
  ::setenv("PENSTOCK_TEST_PLAIN", "loud", 1);
  ChildOptions options = Shell(
      "test -z \"$PENSTOCK_TEST_TOKEN\" && test \"$PENSTOCK_TEST_PLAIN\" = loud && "
      "test \"$GIVEN_TOKEN\" = given");
  options.withholds_secrets = true;
  options.environment["GIVEN_TOKEN"] = "given";
  EXPECT_TRUE(RunChild(options).ok());
}

}  // namespace
}  // namespace penstock
