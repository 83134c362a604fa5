// With a real podman or docker: the image is made of this machine's static busybox, nothing is fetched.
#include "penstock/backends/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "penstock/backends/local_process.h"
#include "penstock/base/child_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::backends {
namespace {

using runtime::TaskCommand;
using testing::HasSubstr;

constexpr const char* kImage = "localhost/penstock-test:busybox";

/// Words that make the engine work here, the first set that does: inside some machines rlimits may not be
/// raised, and there is no crun. Empty: none.
std::optional<ContainerEngine> WorkingEngine() {
  static const std::optional<ContainerEngine> kEngine = []() -> std::optional<ContainerEngine> {
    const char* path = std::getenv("PATH");
    auto engine = FindContainerEngine("", path == nullptr ? "" : path);
    if (!engine.ok()) return std::nullopt;
    const std::string make =
        "set -e; busybox=$(command -v busybox); d=$(mktemp -d); mkdir $d/bin $d/tmp; cp $busybox "
        "$d/bin/busybox; "
        "for t in sh cat echo sleep env touch mkdir dirname; do ln -s busybox $d/bin/$t; done; tar -C $d -c "
        ". | '" +
        engine->program + "' import - " + kImage + " >/dev/null 2>&1; rm -r $d";
    if (!RunChild({.arguments = {"sh", "-c", make}}, 120).ok()) return std::nullopt;
    const std::vector<std::vector<std::string>> tries = {
        {},
        {"--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096"},
        {"--runtime=runc", "--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096"}};
    for (const auto& words : tries) {
      std::vector<std::string> arguments = {engine->program, "run", "--rm", "--network=host"};
      arguments.insert(arguments.end(), words.begin(), words.end());
      arguments.insert(arguments.end(), {kImage, "/bin/echo", "ok"});
      engine->arguments = words;
      if (RunChild({.arguments = arguments}, 120).ok()) return *engine;
    }
    return std::nullopt;
  }();
  return kEngine;
}

class ContainerBackendTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!WorkingEngine().has_value())
      GTEST_SKIP() << "SKIPPED: no podman or docker that runs a container of a static busybox "
                      "(apt-get install podman busybox-static)";
    ASSERT_TRUE(fs::CreateDirectories(folder_).ok());
    backend_ = MakeContainerBackend(*WorkingEngine(), *local_);
  }

  TaskCommand Shell(const std::string& script) const {
    TaskCommand command;
    command.image = kImage;
    command.arguments = {"/bin/sh", "-c", script};
    command.owner = folder_;
    command.log_path = fs::Join(folder_, "log");
    return command;
  }
  std::string Log() const { return *fs::ReadFile(fs::Join(folder_, "log")); }
  /// Names of this test's containers, running or not.
  std::string Containers() const {
    const std::string list = fs::Join(folder_, "list");
    const std::string script = fmt::format("'{}' ps --all --quiet --filter=label={}={} > {}",
                                           WorkingEngine()->program, kOwnerLabel, folder_, list);
    EXPECT_TRUE(RunChild({.arguments = {"sh", "-c", script}}, 60).ok());
    return *fs::ReadFile(list);
  }
  void AwaitLog(const std::string& text) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto log = fs::ReadFile(fs::Join(folder_, "log"));
      if (log.ok() && log->find(text) != std::string::npos) return;
      std::this_thread::yield();
    }
    ADD_FAILURE() << "the container has not begun";
  }

  const std::string folder_ = fs::Join(testing::TempDir(), "container_" + NewUuid());
  const std::unique_ptr<runtime::TaskBackend> local_ = MakeLocalProcessBackend(SelfPath());
  std::unique_ptr<runtime::TaskBackend> backend_;
  CancellationToken cancellation_;
};

TEST_F(ContainerBackendTest, SeesItsMountsAndItsEnvironmentAndNothingElse) {
  const std::string input = fs::Join(folder_, "input"), output = fs::Join(folder_, "output");
  ASSERT_TRUE(fs::WriteFileAtomically(input, "given").ok());
  ASSERT_TRUE(fs::CreateDirectories(output).ok());
  auto command = Shell("cat " + input + " > made; echo $WORD >> made; touch " + input +
                       " || echo read-only; test -e /etc/passwd || echo no host; exit 7");
  command.mounts = {{input, input, true}, {output, output, false}};
  command.working_directory = output;
  command.environment["WORD"] = "told";
  const auto outcome = backend_->Run(command, cancellation_, nullptr);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->exit_code, 7) << Log();
  EXPECT_EQ(*fs::ReadFile(fs::Join(output, "made")), "giventold\n");
  EXPECT_THAT(Log(), HasSubstr("read-only"));
  EXPECT_EQ(Containers(), "");
}

TEST_F(ContainerBackendTest, RemovesTheContainerOfACancelledTask) {
  std::thread canceller([this] {
    AwaitLog("begun");
    cancellation_.Cancel();
  });
  const auto outcome = backend_->Run(Shell("echo begun; sleep 1000"), cancellation_, nullptr);
  canceller.join();
  EXPECT_EQ(outcome.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(Containers(), "");
}

TEST_F(ContainerBackendTest, RemovesWhatAKilledServerLeft) {
  ASSERT_TRUE(backend_->Run(Shell("true"), cancellation_, nullptr).ok());
  const auto command = Shell("sleep 1000");
  auto words = ContainerCommand(*WorkingEngine(), command, "penstock-left-" + NewUuid().substr(0, 8), 0, 0);
  words.insert(words.begin() + 2, "--detach");
  ASSERT_TRUE(RunChild({.arguments = words}, 60).ok());
  ASSERT_NE(Containers(), "");
  MakeContainerBackend(*WorkingEngine(), *local_)->EndLeftovers(folder_);
  EXPECT_EQ(Containers(), "");
}

TEST_F(ContainerBackendTest, SaysThatAnImageIsNotThere) {
  auto command = Shell("true");
  command.image = "localhost/penstock-no-such-image:1";
  command.pull_policy = "never";
  const auto outcome = backend_->Run(command, cancellation_, nullptr);
  EXPECT_EQ(outcome.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(outcome.status().message()), HasSubstr("penstock-no-such-image"));
  EXPECT_EQ(backend_->IdentityOf("", command.image, "never"), command.image);
}

TEST_F(ContainerBackendTest, KnowsAnImageByItsContent) {
  const std::string identity = backend_->IdentityOf("", kImage, "never");
  EXPECT_NE(identity, kImage);
  EXPECT_EQ(backend_->IdentityOf("", kImage, ""), identity);
}

}  // namespace
}  // namespace penstock::backends
