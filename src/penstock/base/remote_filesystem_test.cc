#include "penstock/base/remote_filesystem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"

namespace penstock::fs {
namespace {

using testing::HasSubstr;

TEST(RemoteFilesystemTest, TellsUrisFromLocalPaths) {
  EXPECT_TRUE(IsRemote("s3://bucket/a"));
  EXPECT_FALSE(IsRemote("file:///a"));
  EXPECT_FALSE(IsRemote("/a/b:c"));
}

TEST(RemoteFilesystemTest, NamesTheNearestScheme) {
  const Status status = ReadFile("s4://bucket/a").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no storage of the scheme 's4'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("abfs"));
}

TEST(RemoteFilesystemTest, RefusesPasswordsWithoutShowingThem) {
  const Status status = ReadFile("s3://KEY:hunter2@bucket/a").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("AWS_SECRET_ACCESS_KEY"));
  EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("hunter2")));
}

TEST(RemoteFilesystemTest, SaysThatABucketIsMissing) {
  EXPECT_THAT(std::string(Exists("s3:///a").status().message()), HasSubstr("it has to be s3://bucket/PATH"));
}

TEST(RemoteFilesystemTest, AddsWhatToSetWhereAStoreFailed) {
  const auto failure = arrow::Status::IOError("AWS Error ACCESS_DENIED");
  const Status remote = AboutPath(failure, "read", "s3://trips/a.csv");
  EXPECT_EQ(remote.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(remote.message()), HasSubstr("is the bucket 'trips' right? Set AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(std::string(AboutPath(failure, "read", "/a.csv").message()),
              testing::Not(HasSubstr("AWS_REGION")));
}

}  // namespace
}  // namespace penstock::fs
