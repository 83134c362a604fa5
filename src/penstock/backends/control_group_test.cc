// The kernel's tree of groups is played by a folder: which file gets what, and when there are no groups.
#include "penstock/backends/control_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::backends {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ControlGroupsTest : public testing::Test {
 protected:
  void Put(const std::string& path, const std::string& text) {
    ASSERT_TRUE(fs::CreateDirectories(fs::DirName(fs::Join(root_, path))).ok());
    ASSERT_TRUE(fs::WriteFileAtomically(fs::Join(root_, path), text).ok());
  }
  std::string Get(const std::string& path) { return *fs::ReadFile(fs::Join(root_, path)); }

  const std::string root_ = fs::Join(testing::TempDir(), "cgroups_" + NewUuid());
  const std::string self_ = "12:memory:/v1\n0::/service\n";
};

TEST_F(ControlGroupsTest, TakesWhatIsGivenIntoItsHands) {
  Put("service/cgroup.controllers", "cpuset cpu io memory pids\n");
  Put("service/cgroup.subtree_control", "cpu memory\n");
  EXPECT_THAT(ControlGroups::Find(root_, self_).reason(), IsEmpty());
}

TEST_F(ControlGroupsTest, MovesItselfAsideWhereItIsAlone) {
  Put("service/cgroup.controllers", "cpu memory\n");
  Put("service/cgroup.subtree_control", "");
  Put("service/cgroup.procs", std::to_string(::getpid()) + "\n");
  Put("service/penstock/cgroup.procs", "");
  EXPECT_THAT(ControlGroups::Find(root_, self_).reason(), IsEmpty());
  EXPECT_EQ(Get("service/penstock/cgroup.procs"), "0");
  EXPECT_EQ(Get("service/cgroup.subtree_control"), "+memory +cpu");
}

TEST_F(ControlGroupsTest, LeavesOthersWhereTheyAre) {
  Put("service/cgroup.controllers", "cpu memory\n");
  Put("service/cgroup.subtree_control", "");
  Put("service/cgroup.procs", std::to_string(::getpid()) + "\n1\n");
  EXPECT_THAT(ControlGroups::Find(root_, self_).reason(), HasSubstr("shared with other processes"));
}

TEST_F(ControlGroupsTest, SaysWhyThereAreNone) {
  EXPECT_THAT(ControlGroups::Find(root_, "1:memory:/x\n").reason(), HasSubstr("no cgroup of version 2"));
  Put("service/cgroup.controllers", "pids\n");
  auto groups = ControlGroups::Find(root_, self_);
  EXPECT_THAT(groups.reason(), HasSubstr("no memory and cpu controllers"));
  EXPECT_EQ(groups.Make(1 << 20, 1), nullptr);
}

TEST_F(ControlGroupsTest, FindsSomeAnswerOnThisMachine) {
  const ControlGroups groups = ControlGroups::FindOwn();
  RecordProperty("reason", groups.reason());
  EXPECT_EQ(groups.reason().find('\n'), std::string::npos);
}

TEST(ControlGroupTest, ReadsWhatTheKernelTells) {
  const std::string folder = fs::Join(testing::TempDir(), "cgroup_" + NewUuid());
  ASSERT_TRUE(fs::CreateDirectories(folder).ok());
  ASSERT_TRUE(
      fs::WriteFileAtomically(fs::Join(folder, "cpu.stat"), "usage_usec 1500000\nuser_usec 7\n").ok());
  ASSERT_TRUE(fs::WriteFileAtomically(fs::Join(folder, "memory.peak"), "4096\n").ok());
  ASSERT_TRUE(fs::WriteFileAtomically(fs::Join(folder, "memory.events"), "low 0\noom 1\noom_kill 1\n").ok());
  const GroupUsage usage = ControlGroup(folder, ::dup(0)).Usage();
  EXPECT_DOUBLE_EQ(usage.cpu_seconds, 1.5);
  EXPECT_EQ(usage.peak_memory_bytes, 4096);
  EXPECT_TRUE(usage.is_out_of_memory);
}

}  // namespace
}  // namespace penstock::backends
