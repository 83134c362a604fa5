#include "penstock/metadata/database/database_store.h"

#include <sys/stat.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/schema.h"
#include "penstock/metadata/database/statements.h"

namespace penstock::metadata {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SqliteStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::Join(testing::TempDir(), "sqlite-store-" + NewUuid());
    ASSERT_TRUE(fs::CreateDirectories(folder_).ok());
  }
  void TearDown() override { EXPECT_TRUE(fs::RemoveAll(folder_).ok()); }

  std::string Path() const { return folder_ + "/metadata.sqlite"; }
  Result<std::unique_ptr<MetadataStore>> Open() { return OpenStore(Path(), clock_); }
  /// Runs statements on the file behind the store's back.
  void Execute(std::string_view script) {
    auto connection = database::Connection::Open(Path());
    ASSERT_TRUE(connection.ok()) << connection.status();
    const Status status = (*connection)->RunScript(script);
    ASSERT_TRUE(status.ok()) << status;
  }
  void WriteFile(const std::string& content) { std::ofstream(Path(), std::ios::binary) << content; }

  FakeClock clock_{Timestamp{1'700'000'000'000'000}};
  std::string folder_;
};

TEST_F(SqliteStoreTest, RefusesNewerSchemaOfMlMetadata) {
  ASSERT_TRUE(Open().ok());
  Execute("UPDATE MLMDEnv SET schema_version = 11;");
  const Status status = Open().status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(Path()), HasSubstr("newer schema version 11"), HasSubstr("downgrade_schema")));
}

TEST_F(SqliteStoreTest, RefusesOlderSchemaOfMlMetadata) {
  ASSERT_TRUE(Open().ok());
  Execute("UPDATE MLMDEnv SET schema_version = 9; DROP TABLE penstock_schema;");
  const Status status = Open().status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("older schema version 9"), HasSubstr("penstock metadata upgrade")));
}

TEST_F(SqliteStoreTest, RefusesNewerSchemaOfPenstock) {
  ASSERT_TRUE(Open().ok());
  Execute("UPDATE penstock_schema SET version = 2;");
  const Status status = Open().status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("newer Penstock (schema version 2, this one knows 1)"));
}

TEST_F(SqliteStoreTest, RefusesDatabaseOfAnotherProgramAndLeavesItAlone) {
  Execute("CREATE TABLE bookmarks (url TEXT);");
  const Status status = Open().status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another program"));
  auto connection = database::Connection::Open(Path());
  ASSERT_TRUE(connection.ok());
  const auto num_tables = (*connection)->FindInt("SELECT COUNT(*) FROM sqlite_master");
  ASSERT_TRUE(num_tables.ok());
  EXPECT_EQ(*num_tables, 1);
}

TEST_F(SqliteStoreTest, TakesOverFileOfMlMetadata) {
  Execute(database::sql::kCreateMlmdTables);
  Execute(database::sql::kCreateMlmdIndices);
  Execute(
      "INSERT INTO MLMDEnv VALUES (10);"
      "INSERT INTO Type(name, type_kind) VALUES ('Trainer', 0), ('Model', 1);"
      "INSERT INTO Execution(type_id, last_known_state) VALUES (1, 3);"
      "INSERT INTO Artifact(type_id, uri, state) VALUES (2, '/tfx/model', 2);"
      "INSERT INTO Event(artifact_id, execution_id, type) VALUES (1, 1, 4);"
      "INSERT INTO EventPath VALUES (1, 0, NULL, 'model');"
      "INSERT INTO ArtifactProperty(artifact_id, name, is_custom_property, string_value) VALUES (1, 'name', "
      "1, 'm');");
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const auto producer = (*store)->ProducerOf(1);
  ASSERT_TRUE(producer.ok()) << producer.status();
  EXPECT_EQ(producer->component_type, "Trainer");
  EXPECT_EQ(producer->state, ExecutionState::kComplete);
  const auto outputs = (*store)->OutputsOf(producer->id);
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(outputs->at("model").front().uri, "/tfx/model");
  EXPECT_EQ(outputs->at("model").front().properties["name"], "m");
}

TEST_F(SqliteStoreTest, NamesFileThatIsNoDatabase) {
  WriteFile(std::string(5000, 'x'));
  const Status status = Open().status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path()));
}

TEST_F(SqliteStoreTest, NamesDamagedFile) {
  {
    auto store = Open();
    ASSERT_TRUE(store.ok());
    for (int i = 0; i < 50; ++i) {
      RunRecord run{
          .run_id = "run-" + std::to_string(i), .pipeline_name = "taxi", .spec = std::string(3000, 's')};
      ASSERT_TRUE((*store)->CreateRun(run).ok());
    }
  }
  auto content = fs::ReadFile(Path());
  ASSERT_TRUE(content.ok());
  for (size_t i = 4096; i < content->size(); i += 64) (*content)[i] = static_cast<char>(0xA5);
  WriteFile(*content);
  auto store = Open();
  const Status status = store.ok() ? (*store)->FindRuns({.limit = 1000}).status() : store.status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(Path()));
}

TEST_F(SqliteStoreTest, NamesMissingFolder) {
  const Status status = OpenStore(folder_ + "/missing/metadata.sqlite", clock_).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder_ + "/missing"));
}

TEST_F(SqliteStoreTest, RefusesFolderAndEmptyPath) {
  EXPECT_EQ(OpenStore(folder_, clock_).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenStore("", clock_).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(SqliteStoreTest, ReadsTheHotQueriesByIndex) {
  ASSERT_TRUE(Open().ok());
  auto connection = database::Connection::Open(Path());
  ASSERT_TRUE(connection.ok());
  const auto joined = [](std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text.append(part).append("\n");
    return text;
  };
  using namespace database::sql;
  for (const std::string& text :
       {std::string(kSelectCached), std::string(kSelectLatestBlessedModel),
        std::string(kSelectExecutionByAttempt), std::string(kSelectExecutionsOfRun),
        std::string(kSelectRunsByPrefix), std::string(kSelectEventSteps), std::string(kSelectProducer),
        std::string(kSelectConsumers), std::string(kSelectArtifactProperties),
        joined({kFindRuns, kNewestRunsFirst}), joined({kFindRuns, kAndRunPipeline, kNewestRunsFirst}),
        joined({kFindRuns, kAndRunState, kNewestRunsFirst}),
        joined({kFindArtifacts, kAndArtifactInContext, kNewestArtifactsFirst}),
        joined({kFindArtifacts, kAndArtifactUri, kNewestArtifactsFirst}),
        joined({kFindArtifacts, kAndArtifactIntProperty, kNewestArtifactsFirst})}) {
    database::Statement row = (*connection)->Prepare("EXPLAIN QUERY PLAN " + text);
    while (true) {
      const auto has_row = row.Step();
      ASSERT_TRUE(has_row.ok()) << has_row.status() << text;
      if (!*has_row) break;
      const std::string step = row.Text(3);
      if (step.find("SCAN") == std::string::npos) continue;
      EXPECT_THAT(step, HasSubstr("USING INDEX")) << text;
    }
  }
}

TEST_F(SqliteStoreTest, LeavesOneFileBehindWhenClosed) {
  {
    auto store = Open();
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE((*store)->CreateRun({.run_id = "r", .pipeline_name = "taxi"}).ok());
  }
  const auto files = fs::List(folder_);
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ(files->front().path, Path());
}

TEST_F(SqliteStoreTest, DeclaresStandardTypesAsTfxDoes) {
  {
    auto store = Open();
    ASSERT_TRUE(store.ok());
    ExecutionPlan plan{
        .run_id = "r", .pipeline_name = "taxi", .node_id = "Gen", .component_type = "CsvExampleGen"};
    const auto id = (*store)->BeginExecution(plan);
    ASSERT_TRUE(id.ok());
    ExecutionOutcome outcome;
    pipeline::Artifact examples{.type = "Examples", .uri = "/e"};
    examples.properties = {{"span", 3}, {"version", "not a number"}, {"num_rows", 5}};
    outcome.outputs = {{"examples", {examples}}};
    ASSERT_TRUE((*store)->FinishExecution(*id, outcome).ok());
  }
  auto connection = database::Connection::Open(Path());
  ASSERT_TRUE(connection.ok());
  const auto custom = [&](std::string_view name) {
    const auto found =
        (*connection)->FindInt("SELECT is_custom_property FROM ArtifactProperty WHERE name = ?", name);
    return found.ok() && found->has_value() ? **found : -1;
  };
  EXPECT_EQ(custom("span"), 0);
  EXPECT_EQ(custom("version"), 1);  // Declared an integer, so this text cannot be the declared one.
  EXPECT_EQ(custom("num_rows"), 1);
  const auto base = (*connection)
                        ->FindInt(
                            "SELECT COUNT(*) FROM ParentType P JOIN Type T ON T.id = P.type_id JOIN Type B "
                            "ON B.id = P.parent_type_id "
                            "WHERE T.name = 'Examples' AND B.name = 'mlmd.Dataset'");
  ASSERT_TRUE(base.ok());
  EXPECT_EQ(*base, 1);
}

}  // namespace
}  // namespace penstock::metadata
