#include "penstock/backends/container_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::backends {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

runtime::TaskCommand Train() {
  runtime::TaskCommand command;
  command.image = "trainer:1";
  command.arguments = {"python3", "-m", "train"};
  command.owner = "/root1";
  return command;
}

std::vector<std::string> Words(const runtime::TaskCommand& command,
                               ContainerEngine engine = {"podman", false, {}}) {
  return ContainerCommand(engine, command, "n", 1000, 100);
}

TEST(ContainerCommandTest, RunsTheTasksProgramInPlaceOfTheEntryPoint) {
  EXPECT_THAT(Words(Train()), ElementsAre("podman", "run", "--rm", "--name", "n", "--network=host",
                                          "--label=penstock.root=/root1", "--entrypoint=python3", "trainer:1",
                                          "-m", "train"));
}

TEST(ContainerCommandTest, HandsArgumentsToTheImagesOwnEntryPoint) {
  auto command = Train();
  command.is_for_entry_point = true;
  const auto words = Words(command);
  EXPECT_THAT(std::vector<std::string>(words.end() - 4, words.end()),
              ElementsAre("trainer:1", "python3", "-m", "train"));
}

TEST(ContainerCommandTest, MountsWhatTheTaskMaySee) {
  auto command = Train();
  command.mounts = {{"/data", "/data", true}, {"/root1/volumes/v", "/mnt", false}};
  EXPECT_THAT(Words(command), Contains("--mount=type=bind,source=/data,target=/data,readonly"));
  EXPECT_THAT(Words(command), Contains("--mount=type=bind,source=/root1/volumes/v,target=/mnt"));
}

TEST(ContainerCommandTest, KeepsValuesOfTheEnvironmentOutOfTheProcessList) {
  auto command = Train();
  command.environment = {{"PASSWORD", "secret"}, {"DOCKER_PASSWORD", "secret too"}, {"PATH", "/opt/bin"}};
  const auto words = Words(command);
  EXPECT_THAT(words, Contains("--env=PASSWORD"));
  EXPECT_THAT(words, Contains("--env=DOCKER_PASSWORD"));
  EXPECT_THAT(words, Not(Contains(HasSubstr("secret"))));
  EXPECT_THAT(words, Contains("--env=PATH=/opt/bin"));  // The engine itself goes by that one.
}

TEST(ContainerCommandTest, PassesLimitsPullPolicyAndMoreWordsOn) {
  auto command = Train();
  command.max_cpus = 1.5;
  command.max_memory_bytes = 1 << 20;
  command.pull_policy = "never";
  const auto words = Words(command, {"podman", false, {"--runtime=runc"}});
  for (const char* word : {"--cpus=1.5", "--memory=1048576", "--pull=never", "--runtime=runc"})
    EXPECT_THAT(words, Contains(word));
}

TEST(ContainerCommandTest, WritesAsTheUserWhereADaemonOfRootRunsIt) {
  EXPECT_THAT(Words(Train(), {"docker", true, {}}), Contains("--user=1000:100"));
  EXPECT_THAT(Words(Train()), Not(Contains(HasSubstr("--user"))));
}

TEST(FindContainerEngineTest, PrefersPodmanAndSaysWhatToInstall) {
  const std::string folder = fs::Join(testing::TempDir(), "engines_" + NewUuid());
  ASSERT_TRUE(fs::CreateDirectories(folder).ok());
  EXPECT_THAT(std::string(FindContainerEngine("", folder).status().message()), HasSubstr("podman or docker"));
  for (const char* name : {"docker", "podman"}) {
    const std::string path = fs::Join(folder, name);
    ASSERT_TRUE(fs::WriteFileAtomically(path, "#!/bin/sh\n").ok());
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    const auto found = FindContainerEngine("", "/nowhere:" + folder);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->program, path);
  }
  EXPECT_TRUE(FindContainerEngine("docker", folder)->is_docker);
  EXPECT_THAT(std::string(FindContainerEngine("nerdctl", folder).status().message()), HasSubstr("'nerdctl'"));
}

}  // namespace
}  // namespace penstock::backends
