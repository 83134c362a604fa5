#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/pipeline_folder.h"
#include "penstock/base/filesystem.h"

namespace penstock::faults {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

Ending RunWith(const PipelineFolder& folder, const std::function<bool()>& set_up) {
  return Program({.arguments = folder.RunCommand(), .working_directory = folder.path(), .set_up = set_up})
      .Wait();
}

/// In the child: no file grows beyond `num_bytes`, as on a disk with so much room.
bool LimitFiles(rlim_t num_bytes) {
  const rlimit limit = {num_bytes, num_bytes};
  return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

TEST(UnwritableTest, RootBelowAFileIsNamed) {
  PipelineFolder folder;
  folder.UseSmall();
  folder.set_root(folder.path() + "/data.csv/root");
  const Ending ending = folder.Run();
  EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("Cannot create folder " + folder.root() + ": Not a directory"));
}

TEST(UnwritableTest, RootThatOnlyOthersMayWriteIsNamed) {
  const PipelineFolder folder;
  folder.UseSmall();
  ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
  const bool is_root = getuid() == 0;
  const Ending ending =
      RunWith(folder, [&] { return !is_root || (setgroups(0, nullptr) == 0 && setuid(65534) == 0); });
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  if (ending.exit_code == Program::kNotSetUp)
    GTEST_SKIP() << "another user may not start the program of this checkout";
  EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr(folder.root() + ": Permission denied"));
  EXPECT_TRUE(Matches(folder.root()).empty());
}

TEST(UnwritableTest, FilesThatMayNotGrowEndInOneMessageAndRunOnLater) {
  const PipelineFolder folder;
  folder.UseTaxi();
  constexpr rlim_t kKilobyte = 1024;
  // Too little for the store, for the store's journal, for the examples, for the model.
  for (const rlim_t kilobytes : {8, 100, 200, 300}) {
    const Ending ending = RunWith(folder, [&] { return LimitFiles(kilobytes * kKilobyte); });
    EXPECT_EQ(ending.exit_code, 2) << kilobytes << " kB: " << ending.Describe();
    EXPECT_THAT(ending.errors, AnyOf(HasSubstr("File too large"), HasSubstr("No room"))) << kilobytes;
  }
  const Ending ending = folder.Run();
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  folder.ExpectNothingHalf();
}

TEST(UnwritableTest, OutputThatDoesNotFitIsNotLeftHalf) {
  const PipelineFolder folder;
  folder.UseSmall();
  const Ending ending = Program({.arguments = {"stats", "generate", "data.csv", "-o", "out.pbtxt"},
                                 .working_directory = folder.path(),
                                 .set_up = [] { return LimitFiles(512); }})
                            .Wait();
  EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("out.pbtxt"));
  EXPECT_TRUE(Matches(folder.path() + "/*out.pbtxt*").empty());
  EXPECT_TRUE(Matches(folder.path() + "/.*out.pbtxt*").empty());
}

/// A small disk of this test's own at a folder, away with it.
class SmallDisk {
 public:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {
    is_there_ = getuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
                mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                fs::CreateDirectories(folder_).ok();
  }
  ~SmallDisk() { umount2(folder_.c_str(), MNT_DETACH); }
  bool is_there() const { return is_there_; }
  void Empty(int kilobytes) const {
    umount2(folder_.c_str(), MNT_DETACH);
    ASSERT_EQ(mount("tmpfs", folder_.c_str(), "tmpfs", 0, fmt::format("size={}k", kilobytes).c_str()), 0);
  }
  void Enlarge() const { ASSERT_EQ(mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0); }

 private:
  const std::string folder_;
  bool is_there_ = false;
};

TEST(FullDiskTest, EndsInOneMessageAndRunsOnWhenThereIsRoom) {
  PipelineFolder folder;
  const SmallDisk disk(folder.path() + "/disk");
  if (!disk.is_there()) GTEST_SKIP() << "mounting a small disk needs root";
  folder.UseTaxi();
  folder.set_root(folder.path() + "/disk/root");
  for (const int kilobytes : {4, 240, 400, 600, 800, 1000, 1200}) {
    disk.Empty(kilobytes);
    const Ending full = folder.Run();
    EXPECT_EQ(full.exit_code, 2) << kilobytes << " kB: " << full.Describe();
    EXPECT_THAT(full.errors, HasSubstr("No space left on device")) << kilobytes;
    std::printf("%d kB: %s\n", kilobytes, full.errors.substr(full.errors.find(": ") + 2, 200).c_str());
    disk.Enlarge();
    const Ending ending = folder.Run();
    EXPECT_EQ(ending.exit_code, 0) << kilobytes << " kB: " << ending.Describe();
    folder.ExpectNothingHalf();
  }
}

}  // namespace
}  // namespace penstock::faults
