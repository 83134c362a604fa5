#include "penstock/metadata/database_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::metadata {
namespace {

using testing::HasSubstr;

TEST(DatabaseUrlTest, ThreeSlashesAreFromHereFourFromTheRoot) {
  EXPECT_EQ(ParseDatabaseUrl("sqlite:///a/b.sqlite")->path, "a/b.sqlite");
  EXPECT_EQ(ParseDatabaseUrl("sqlite:////a/b.sqlite")->path, "/a/b.sqlite");
  EXPECT_EQ(ParseDatabaseUrl("a/b.sqlite")->path, "a/b.sqlite");
}

TEST(DatabaseUrlTest, SaysWhatIsWrong) {
  for (const char* url : {"mysql://host/db", "postgresql://host/db", "sqlite://a.sqlite", "sqlite:a"}) {
    const auto parsed = ParseDatabaseUrl(url);
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(url));
  }
  EXPECT_EQ(ParseDatabaseUrl("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseDatabaseUrl("sqlite:///").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::metadata
