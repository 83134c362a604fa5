#include "penstock/base/storage_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::fs {
namespace {

TEST(StorageUriTest, TellsObjectStorageFromOtherUris) {
  for (const char* uri :
       {"s3://b/a", "gs://b", "abfss://c@account.dfs.core.windows.net/a", "hdfs://h:9000/a"})
    EXPECT_TRUE(IsObjectStorage(uri)) << uri;
  for (const char* uri : {"/s3/b", "minio://b/a", "file:///a", "s3:/b", ""})
    EXPECT_FALSE(IsObjectStorage(uri)) << uri;
}

TEST(StorageUriTest, SplitsWithoutDecoding) {
  const StorageUri parts = SplitStorageUri("s3://trips/a b/50%?/*.csv");
  EXPECT_EQ(parts.scheme, "s3");
  EXPECT_EQ(parts.place, "trips");
  EXPECT_EQ(parts.path, "a b/50%?/*.csv");
}

TEST(StorageUriTest, SeesPasswordsWhereverTheyStand) {
  for (const char* uri : {"s3://KEY:secret@bucket/a", "s3://KEY:se/cr/et@bucket/a", "https://me:pw@host",
                          "postgresql://me:pw@host:5432/db", "s3://bucket/a?access_key=K&secret_key=S",
                          "postgresql://h/db?sslpassword=a&password=b", "abfs://c@a/f?se=1&sig=X",
                          "https://h/f?X-Amz-Date=1&X-Amz-Signature=s"})
    EXPECT_TRUE(HoldsPassword(uri)) << uri;
  for (const char* uri : {"s3://bucket/a:b@c", "hdfs://name:9000/user@corp/a", "abfs://c@account.net/a",
                          "postgresql://me@host:5432/db", "a:b@c", "s3://bucket/secret_key=1/a",
                          "postgresql://h/db?sslmode=require&password=", "s3://b/a?signal=1"})
    EXPECT_FALSE(HoldsPassword(uri)) << uri;
}

TEST(StorageUriTest, RefusesPasswordsWithoutShowingThem) {
  const Status status = CheckStorageUri("s3://KEY:hun/ter2@bucket/a");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("AWS_SECRET_ACCESS_KEY"));
  EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr("hun")));
}

}  // namespace
}  // namespace penstock::fs
