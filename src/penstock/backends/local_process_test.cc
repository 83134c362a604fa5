#include "penstock/backends/local_process.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::backends {
namespace {

using testing::HasSubstr;

class LocalProcessBackendTest : public testing::Test {
 protected:
  runtime::TaskCommand Shell(const std::string& script) {
    runtime::TaskCommand command;
    command.arguments = {"/bin/sh", "-c", script};
    command.log_path = fs::Join(folder_, "task.log");
    return command;
  }
  Result<runtime::TaskOutcome> Run(const runtime::TaskCommand& command) {
    return backend_->Run(command, cancellation_, [this](double fraction, const std::string& message) {
      progress_.push_back(fmt::format("{:.2f} {}", fraction, message));
    });
  }

  const std::string folder_ = fs::Join(testing::TempDir(), "local_process_" + NewUuid());
  std::unique_ptr<runtime::TaskBackend> backend_ = MakeLocalProcessBackend("/bin/echo");
  CancellationToken cancellation_;
  std::vector<std::string> progress_;
};

TEST_F(LocalProcessBackendTest, TellsTheExitCodeAndKeepsTheLog) {
  const auto outcome = Run(Shell("echo to out; echo to err >&2; exit 7"));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->exit_code, 7);
  EXPECT_EQ(*fs::ReadFile(fs::Join(folder_, "task.log")), "to out\nto err\n");
}

TEST_F(LocalProcessBackendTest, TellsTheSignalThatEndedTheTask) {
  const auto outcome = Run(Shell("kill -SEGV $$"));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->signal, SIGSEGV);
}

TEST_F(LocalProcessBackendTest, RunsItsOwnBinaryForPenstock) {
  auto command = Shell("");
  command.arguments = {"penstock", "component", "X"};
  const auto outcome = Run(command);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*fs::ReadFile(command.log_path), "component X\n");
}

TEST_F(LocalProcessBackendTest, PassesTheEnvironmentOn) {
  auto command = Shell("echo $PENSTOCK_NUM_THREADS");
  command.environment["PENSTOCK_NUM_THREADS"] = "3";
  ASSERT_TRUE(Run(command).ok());
  EXPECT_EQ(*fs::ReadFile(command.log_path), "3\n");
}

TEST_F(LocalProcessBackendTest, HearsProgressAndErrorsOverTheReportChannel) {
  const auto outcome =
      Run(Shell("echo 'progress 0.5 half way' >&$PENSTOCK_REPORT_FD; echo nonsense >&$PENSTOCK_REPORT_FD;"
                "printf 'error 3 row 7\\\\nis ragged\\n' >&$PENSTOCK_REPORT_FD; exit 2"));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_THAT(progress_, testing::ElementsAre("0.50 half way"));
  EXPECT_EQ(outcome->reported_error, InvalidArgument("row 7\nis ragged"));
}

TEST_F(LocalProcessBackendTest, KillsACancelledTaskWithAllItStarted) {
  auto command = Shell("sleep 100 & echo $!; wait");
  std::thread canceller([&] {
    while (!fs::ReadFile(command.log_path).ok() || !fs::ReadFile(command.log_path)->ends_with("\n"))
      std::this_thread::yield();
    cancellation_.Cancel();
  });
  const auto outcome = Run(command);
  canceller.join();
  EXPECT_EQ(outcome.status().code(), StatusCode::kCancelled);
  const int grandchild = std::stoi(*fs::ReadFile(command.log_path));
  const auto is_gone = [&] {
    const auto stat = fs::ReadFile(fmt::format("/proc/{}/stat", grandchild));
    return ::kill(grandchild, 0) != 0 || (stat.ok() && stat->find(") Z ") != std::string::npos);
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_gone() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(is_gone());
}

TEST_F(LocalProcessBackendTest, StopsATaskWhenItIsCancelled) {
  std::thread canceller([this] { cancellation_.Cancel(); });
  const auto outcome = Run(Shell("sleep 100"));
  canceller.join();
  EXPECT_EQ(outcome.status().code(), StatusCode::kCancelled);
}

TEST_F(LocalProcessBackendTest, HoldsATaskToItsMemoryAndItsCores) {
  auto command = Shell("ulimit -d; nproc");
  command.max_memory_bytes = 512 << 20;
  command.max_cpus = 0.5;
  const auto outcome = Run(command);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*fs::ReadFile(command.log_path), "524288\n1\n");
}

TEST_F(LocalProcessBackendTest, KeepsTheEnginesSecretsFromTasks) {
  ::setenv("PENSTOCK_DB", "postgresql://a:geheim@b/c", 1);
  auto command = Shell("echo [$PENSTOCK_DB]");
  ASSERT_TRUE(Run(command).ok());
  ::unsetenv("PENSTOCK_DB");
  EXPECT_EQ(*fs::ReadFile(command.log_path), "[]\n");
}

TEST_F(LocalProcessBackendTest, MeasuresMemoryAndTime) {
  const auto outcome = Run(Shell("i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done"));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_GT(outcome->peak_memory_bytes, 100'000);
  EXPECT_GT(outcome->wall_seconds, 0);
}

TEST_F(LocalProcessBackendTest, SaysThatAProgramCannotBeStarted) {
  auto command = Shell("");
  command.arguments = {"/no/such/program"};
  const auto outcome = Run(command);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->exit_code, 127);
  EXPECT_THAT(*fs::ReadFile(command.log_path), HasSubstr("cannot be started"));
}

TEST_F(LocalProcessBackendTest, RefusesAnUnwritableLog) {
  auto command = Shell("true");
  command.log_path = "/proc/penstock/task.log";
  EXPECT_FALSE(Run(command).ok());
}

}  // namespace
}  // namespace penstock::backends
