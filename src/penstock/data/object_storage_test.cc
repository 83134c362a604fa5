#include <gmock/gmock.h>

#include "penstock/data/dataset_view.h"
#include "penstock/data/datasets_testing.h"
#include "penstock/data/splits.h"
#include "tests/support/paths.h"
#include "tests/support/s3_server.h"

namespace penstock::data {
namespace {

/// Against a real S3 server, one for all of these tests.
class ObjectStorageTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (tests::S3Server::WhyMissing().empty()) server_ = new tests::S3Server("trips");
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << tests::S3Server::WhyMissing();
    ASSERT_EQ(server_->problem(), "");
  }

  static std::string Put(const std::string& name, const std::string& content) {
    const std::string path = "s3://trips/" + name;
    const Status written = fs::WriteFileAtomically(path, content);
    EXPECT_TRUE(written.ok()) << written;
    return path;
  }

  static tests::S3Server* server_;
};

tests::S3Server* ObjectStorageTest::server_ = nullptr;

TEST_F(ObjectStorageTest, KeepsFilesAndListsThem) {
  Put("files/a b.txt", "one");
  Put("files/deep/c.txt", "three");
  EXPECT_EQ(*fs::ReadFile("s3://trips/files/a b.txt"), "one");
  const auto listed = fs::List("s3://trips/files", true);
  ASSERT_TRUE(listed.ok()) << listed.status();
  std::vector<std::string> paths;
  for (const auto& entry : *listed)
    if (!entry.is_directory) paths.push_back(entry.path);
  EXPECT_THAT(paths, testing::ElementsAre("s3://trips/files/a b.txt", "s3://trips/files/deep/c.txt"));
  EXPECT_TRUE(fs::RemoveAll("s3://trips/files/deep").ok());
  EXPECT_FALSE(*fs::Exists("s3://trips/files/deep/c.txt"));
}

TEST_F(ObjectStorageTest, ReadsCsvByFolderAndGlob) {
  Put("csv/1.csv", "a,b\n1,x\n");
  Put("csv/2.csv", "a,b\n2,y\n");
  for (const char* pattern : {"s3://trips/csv", "s3://trips/csv/*.csv", "s3://trips/csv/?.csv"}) {
    const auto table = ReadFiles({pattern});
    ASSERT_TRUE(table.ok()) << pattern << ": " << table.status();
    EXPECT_EQ(Show(**table, "a"), "int64: 1, 2");
  }
}

TEST_F(ObjectStorageTest, WritesEveryFormatAndReadsItAgain) {
  const auto taxi = Open({tests::TfxTestData("external/csv/data.csv")});
  ASSERT_TRUE(taxi.ok()) << taxi.status();
  const auto wanted = ReadAll(**taxi);
  for (const char* name : {"all.parquet", "all.arrow", "all.avro", "all.tfrecord.gz"}) {
    const std::string path = fs::Join("s3://trips/formats", name);
    ASSERT_TRUE(fs::CreateDirectories("s3://trips/formats").ok());
    const auto rows = ConvertDataset(**taxi, path, *PayloadFormatOf(path), {.num_threads = 2});
    ASSERT_TRUE(rows.ok()) << rows.status();
    const auto table = ReadFiles({path});
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ((*table)->num_rows(), (*wanted)->num_rows());
    EXPECT_EQ(Show(**table, "company"), Show(**wanted, "company")) << name;
  }
}

TEST_F(ObjectStorageTest, CutsIntoSplits) {
  const auto taxi = Open({tests::TfxTestData("external/csv/data.csv")});
  const std::vector<Split> splits = {{"train", 2}, {"eval", 1}};
  const auto summary =
      WriteSplits(**taxi, splits, "s3://trips/examples", PayloadFormat::kParquet, {.num_threads = 2});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(*ListSplits("s3://trips/examples"), testing::ElementsAre("eval", "train"));
  EXPECT_EQ((*ReadFiles({SplitDirectory("s3://trips/examples", "train")}))->num_rows(),
            summary->num_rows.at("train"));
}

TEST_F(ObjectStorageTest, NamesTheNearestObjectAndTheMissingBucket) {
  Put("near/trips.csv", "a\n1\n");
  EXPECT_THAT(ReadFiles({"s3://trips/near/trps.csv"}).status(),
              FailsWith(StatusCode::kNotFound, "did you mean 'trips.csv'"));
  const Status written = fs::WriteFileAtomically("s3://nowhere/a.txt", "x");
  EXPECT_EQ(written.code(), StatusCode::kInvalidArgument) << written;
  EXPECT_THAT(std::string(written.message()), testing::HasSubstr("is the bucket 'nowhere' right?"));
}

}  // namespace
}  // namespace penstock::data
