#include "penstock/metadata/database/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/metadata/database/transaction.h"

namespace penstock::metadata::database {
namespace {

using testing::HasSubstr;

class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::Join(testing::TempDir(), "connection-" + NewUuid() + ".sqlite");
    auto opened = Connection::Open(path_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    connection_ = *std::move(opened);
    ASSERT_TRUE(connection_->RunScript("CREATE TABLE t (id INTEGER PRIMARY KEY, v, u UNIQUE)").ok());
  }
  void TearDown() override {
    connection_.reset();
    EXPECT_TRUE(fs::RemoveAll(path_).ok());
  }

  int64_t Count() { return connection_->FindInt("SELECT COUNT(*) FROM t").value().value(); }

  std::string path_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(ConnectionTest, BindsAndReadsEveryKindOfValue) {
  const Digest digest = DigestOf("x");
  const std::string text("a\0b", 3);
  Statement row = connection_->Prepare("SELECT ?, ?, ?, ?, ?, ?, ?, ?");
  row.Bind(int64_t{-5}, 0.5, text, digest, nullptr, std::optional<int64_t>(), std::string_view(), Digest());
  ASSERT_TRUE(row.Step().value());
  EXPECT_EQ(row.Int(0), -5);
  EXPECT_EQ(row.Double(1), 0.5);
  EXPECT_EQ(row.Text(2), text);
  EXPECT_EQ(row.DigestAt(3), digest);
  EXPECT_TRUE(row.IsNull(4));
  EXPECT_TRUE(row.IsNull(5));
  EXPECT_FALSE(row.IsNull(6));
  EXPECT_TRUE(row.IsNull(7));
}

TEST_F(ConnectionTest, ReusesOneStatementInsideItself) {
  ASSERT_TRUE(connection_->RunScript("INSERT INTO t(id) VALUES (1), (2), (3)").ok());
  constexpr std::string_view kSelect = "SELECT id FROM t WHERE id > ? ORDER BY id";
  Statement outer = connection_->Prepare(kSelect);
  outer.Bind(0);
  ASSERT_TRUE(outer.Step().value());
  EXPECT_THAT(connection_->FindInts(kSelect, 1).value(), testing::ElementsAre(2, 3));
  ASSERT_TRUE(outer.Step().value());
  EXPECT_EQ(outer.Int(0), 2);
}

TEST_F(ConnectionTest, ReportsBadStatementsInsteadOfDying) {
  EXPECT_EQ(connection_->Run("SELECT nonsense FROM nowhere").code(), StatusCode::kInternal);
  EXPECT_EQ(connection_->Run("SELECT 1", 1).code(), StatusCode::kInternal);
  EXPECT_EQ(connection_->Run("INSERT INTO t(u) VALUES (?)", "a"), OkStatus());
  EXPECT_EQ(connection_->Run("INSERT INTO t(u) VALUES (?)", "a").code(), StatusCode::kAlreadyExists);
}

TEST_F(ConnectionTest, RollsBackWhatFails) {
  const Status status = InWriteTransaction(*connection_, [&]() -> Status {
    PENSTOCK_RETURN_IF_ERROR(connection_->Run("INSERT INTO t(v) VALUES (1)"));
    return InvalidArgument("no");
  });
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Count(), 0);
  const Result<int64_t> id =
      InWriteTransaction(*connection_, [&] { return connection_->Insert("INSERT INTO t(v) VALUES (1)"); });
  EXPECT_EQ(id.value(), 1);
  EXPECT_EQ(Count(), 1);
}

TEST_F(ConnectionTest, SyncsEveryCommitInWalMode) {
  Statement row = connection_->Prepare("PRAGMA journal_mode");
  ASSERT_TRUE(row.Step().value());
  EXPECT_EQ(row.Text(0), "wal");
  EXPECT_EQ(connection_->FindInt("PRAGMA synchronous").value(), 2);  // FULL.
  EXPECT_EQ(connection_->FindInt("PRAGMA foreign_keys").value(), 1);
}

}  // namespace
}  // namespace penstock::metadata::database
