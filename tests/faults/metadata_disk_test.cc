#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/metadata_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/metadata/database/database_store.h"

namespace penstock::metadata {
namespace {

using testing::HasSubstr;

RunRecord BigRun(int number) {
  return {.run_id = "run-" + std::to_string(number),
          .pipeline_name = "taxi",
          .spec = std::to_string(number) + std::string(20'000, 's')};
}

/// Creates runs until the store refuses; answers how many there are and why it refused.
std::pair<int, Status> Fill(MetadataStore& store) {
  for (int number = 0; number < 10'000; ++number) {
    if (Status status = store.CreateRun(BigRun(number)); !status.ok()) return {number, status};
  }
  return {10'000, OkStatus()};
}

int NumRuns(const MetadataStore& store) {
  const auto runs = store.FindRuns({.limit = 100'000});
  return runs.ok() ? static_cast<int>(runs->size()) : -1;
}

TEST(MetadataDiskTest, SaysThatThereIsNoRoomAndGoesOnWhenThereIs) {
  const std::string folder = NewFolder();
  const SystemClock clock;
  const auto store = OpenStore(folder + "/metadata.sqlite", clock);
  ASSERT_TRUE(store.ok()) << store.status();
  rlimit unlimited;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  signal(SIGXFSZ, SIG_IGN);
  rlimit limited = unlimited;
  limited.rlim_cur = 1 << 20;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
  const auto [num_runs, refusal] = Fill(**store);
  const Status again = (*store)->CreateRun(BigRun(num_runs));
  const int num_readable = NumRuns(**store);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);

  EXPECT_EQ(refusal.code(), StatusCode::kResourceExhausted) << refusal;
  EXPECT_THAT(std::string(refusal.message()), HasSubstr(folder + "/metadata.sqlite"));
  EXPECT_EQ(again.code(), StatusCode::kResourceExhausted) << again;
  EXPECT_GT(num_runs, 0);
  EXPECT_EQ(num_readable, num_runs);
  EXPECT_TRUE((*store)->CreateRun(BigRun(num_runs)).ok());
  EXPECT_EQ(NumRuns(**store), num_runs + 1);
  EXPECT_EQ(IntegrityOf(folder + "/metadata.sqlite"), "ok");
  EXPECT_TRUE(fs::RemoveAll(folder).ok());
}

/// In the child: a file system of two megabytes of its own.
bool MountSmall(const std::string& folder) {
  const int spaces = getuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS;
  if (unshare(spaces) != 0) return false;
  if (getuid() == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=2m") == 0;
}

int FillSmallDisk(const std::string& folder) {
  if (!MountSmall(folder)) return kCannotSetUp;
  const SystemClock clock;
  const std::string path = folder + "/metadata.sqlite";
  int num_runs = 0;
  {
    const auto store = OpenStore(path, clock);
    if (!store.ok()) return 1;
    const auto [number, refusal] = Fill(**store);
    num_runs = number;
    if (refusal.code() != StatusCode::kResourceExhausted) return 2;
    if (num_runs == 0 || NumRuns(**store) != num_runs) return 3;
  }
  const auto store = OpenStore(path, clock);
  if (!store.ok()) return 4;
  if (NumRuns(**store) != num_runs) return 5;
  return IntegrityOf(path) == "ok" ? 0 : 6;
}

TEST(MetadataDiskTest, KeepsWhatItHasOnAFullDisk) {
  const std::string folder = NewFolder();
  const int ending = WaitForChild(StartChild([&] { return FillSmallDisk(folder); }));
  EXPECT_TRUE(fs::RemoveAll(folder).ok());
  if (ending == kCannotSetUp) GTEST_SKIP() << "NOT TESTED: this machine lets nobody mount a small tmpfs";
  EXPECT_EQ(ending, 0) << "the step of FillSmallDisk that failed";
}

/// In the child: root may write everywhere, so it becomes nobody.
bool BecomeOrdinary() { return getuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0); }

int OpenWhereItMayNot(const std::string& path) {
  if (!BecomeOrdinary()) return kCannotSetUp;
  const SystemClock clock;
  const auto store = OpenStore(path, clock);
  if (store.status().code() != StatusCode::kPermissionDenied) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    return 1;
  }
  return std::string(store.status().message()).find(path) == std::string::npos ? 2 : 0;
}

TEST(MetadataDiskTest, NamesFolderThatCannotBeWritten) {
  const std::string folder = NewFolder();
  ASSERT_EQ(chmod(folder.c_str(), 0555), 0);
  const int ending = WaitForChild(StartChild([&] { return OpenWhereItMayNot(folder + "/metadata.sqlite"); }));
  ASSERT_EQ(chmod(folder.c_str(), 0755), 0);
  EXPECT_TRUE(fs::RemoveAll(folder).ok());
  if (ending == kCannotSetUp) GTEST_SKIP() << "NOT TESTED: root could not become another user";
  EXPECT_EQ(ending, 0);
}

TEST(MetadataDiskTest, NamesFileThatCannotBeWritten) {
  const std::string folder = NewFolder();
  const std::string path = folder + "/metadata.sqlite";
  const SystemClock clock;
  ASSERT_TRUE(OpenStore(path, clock).ok());
  ASSERT_EQ(chmod(path.c_str(), 0444), 0);
  const int ending = WaitForChild(StartChild([&] { return OpenWhereItMayNot(path); }));
  EXPECT_TRUE(fs::RemoveAll(folder).ok());
  if (ending == kCannotSetUp) GTEST_SKIP() << "NOT TESTED: root could not become another user";
  EXPECT_EQ(ending, 0);
}

}  // namespace
}  // namespace penstock::metadata
