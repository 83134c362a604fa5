#include <cstdlib>

#include "penstock/data/datasets_testing.h"
#include "penstock/data/sql/driver_library.h"
#include "penstock/data/sql/sql_dataset.h"
#include "tests/support/database_server.h"

namespace penstock::data::sql {
namespace {

constexpr const char* kPassword = "p@ss/w0rd & quite long";

/// Against a real server, one for all of these tests.
class PostgresqlTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = tests::DatabaseServer::PostgresqlWithPassword(kPassword).release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    if (!server_->why_not().empty()) GTEST_SKIP() << server_->why_not();
    SqlConnection connection;
    connection.driver = "postgresql";
    if (const auto library = DriverLibrary::Load(connection); !library.ok())
      GTEST_SKIP() << "PostgreSQL IS NOT TESTED: " << library.status().message();
    setenv("PGPASSWORD", kPassword, 1);
  }
  void TearDown() override { unsetenv("PGPASSWORD"); }

  static Result<std::unique_ptr<Dataset>> Ask(const std::string& query) {
    return OpenSqlDataset({server_->Database("postgres"), query}, {}, {.num_threads = 2});
  }

  static tests::DatabaseServer* server_;
};

tests::DatabaseServer* PostgresqlTest::server_ = nullptr;

TEST_F(PostgresqlTest, ReadsEveryTypeThatExamplesHold) {
  ASSERT_TRUE(server_->Run("postgres",
                           "CREATE TABLE trips (id bigint, small smallint, fare numeric(10,2), miles real, "
                           "tips double precision, company text, code char(2), raw bytea, cash boolean, "
                           "day date, stops integer[]);"
                           "INSERT INTO trips VALUES (1, 2, 12.25, 1.5, 0.25, 'Äcme', 'ab', '\\x0001', true, "
                           "'1970-01-11', '{1,2,3}'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                           "NULL, NULL), (3, -7, 'NaN', 0, 0, '', 'cd', '', false, '1969-12-31', '{}')"));
  const auto dataset = Ask("SELECT * FROM trips ORDER BY id");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto table = ReadAll(**dataset);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "id"), "int64: 1, 2, 3");
  EXPECT_EQ(Show(**table, "small"), "int64: 2, null, -7");
  EXPECT_EQ(Show(**table, "fare"), "double: 12.25, null, nan");
  EXPECT_EQ(Show(**table, "miles"), "float: 1.5, null, 0");
  EXPECT_EQ(Show(**table, "tips"), "double: 0.25, null, 0");
  EXPECT_EQ(Show(**table, "company"), "string: Äcme, null, ");
  EXPECT_EQ(Show(**table, "cash"), "bool: true, null, false");
  EXPECT_EQ(Show(**table, "day"), "int64: 10, null, -1");
  EXPECT_EQ((*table)->GetColumnByName("raw")->type()->id(), arrow::Type::BINARY);
  EXPECT_EQ(Show(**table, "stops"),
            "list<item: int64>: list<item: int64>[1, 2, 3], null, list<item: int64>[]");
}

TEST_F(PostgresqlTest, ReadsManyRowsIntoShardsOfTheSameSize) {
  const auto dataset = Ask("SELECT i, i::text AS name FROM generate_series(0, 199999) AS i ORDER BY i");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->num_shards(), 4);
  EXPECT_EQ((*ReadAll(**dataset))->num_rows(), 200'000);
}

TEST_F(PostgresqlTest, NeverShowsThePassword) {
  const Status missing = Ask("SELECT * FROM nowhere").status();
  EXPECT_THAT(missing, FailsWith(StatusCode::kNotFound, "nowhere"));
  setenv("PGPASSWORD", "wrong one", 1);
  const Status refused = Ask("SELECT 1").status();
  EXPECT_FALSE(refused.ok());
  for (const Status& status : {missing, refused}) {
    EXPECT_EQ(status.message().find(kPassword), absl::string_view::npos) << status;
    EXPECT_EQ(status.message().find("wrong one"), absl::string_view::npos) << status;
  }
  EXPECT_THAT(refused, FailsWith(StatusCode::kInvalidArgument, "Cannot connect to postgresql://penstock@"));
}

TEST_F(PostgresqlTest, SaysThatNobodyListens) {
  EXPECT_THAT(OpenSqlDataset({"postgresql://penstock@127.0.0.1:1/postgres", "SELECT 1"}, {}, {}).status(),
              FailsWith(StatusCode::kInvalidArgument, "Cannot connect to postgresql://penstock@127.0.0.1:1"));
}

TEST_F(PostgresqlTest, TakesThePasswordFromAProfile) {
  unsetenv("PGPASSWORD");
  TestFolder folder;
  folder.Write("connections.yaml", "trips:\n  driver: postgresql\n  uri: " + server_->Database("postgres") +
                                       "\n  password: \"" + kPassword + "\"\n");
  setenv("PENSTOCK_CONNECTIONS", folder.At("connections.yaml").c_str(), 1);
  const auto dataset = OpenSqlDataset({"trips", "SELECT 7 AS seven"}, {}, {});
  unsetenv("PENSTOCK_CONNECTIONS");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(Show(**ReadAll(**dataset), "seven"), "int64: 7");
}

}  // namespace
}  // namespace penstock::data::sql
