#include "conformance/metadata_store_suite.h"
#include "penstock/base/digest.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/database_store.h"
#include "tests/support/database_server.h"

namespace penstock::metadata {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::DatabaseServer;

/// A database of its own for each folder.
std::string NameOf(const std::string& folder) { return "t" + DigestOf(folder).ToHex().substr(0, 16); }

StoreFactory FactoryOf(const std::string& name, DatabaseServer& (*server)()) {
  return {name,
          [server](const std::string& folder, const Clock& clock) {
            return OpenStore(server().Database(NameOf(folder)), clock);
          },
          [server] { return server().why_not(); }, name != "Mysql"};
}

INSTANTIATE_TEST_SUITE_P(Postgresql, MetadataStoreSuite,
                         testing::Values(FactoryOf("Postgresql", DatabaseServer::Postgresql)), NameOfFactory);
INSTANTIATE_TEST_SUITE_P(Mysql, MetadataStoreSuite,
                         testing::Values(FactoryOf("Mysql", DatabaseServer::Mysql)), NameOfFactory);

/// What a server's database has to do besides what every store does.
class ServerDatabaseTest : public testing::TestWithParam<DatabaseServer& (*)()> {
 protected:
  void SetUp() override {
    if (!server().why_not().empty()) GTEST_SKIP() << server().why_not();
    const testing::TestInfo& info = *testing::UnitTest::GetInstance()->current_test_info();
    name_ = NameOf(info.name());
    url_ = server().Database(name_);
  }
  DatabaseServer& server() { return GetParam()(); }

  SystemClock clock_;
  std::string name_, url_;
};

TEST_P(ServerDatabaseTest, RefusesTablesOfANewerMlMetadata) {
  ASSERT_TRUE(OpenStore(url_, clock_).ok());
  ASSERT_TRUE(server().Run(name_, "UPDATE MLMDEnv SET schema_version = 11"));
  const Status status = OpenStore(url_, clock_).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("newer schema version 11"));
}

TEST_P(ServerDatabaseTest, UpgradesTablesOfTheVersionBefore) {
  ASSERT_TRUE(OpenStore(url_, clock_).ok());
  ASSERT_TRUE(server().Run(name_, "UPDATE MLMDEnv SET schema_version = 9"));
  ASSERT_TRUE(server().Run(name_, "INSERT INTO Type(id, name, type_kind) VALUES (4711, 'Trainer', 0)"));
  ASSERT_TRUE(server().Run(name_, "ALTER TABLE ArtifactProperty DROP COLUMN proto_value"));
  EXPECT_EQ(OpenStore(url_, clock_).status().code(), StatusCode::kFailedPrecondition);
  const Status upgraded = UpgradeStore(url_);
  EXPECT_TRUE(upgraded.ok()) << upgraded;
  const auto connection = database::Connection::Open(url_);
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(*(*connection)->FindInt("SELECT id FROM `Type` WHERE name = ?", "Trainer"), 4711);
  EXPECT_EQ(*(*connection)->FindInt("SELECT COUNT(proto_value) FROM `ArtifactProperty`"), 0);
  EXPECT_TRUE(OpenStore(url_, clock_).ok());
}

TEST_P(ServerDatabaseTest, RefusesTheDatabaseOfAnotherProgram) {
  ASSERT_TRUE(server().Run(name_, "CREATE TABLE accounts (id INT)"));
  const Status status = OpenStore(url_, clock_).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another program"));
}

TEST_P(ServerDatabaseTest, NamesTheDatabaseButNeverThePassword) {
  std::string url = url_;
  url.insert(url.find('@'), ":geheim");
  const auto connection = database::Connection::Open(url);
  const std::string said =
      connection.ok() ? (*connection)->name() : std::string(connection.status().message());
  EXPECT_THAT(said, HasSubstr(name_));
  EXPECT_THAT(said, Not(HasSubstr("geheim")));
}

INSTANTIATE_TEST_SUITE_P(Postgresql, ServerDatabaseTest, testing::Values(&DatabaseServer::Postgresql));
INSTANTIATE_TEST_SUITE_P(Mysql, ServerDatabaseTest, testing::Values(&DatabaseServer::Mysql));

}  // namespace
}  // namespace penstock::metadata
