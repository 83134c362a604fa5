#include "penstock/metadata/database_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/metadata/database/server_url.h"

namespace penstock::metadata {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(DatabaseUrlTest, ThreeSlashesAreFromHereFourFromTheRoot) {
  EXPECT_EQ(ParseDatabaseUrl("sqlite:///a/b.sqlite")->place, "a/b.sqlite");
  EXPECT_EQ(ParseDatabaseUrl("sqlite:////a/b.sqlite")->place, "/a/b.sqlite");
  EXPECT_EQ(ParseDatabaseUrl("a/b.sqlite")->place, "a/b.sqlite");
}

TEST(DatabaseUrlTest, SaysWhatIsWrong) {
  for (const char* url : {"oracle://host/db", "sqlite://a.sqlite", "sqlite:a"}) {
    const auto parsed = ParseDatabaseUrl(url);
    EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(url));
  }
  EXPECT_EQ(ParseDatabaseUrl("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseDatabaseUrl("sqlite:///").status().code(), StatusCode::kInvalidArgument);
}

TEST(DatabaseUrlTest, TakesServersAndShowsNoPassword) {
  const auto url = ParseDatabaseUrl("postgresql://ann:ge%20heim@db:5433/runs?sslmode=require");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->is_server);
  const auto parts = database::ParseServerUrl(url->place);
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->password, "ge heim");
  EXPECT_EQ(parts->options.at("sslmode"), "require");
  EXPECT_EQ(parts->Shown(), "postgresql://ann@db:5433/runs");
  EXPECT_EQ(database::ParseServerUrl("mysql://a:b@[::1]:3/c?password=secret")->Shown(),
            "mysql://a@[::1]:3/c");
  for (const char* bad : {"postgresql://ann:geheim@db", "mysql://ann:geheim@db:port/x",
                          "oracle://ann:geheim@db/x", "mysql://ann:geheim%2@db/x"}) {
    const auto refused = ParseDatabaseUrl(bad);
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("geheim"))) << bad;
  }
}

TEST(DatabaseUrlTest, OverwritesPasswordsAmongArguments) {
  std::string program = "penstock", option = "--db=postgresql://ann:geheim@db/runs", plain = "http://a:80/@x";
  std::string last = "mysql://db/x?password=geheim&a=b";
  char* arguments[] = {program.data(), option.data(), plain.data(), last.data()};
  HidePasswords(4, arguments);
  EXPECT_EQ(option, "--db=postgresql://ann:******@db/runs");
  EXPECT_EQ(plain, "http://a:80/@x");
  EXPECT_EQ(last, "mysql://db/x?password=******&a=b");
}

}  // namespace
}  // namespace penstock::metadata
