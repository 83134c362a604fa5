#include "penstock/data/sql/sql_connection.h"

#include <cstdlib>

#include "penstock/data/datasets_testing.h"

namespace penstock::data::sql {
namespace {

class SqlConnectionTest : public testing::Test {
 protected:
  void SetUp() override { setenv("PENSTOCK_CONNECTIONS", folder_.At("connections.yaml").c_str(), 1); }
  void TearDown() override {
    unsetenv("PENSTOCK_CONNECTIONS");
    unsetenv("TEST_SECRET");
  }

  TestFolder folder_;
};

TEST_F(SqlConnectionTest, OpensSqliteFilesToReadOnly) {
  const auto connection = FindSqlConnection("sqlite:" + folder_.Write("trips 1.db", "x"));
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->driver, "sqlite");
  EXPECT_THAT(connection->database_options.at("uri"), testing::EndsWith("/trips%201.db?mode=ro"));
}

TEST_F(SqlConnectionTest, NamesTheNearestFileWhereADatabaseIsMissing) {
  folder_.Write("trips.db", "x");
  EXPECT_THAT(FindSqlConnection("sqlite:" + folder_.At("trps.db")).status(),
              FailsWith(StatusCode::kNotFound, "did you mean 'trips.db'"));
}

TEST_F(SqlConnectionTest, TakesOtherDriversPlaces) {
  EXPECT_TRUE(FindSqlConnection("duckdb:")->database_options.empty());
  EXPECT_EQ(FindSqlConnection("postgres://me@h/db")->driver, "postgresql");
  EXPECT_EQ(FindSqlConnection("postgresql://me@h/db")->database_options.at("uri"), "postgresql://me@h/db");
  EXPECT_EQ(FindSqlConnection("flightsql:grpc+tls://h:1")->database_options.at("uri"), "grpc+tls://h:1");
  const auto bigquery = FindSqlConnection("bigquery:project/data");
  EXPECT_EQ(bigquery->database_options.at("adbc.bigquery.sql.project_id"), "project");
  EXPECT_EQ(bigquery->database_options.at("adbc.bigquery.sql.dataset_id"), "data");
}

TEST_F(SqlConnectionTest, RefusesPasswordsWithoutShowingThem) {
  const Status status = FindSqlConnection("postgresql://me:hunter2@host/db").status();
  EXPECT_THAT(status, FailsWith(StatusCode::kInvalidArgument, "set PGPASSWORD"));
  EXPECT_EQ(status.message().find("hunter2"), absl::string_view::npos) << status;
}

TEST_F(SqlConnectionTest, NamesTheNearestDriverAndNotTheRest) {
  const Status status = FindSqlConnection("postgresq://me:hunter2@host/db").status();
  EXPECT_THAT(status, FailsWith(StatusCode::kInvalidArgument, "did you mean 'postgresql'"));
  EXPECT_EQ(status.message().find("hunter2"), absl::string_view::npos) << status;
}

TEST_F(SqlConnectionTest, ReadsProfilesWithTheEnvironmentsSecrets) {
  folder_.Write(
      "connections.yaml",
      "sales:\n  driver: postgresql\n  uri: postgresql://h/db\n  username: me\n"
      "  password: ${TEST_SECRET}\n  statement_options: {adbc.postgresql.batch_size_hint_bytes: 1000}\n");
  setenv("TEST_SECRET", "se cret&", 1);
  const auto connection = FindSqlConnection("sales");
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->database_options.at("uri"), "postgresql://h/db?user=me&password=se%20cret%26");
  EXPECT_EQ(connection->statement_options.at("adbc.postgresql.batch_size_hint_bytes"), "1000");
  EXPECT_EQ(connection->secrets.Hide("x se cret& y se%20cret%26"), "x *** y ***");
}

TEST_F(SqlConnectionTest, NamesWhatIsWrongWithAProfile) {
  EXPECT_THAT(FindSqlConnection("sales").status(), FailsWith(StatusCode::kNotFound, "there is no file "));
  folder_.Write("connections.yaml",
                "sales: {driver: postgresql, uri: '${TEST_SECRET}'}\nodd: {diver: x}\nbare: {uri: x}\n");
  EXPECT_THAT(FindSqlConnection("sale").status(), FailsWith(StatusCode::kNotFound, "did you mean 'sales'"));
  EXPECT_THAT(FindSqlConnection("sales").status(),
              FailsWith(StatusCode::kNotFound, "the environment variable TEST_SECRET, which is not set"));
  EXPECT_THAT(FindSqlConnection("odd").status(),
              FailsWith(StatusCode::kInvalidArgument, "has no 'diver'; did you mean 'driver'?"));
  EXPECT_THAT(FindSqlConnection("bare").status(),
              FailsWith(StatusCode::kInvalidArgument, "connection 'bare' names no driver"));
  folder_.Write("connections.yaml", "sales: {password: [\n");
  EXPECT_THAT(FindSqlConnection("sales").status(), FailsWith(StatusCode::kInvalidArgument, "no YAML"));
}

}  // namespace
}  // namespace penstock::data::sql
