#include "penstock/data/sql/secrets.h"

#include <gtest/gtest.h>

namespace penstock::data::sql {
namespace {

TEST(SecretsTest, HidesAPasswordInEveryFormOfIt) {
  Secrets secrets;
  secrets.AddOfUri("postgresql://me:p%40ss%2Fword@host/db");
  EXPECT_EQ(secrets.Hide("cannot log in with p@ss/word at host (p%40ss%2Fword)"),
            "cannot log in with *** at host (***)");
}

TEST(SecretsTest, HidesTheLongerOfTwoSecretsFirst) {
  Secrets secrets;
  secrets.Add("abc");
  secrets.Add("abcdef");
  EXPECT_EQ(secrets.Hide("abcdef abc"), "*** ***");
}

TEST(SecretsTest, KeepsTheCodeOfAStatus) {
  Secrets secrets;
  secrets.Add("hidden");
  const Status status = secrets.Hide(NotFound("no hidden here"));
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no *** here");
  EXPECT_TRUE(secrets.Hide(OkStatus()).ok());
}

TEST(SecretsTest, FindsPasswordsInConnections) {
  for (const char* text :
       {"postgresql://me:secret@host/db", "postgresql://me:se/cr?et@host/db", "postgresql:host=h password=x",
        "postgresql://host/db?user=me&password=x", "snowflake:me:secret@account/db",
        "flightsql:grpc://h:1?adbc.flight.sql.authorization_header=token", "x://h/db?sslpassword=y"})
    EXPECT_TRUE(HoldsSecret(text)) << text;
}

TEST(SecretsTest, FindsNoneWhereThereIsNone) {
  for (const char* text :
       {"sqlite:trips.db", "sqlite:///a/b@c:d.db", "duckdb:", "postgresql://me@host:5432/db",
        "postgresql://host:5432/db?user=me@corp", "bigquery:project/data", "snowflake:me@account/db",
        "warehouse", "flightsql:grpc+tls://host:31337"})
    EXPECT_FALSE(HoldsSecret(text)) << text;
}

}  // namespace
}  // namespace penstock::data::sql
