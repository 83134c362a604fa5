#include "penstock/base/filesystem.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/ids.h"

namespace penstock::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FilesystemTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(CreateDirectories(root_).ok()); }
  void TearDown() override { EXPECT_TRUE(RemoveAll(root_).ok()); }

  std::string At(const std::string& name) const { return Join(root_, name); }
  std::string Write(const std::string& name, std::string_view content = "x") {
    EXPECT_TRUE(WriteFileAtomically(At(name), content).ok());
    return At(name);
  }
  /// The names of all that `entries` hold, below the root.
  std::vector<std::string> Names(const std::vector<FileEntry>& entries) const {
    std::vector<std::string> names;
    for (const FileEntry& entry : entries) names.push_back(entry.path.substr(root_.size() + 1));
    return names;
  }
  std::vector<std::string> GlobNames(const std::string& pattern) const {
    const auto files = Glob(At(pattern));
    EXPECT_TRUE(files.ok()) << files.status();
    std::vector<std::string> names;
    for (const std::string& file : files.value_or(std::vector<std::string>()))
      names.push_back(file.substr(root_.size() + 1));
    return names;
  }

  const std::string root_ = Join(::testing::TempDir(), "filesystem_" + NewUuid());
};

TEST_F(FilesystemTest, ReadsBackWhatItWroteZeroBytesAndAll) {
  const std::string content("a\0b\n\xff", 5);
  EXPECT_EQ(*ReadFile(Write("deep/er/file", content)), content);
  EXPECT_EQ(*ReadFile(Write("empty", "")), "");
  EXPECT_EQ(*ReadFile("file://" + At("empty")), "");
}

TEST_F(FilesystemTest, ReplacesAFileAndLeavesNothingElse) {
  Write("f", "old");
  EXPECT_EQ(*ReadFile(Write("f", "new")), "new");
  EXPECT_THAT(Names(*List(root_)), ElementsAre("f"));
}

TEST_F(FilesystemTest, WritesOneOfManyContentsWhole) {
  std::vector<std::thread> threads;
  std::set<std::string> contents;
  for (char c = 'a'; c < 'i'; ++c) contents.insert(std::string(200000, c));
  std::atomic<int> num_failed{0};
  for (const std::string& content : contents)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) num_failed += !WriteFileAtomically(At("f"), content).ok();
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_failed, 0);
  EXPECT_TRUE(contents.contains(*ReadFile(At("f"))));
  EXPECT_THAT(Names(*List(root_)), ElementsAre("f"));
}

TEST_F(FilesystemTest, KeepsStagedFilesOutOfData) {
  // As a crash between write and rename would leave it: a hidden name is no data file.
  Write("data.csv");
  Write("." + NewUuid() + ".new");
  EXPECT_THAT(GlobNames(""), ElementsAre("data.csv"));
}

TEST_F(FilesystemTest, SuggestsTheFileThatWasMeant) {
  Write("data.csv");
  const Status status = ReadFile(At("dta.csv")).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean 'data.csv'?"));
}

TEST_F(FilesystemTest, TellsFilesFromFolders) {
  Write("folder/f", "abc");
  EXPECT_TRUE(*IsDirectory(At("folder")));
  EXPECT_FALSE(*IsDirectory(At("folder/f")));
  EXPECT_EQ(Stat(At("folder/f"))->size, 3);
  EXPECT_TRUE(*Exists(At("folder")));
  EXPECT_FALSE(*Exists(At("nothing")));
  EXPECT_EQ(IsDirectory(At("nothing")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadFile(At("folder")).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(List(At("folder/f")).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(FilesystemTest, CallsPathsThroughAFileBadInput) {
  Write("f");
  EXPECT_TRUE(IsBadInput(ReadFile(At("f/g")).status()));
  EXPECT_TRUE(IsBadInput(WriteFileAtomically(At("f/g"), "x"))) << WriteFileAtomically(At("f/g"), "x");
  EXPECT_TRUE(IsBadInput(WriteFileAtomically(At(std::string(300, 'a')), "x")));
  EXPECT_EQ(ReadFile("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadFile(std::string("a\0b", 3)).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(FilesystemTest, ListsSortedAndBelowOnDemand) {
  for (const char* name : {"b", "a/x", "a/b/y"}) Write(name);
  EXPECT_THAT(Names(*List(root_)), ElementsAre("a", "b"));
  EXPECT_THAT(Names(*List(root_, true)), ElementsAre("a", "a/b", "a/b/y", "a/x", "b"));
  EXPECT_THAT(Names(*List(root_ + "/")), ElementsAre("a", "b"));
  EXPECT_THAT((*List("file://" + root_))[0].path, StartsWith("file://" + root_));
}

TEST_F(FilesystemTest, GlobOfAFileIsItselfAndOfAFolderItsDataFiles) {
  for (const char* name : {"d/b.csv", "d/a.csv", "d/sub/c.csv", "d/_SUCCESS", "d/.hidden"}) Write(name);
  EXPECT_THAT(GlobNames("d/a.csv"), ElementsAre("d/a.csv"));
  EXPECT_THAT(GlobNames("d"), ElementsAre("d/a.csv", "d/b.csv", "d/sub/c.csv"));
  EXPECT_THAT(GlobNames("d/"), ElementsAre("d/a.csv", "d/b.csv", "d/sub/c.csv"));
}

TEST_F(FilesystemTest, GlobMatchesStarsQuestionMarksAndSets) {
  for (const char* name : {"a1.csv", "a2.csv", "b1.csv", "a1.txt", "d1/x.csv", "d2/x.csv", "d2/e/x.csv"})
    Write(name);
  EXPECT_THAT(GlobNames("a?.csv"), ElementsAre("a1.csv", "a2.csv"));
  EXPECT_THAT(GlobNames("[ab]1.csv"), ElementsAre("a1.csv", "b1.csv"));
  EXPECT_THAT(GlobNames("d*/x.csv"), ElementsAre("d1/x.csv", "d2/x.csv"));
  EXPECT_THAT(GlobNames("*/*/x.csv"), ElementsAre("d2/e/x.csv"));
  EXPECT_THAT(GlobNames("*.csv"), ElementsAre("a1.csv", "a2.csv", "b1.csv"));
}

TEST_F(FilesystemTest, GlobTakesWildcardsOfAnExistingNameLiterally) {
  Write("a[1].csv");
  EXPECT_THAT(GlobNames("a[1].csv"), ElementsAre("a[1].csv"));
}

TEST_F(FilesystemTest, GlobWorksFromTheWorkingFolder) {
  for (const char* name : {"part1/x.csv", "part2/x.csv", "y.csv"}) Write(name);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(root_);
  const auto in_folders = Glob("part*/x.csv");
  const auto here = Glob("*.csv");
  const auto dotted = Glob("./part*/x.csv");
  std::filesystem::current_path(before);
  ASSERT_TRUE(in_folders.ok()) << in_folders.status();
  EXPECT_THAT(*in_folders, ElementsAre("part1/x.csv", "part2/x.csv"));
  EXPECT_THAT(*here, ElementsAre("y.csv"));
  EXPECT_THAT(*dotted, ElementsAre("./part1/x.csv", "./part2/x.csv"));
}

TEST_F(FilesystemTest, FollowsLinksButNeverInACircle) {
  Write("data/a.csv");
  Write("elsewhere/b.csv");
  ASSERT_EQ(::symlink(At("elsewhere").c_str(), At("data/more").c_str()), 0);
  for (const char* name : {"data/loop1", "data/loop2", "elsewhere/back"})
    ASSERT_EQ(::symlink(At("data").c_str(), At(name).c_str()), 0);
  ASSERT_EQ(::symlink(At("nowhere").c_str(), At("data/dangling").c_str()), 0);
  EXPECT_THAT(GlobNames("data"), ElementsAre("data/a.csv", "data/more/b.csv"));
  EXPECT_THAT(GlobNames("data/*.csv"), ElementsAre("data/a.csv"));
  EXPECT_TRUE(DigestOfTree(At("data")).ok());
  EXPECT_TRUE(SyncTree(At("data")).ok());
  EXPECT_TRUE(CopyTree(At("data"), At("copy")).ok());
  EXPECT_EQ(*ReadFile(At("copy/more/b.csv")), "x");
}

TEST_F(FilesystemTest, GlobSaysWhatItDidNotFind) {
  EXPECT_EQ(Glob(At("x*.csv")).status().code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(Glob(At("gone/x*.csv")).status().message()),
              HasSubstr("there is no folder " + At("gone")));
  ASSERT_TRUE(CreateDirectories(At("empty")).ok());
  EXPECT_THAT(std::string(Glob(At("empty")).status().message()), HasSubstr("holds no data files"));
}

TEST_F(FilesystemTest, RenamesFilesAndFolders) {
  Write("a/f", "content");
  ASSERT_TRUE(Rename(At("a"), At("b")).ok());
  EXPECT_EQ(*ReadFile(At("b/f")), "content");
  EXPECT_FALSE(*Exists(At("a")));
  EXPECT_EQ(Rename(At("gone"), At("c")).code(), StatusCode::kNotFound);
}

TEST_F(FilesystemTest, DoesNotRenameOverAFullFolder) {
  Write("a/f");
  Write("b/g");
  EXPECT_EQ(Rename(At("a"), At("b")).code(), StatusCode::kAlreadyExists);
  EXPECT_TRUE(*Exists(At("a/f")));
  EXPECT_TRUE(*Exists(At("b/g")));
}

TEST_F(FilesystemTest, RemovesTreesAndMissingThings) {
  Write("a/b/c");
  EXPECT_TRUE(RemoveAll(At("a")).ok());
  EXPECT_FALSE(*Exists(At("a")));
  EXPECT_TRUE(RemoveAll(At("a")).ok());
}

TEST_F(FilesystemTest, RemovesALinkNotWhatItLeadsTo) {
  Write("kept/f");
  ASSERT_TRUE(CreateDirectories(At("tree")).ok());
  ASSERT_EQ(::symlink(At("kept").c_str(), At("tree/link").c_str()), 0);
  EXPECT_TRUE(RemoveAll(At("tree")).ok());
  EXPECT_TRUE(*Exists(At("kept/f")));
}

TEST_F(FilesystemTest, CopiesFilesAndTrees) {
  Write("a/f", "1");
  Write("a/b/g", "2");
  ASSERT_TRUE(CopyTree(At("a"), At("copy/of/a")).ok());
  EXPECT_EQ(*ReadFile(At("copy/of/a/f")), "1");
  EXPECT_EQ(*ReadFile(At("copy/of/a/b/g")), "2");
  EXPECT_EQ(*DigestOfTree(At("copy/of/a")), *DigestOfTree(At("a")));
  ASSERT_TRUE(CopyTree(At("a/f"), At("new/f")).ok());
  EXPECT_EQ(*ReadFile(At("new/f")), "1");
  EXPECT_EQ(CopyTree(At("gone"), At("x")).code(), StatusCode::kNotFound);
}

TEST_F(FilesystemTest, SyncsAFileOrATree) {
  Write("a/b/g");
  EXPECT_TRUE(SyncTree(At("a")).ok());
  EXPECT_TRUE(SyncTree(At("a/b/g")).ok());
  EXPECT_EQ(SyncTree(At("gone")).code(), StatusCode::kNotFound);
}

TEST_F(FilesystemTest, DigestOfATreeDependsOnNamesAndBytesNotOnThePlace) {
  for (const char* place : {"one/", "two/else/where/"}) {
    Write(std::string(place) + "f", "abc");
    Write(std::string(place) + "sub/g", "");
  }
  const Digest digest = *DigestOfTree(At("one"));
  EXPECT_EQ(*DigestOfTree(At("two/else/where")), digest);
  EXPECT_EQ(*DigestOfTree(At("one/")), digest);
  EXPECT_EQ(*DigestOfTree(At("one//")), digest);
  EXPECT_EQ(*DigestOfTree("file://" + At("one")), digest);
  Write("one/f", "abd");
  EXPECT_NE(*DigestOfTree(At("one")), digest);
  Write("one/f", "abc");
  EXPECT_EQ(*DigestOfTree(At("one")), digest);
  ASSERT_TRUE(Rename(At("one/f"), At("one/e")).ok());
  EXPECT_NE(*DigestOfTree(At("one")), digest);
}

TEST_F(FilesystemTest, DigestKeepsWhereOneFileEndsAndTheNextBegins) {
  Write("one/a", "xy");
  Write("one/b", "");
  Write("two/a", "x");
  Write("two/b", "y");
  EXPECT_NE(*DigestOfTree(At("one")), *DigestOfTree(At("two")));
  EXPECT_EQ(DigestOfTree(At("gone")).status().code(), StatusCode::kNotFound);
}

TEST(PathTest, JoinPutsOneSlashBetween) {
  EXPECT_EQ(Join("a", "b"), "a/b");
  EXPECT_EQ(Join("a/", "b"), "a/b");
  EXPECT_EQ(Join("a/", "/b"), "a/b");
  EXPECT_EQ(Join("a", "/b"), "a/b");
  EXPECT_EQ(Join("/", "b"), "/b");
  EXPECT_EQ(Join("", "b"), "b");
  EXPECT_EQ(Join("a", ""), "a");
  EXPECT_EQ(Join("s3://bucket", "key"), "s3://bucket/key");
}

TEST(PathTest, SplitsIntoFolderAndName) {
  EXPECT_EQ(BaseName("a/b"), "b");
  EXPECT_EQ(BaseName("a/b//"), "b");
  EXPECT_EQ(BaseName("b"), "b");
  EXPECT_EQ(DirName("a/b"), "a");
  EXPECT_EQ(DirName("a/b/"), "a");
  EXPECT_EQ(DirName("b"), ".");
  EXPECT_EQ(DirName("/b"), "/");
  EXPECT_EQ(DirName("/"), "/");
}

TEST(PathTest, AbsoluteIsNormal) {
  const std::string here = std::filesystem::current_path();
  EXPECT_EQ(Absolute("a/./b/../c"), here + "/a/c");
  EXPECT_EQ(Absolute("/x//y"), "/x/y");
  EXPECT_EQ(Absolute("/x/y/"), "/x/y");
  EXPECT_EQ(Absolute("/"), "/");
  EXPECT_EQ(Absolute("s3://bucket/./key"), "s3://bucket/./key");
}

TEST(PathTest, RefusesComponentsThatLeaveTheirFolder) {
  for (const char* name : {"", ".", "..", "a/b", "../x", "/"})
    EXPECT_EQ(CheckPathComponent(name, "The pipeline's name").code(), StatusCode::kInvalidArgument) << name;
  EXPECT_FALSE(CheckPathComponent(std::string_view("a\0b", 3), "The name").ok());
  EXPECT_FALSE(CheckPathComponent(std::string(201, 'a'), "The name").ok());
  EXPECT_THAT(std::string(CheckPathComponent("../x", "The pipeline's name").message()),
              StartsWith("The pipeline's name must not hold"));
  for (const char* name : {"taxi", "a.b", "...", "né", "a b"})
    EXPECT_TRUE(CheckPathComponent(name, "The name").ok()) << name;
}

TEST_F(FilesystemTest, WritesToAPipeAndNeverReplacesIt) {
  ASSERT_EQ(mkfifo(At("pipe").c_str(), 0600), 0);
  const int reader = open(At("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  EXPECT_TRUE(WriteFileAtomically(At("pipe"), "said").ok());
  char said[4] = {};
  EXPECT_EQ(read(reader, said, sizeof(said)), 4);
  close(reader);
  EXPECT_EQ(Rename(Write("file"), At("pipe")).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(std::filesystem::is_fifo(At("pipe")));
}

}  // namespace
}  // namespace penstock::fs
