#include "penstock/metadata/mlmd/constraint_error.h"

#include <gtest/gtest.h>

namespace penstock::metadata::mlmd {
namespace {

std::string Worded(const std::string& native, const std::string& statement) {
  const Status violation =
      AlreadyExists("The store has that entry already: UNIQUE constraint failed: {}", native);
  return std::string(QueryError(violation, statement).message());
}

TEST(QueryErrorTest, WordsWhatEveryDatabaseSaysAsSqliteDoes) {
  const std::string insert = " INSERT INTO `Artifact`( `type_id` ) VALUES(1);";
  const std::string wanted =
      "Error when executing query: UNIQUE constraint failed: Artifact.external_id query: " + insert;
  EXPECT_EQ(Worded("Artifact.external_id", insert), wanted);
  EXPECT_EQ(Worded("duplicate key value violates unique constraint \"artifact_external_id_key\"", insert),
            wanted);
  EXPECT_EQ(Worded("Duplicate entry 'x1' for key 'external_id'", insert), wanted);
}

TEST(QueryErrorTest, NamesAllColumnsOfAConstraintOfSeveral) {
  const std::string insert = " INSERT INTO `Event`( `artifact_id` ) VALUES(1);";
  const std::string wanted =
      "Error when executing query: UNIQUE constraint failed: Event.artifact_id, Event.execution_id, "
      "Event.type "
      "query: " +
      insert;
  EXPECT_EQ(Worded("duplicate key value violates unique constraint \"uniqueevent\"", insert), wanted);
  EXPECT_EQ(Worded("Duplicate entry 'external_id-1-3' for key 'UniqueEvent'", insert), wanted);
}

}  // namespace
}  // namespace penstock::metadata::mlmd
