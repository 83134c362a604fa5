#include "penstock/data/sql/sql_dataset.h"

#include <cstdlib>

#include <sqlite3.h>

#include "penstock/data/datasets_testing.h"
#include "penstock/data/sql/driver_library.h"

namespace penstock::data::sql {
namespace {

class SqlDatasetTest : public testing::TestWithParam<std::string> {
 protected:
  /// Skips where the driver was never set up.
  void SetUp() override {
    SqlConnection connection;
    connection.driver = GetParam();
    const auto library = DriverLibrary::Load(connection);
    if (library.status().code() == StatusCode::kNotFound)
      GTEST_SKIP() << "SQL IS NOT TESTED: " << library.status().message();
    ASSERT_TRUE(library.ok()) << library.status();
  }

  /// A connection to a database without tables.
  std::string Connection() {
    if (GetParam() == "duckdb") return "duckdb:";
    const std::string path = folder_.At("empty.db");
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "CREATE TABLE t(x); DROP TABLE t", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
    return "sqlite:" + path;
  }

  Result<std::unique_ptr<Dataset>> Ask(const std::string& query, const DatasetOptions& options = {},
                                       const SqlReadOptions& reading = {}) {
    return OpenSqlDataset({Connection(), query}, options, {.num_threads = 2}, reading);
  }

  /// 200,000 rows of i = 0, 1, ... and a text.
  static std::string ManyRows() {
    // DuckDB takes a second for a thousand rounds of a recursion.
    if (GetParam() == "duckdb") return "SELECT i, 'row ' || i AS name FROM range(200000) AS n(i) ORDER BY i";
    return "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199999) "
           "SELECT i, 'row ' || i AS name FROM n ORDER BY i";
  }

  TestFolder folder_;
};

TEST_P(SqlDatasetTest, ReadsNumbersTextsBytesAndNulls) {
  const auto dataset =
      Ask("SELECT 1 AS i, CAST(1.5 AS DOUBLE) AS x, 'a' AS s UNION ALL SELECT NULL, NULL, NULL "
          "UNION ALL SELECT 3, 2.5, 'ä'");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto table = ReadAll(**dataset);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "i"), "int64: 1, null, 3");
  EXPECT_EQ(Show(**table, "x"), "double: 1.5, null, 2.5");
  EXPECT_EQ(Show(**table, "s"), "string: a, null, ä");
}

TEST_P(SqlDatasetTest, CutsShardsByRowsAloneAndReadsThemAgain) {
  const auto dataset = Ask(ManyRows());
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->num_shards(), 4);
  const auto first = ReadAll(**dataset);
  const auto second = ReadAll(**dataset);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ((*first)->num_rows(), 200'000);
  EXPECT_TRUE((*first)->Equals(**second));
  EXPECT_EQ((*first)->GetColumnByName("name")->GetScalar(199'999).ValueOrDie()->ToString(), "row 199999");
}

TEST_P(SqlDatasetTest, KeepsWhatDoesNotFitIntoMemoryInAFile) {
  const auto in_memory = Ask(ManyRows());
  ASSERT_TRUE(in_memory.ok()) << in_memory.status();
  for (const int64_t memory_bytes : {int64_t{0}, int64_t{3} << 20}) {
    const auto spilled = Ask(ManyRows(), {}, {.memory_bytes = memory_bytes});
    ASSERT_TRUE(spilled.ok()) << spilled.status();
    EXPECT_EQ((*spilled)->num_shards(), (*in_memory)->num_shards());
    EXPECT_TRUE((*ReadAll(**spilled))->Equals(**ReadAll(**in_memory)));
  }
}

TEST_P(SqlDatasetTest, HandsOutNoBatchLongerThanAskedFor) {
  const auto dataset = Ask(ManyRows(), {.max_batch_rows = 1000});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto reader = (*dataset)->ReadShard(1);
  int64_t num_rows = 0;
  for (auto batch = (*reader)->Next(); batch.ok() && *batch; batch = (*reader)->Next()) {
    EXPECT_LE((**batch)->num_rows(), 1000);
    num_rows += (**batch)->num_rows();
  }
  EXPECT_EQ(num_rows, 65'536);
}

TEST_P(SqlDatasetTest, TakesTheColumnsAskedForInTheirOrder) {
  const auto dataset = Ask("SELECT 1 AS a, 2 AS b, 3 AS c", {.columns = {"c", "a"}});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->schema()->field_names(), (std::vector<std::string>{"c", "a"}));
}

TEST_P(SqlDatasetTest, GivesColumnsWithoutRowsTheirTypesOrTexts) {
  const auto dataset = Ask("SELECT 1 AS a WHERE 1 = 0");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->schema()->field_names(), std::vector<std::string>{"a"});
  EXPECT_EQ((*ReadAll(**dataset))->num_rows(), 0);
}

TEST_P(SqlDatasetTest, SaysWhatTheDatabaseSaysOfAWrongQuery) {
  EXPECT_THAT(Ask("SELECT nothing FROM nowhere").status(),
              FailsWith(StatusCode::kInvalidArgument, "nowhere"));
  EXPECT_THAT(Ask("SELECT 1 AS a, 2 AS a").status(), FailsWith(StatusCode::kInvalidArgument, "'a'"));
  EXPECT_THAT(Ask("  \n").status(), FailsWith(StatusCode::kInvalidArgument, "is empty"));
}

TEST_P(SqlDatasetTest, NeverWritesToTheDatabase) {
  if (GetParam() == "duckdb") GTEST_SKIP() << "A database in memory is nobody else's";
  const std::string connection = Connection();
  const auto before = fs::DigestOfTree(folder_.path());
  EXPECT_FALSE(OpenSqlDataset({connection, "CREATE TABLE made(x)"}, {}, {}).ok());
  EXPECT_EQ(*before, *fs::DigestOfTree(folder_.path()));
}

TEST_P(SqlDatasetTest, StopsWhenItIsCancelled) {
  CancellationToken token;
  token.Cancel();
  EXPECT_EQ(OpenSqlDataset({Connection(), ManyRows()}, {}, {.cancellation = &token}).status().code(),
            StatusCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Drivers, SqlDatasetTest, testing::Values("sqlite", "duckdb"),
                         [](const auto& driver) { return driver.param; });

class DuckDbTest : public SqlDatasetTest {};

TEST_P(DuckDbTest, MapsListsStructsMapsDecimalsAndTimes) {
  const auto dataset =
      Ask("SELECT [1, 2] AS l, {'a': 1, 'b': 'x'} AS st, MAP {'k': 7} AS m, 12.25::DECIMAL(10, 2) AS d, "
          "sum(3)::HUGEINT AS h, DATE '1970-01-11' AS day, true AS yes, '\\x01'::BLOB AS b");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->schema()->GetFieldByName("l")->type()->id(), arrow::Type::LIST);
  EXPECT_EQ((*dataset)->schema()->GetFieldByName("st")->type()->id(), arrow::Type::STRUCT);
  EXPECT_EQ((*dataset)->schema()->GetFieldByName("m")->type()->ToString(),
            "list<item: struct<key: string, value: int64>>");
  const auto table = ReadAll(**dataset);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "d"), "double: 12.25");
  EXPECT_EQ(Show(**table, "h"), "int64: 3");
  EXPECT_EQ(Show(**table, "day"), "int64: 10");
  EXPECT_EQ(Show(**table, "yes"), "bool: true");
  EXPECT_EQ((*table)->GetColumnByName("b")->type()->id(), arrow::Type::BINARY);
}

TEST_P(DuckDbTest, QueriesFilesWhereTheyLie) {
  const std::string path = folder_.Write("trips.csv", "fare,company\n2.5,a\n3.5,b\n");
  const auto dataset = Ask("SELECT sum(fare) AS total FROM '" + path + "'");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(Show(**ReadAll(**dataset), "total"), "double: 6");
}

TEST_P(DuckDbTest, NamesTheColumnItCannotHold) {
  EXPECT_THAT(Ask("SELECT INTERVAL 1 DAY AS span").status(),
              FailsWith(StatusCode::kInvalidArgument, "column 'span' has type"));
}

INSTANTIATE_TEST_SUITE_P(Drivers, DuckDbTest, testing::Values("duckdb"),
                         [](const auto& driver) { return driver.param; });

TEST(DriverLibraryTest, SaysWhichPackageAMissingDriverIsIn) {
  SqlConnection connection;
  connection.driver = "snowflake";
  const auto loaded = DriverLibrary::Load(connection);
  if (loaded.ok()) GTEST_SKIP() << "The Snowflake driver is installed here";
  EXPECT_THAT(loaded.status(), FailsWith(StatusCode::kNotFound, "the PyPI package adbc-driver-snowflake"));
  EXPECT_THAT(loaded.status(), FailsWith(StatusCode::kNotFound, "tools/setup_sql_drivers.sh snowflake"));
}

TEST(DriverLibraryTest, RefusesALibraryThatIsNoDriver) {
  TestFolder folder;
  SqlConnection connection;
  connection.driver = folder.Write("libadbc_driver_odd.so", "not a library");
  EXPECT_THAT(DriverLibrary::Load(connection).status(),
              FailsWith(StatusCode::kFailedPrecondition, "does not load"));
  connection.driver = "/lib/x86_64-linux-gnu/libm.so.6";
  EXPECT_THAT(DriverLibrary::Load(connection).status(),
              FailsWith(StatusCode::kInvalidArgument, "is no ADBC driver"));
}

}  // namespace
}  // namespace penstock::data::sql
