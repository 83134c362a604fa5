// Holds the store's file against ML Metadata's own library: its tables column by column,
// and what its Python client reads. The client: tools/setup_mlmd_client.sh.
#include <sqlite3.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/metadata/database/database_store.h"
#include "tests/support/paths.h"

namespace penstock::metadata {
namespace {

using nlohmann::json;
using testing::StartsWith;

const std::string kClient = tests::SourcePath(".deps/mlmd_client");

class MlmdTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream(kClient + "/interpreter") >> interpreter_;
    if (interpreter_.empty()) {
      GTEST_SKIP() << "NOT TESTED: the ml-metadata client is not there; run tools/setup_mlmd_client.sh";
    }
    folder_ = fs::Join(testing::TempDir(), "mlmd-" + NewUuid());
    ASSERT_TRUE(fs::CreateDirectories(folder_).ok());
  }
  void TearDown() override {
    if (folder_.empty()) return;
    EXPECT_TRUE(fs::RemoveAll(folder_).ok());
  }

  std::string Path(const std::string& name = "metadata.sqlite") const { return folder_ + "/" + name; }

  /// Runs tests/parity/mlmd_client.py; answers what it printed.
  std::string Client(const std::string& command, const std::string& path) {
    const std::string line =
        fmt::format("PYTHONPATH='{}' '{}' '{}' {} '{}' 2>'{}'", kClient, interpreter_,
                    tests::SourcePath("tests/parity/mlmd_client.py"), command, path, Path("stderr"));
    FILE* pipe = popen(line.c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::string output;
    char buffer[4096];
    for (size_t size = 0; (size = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, size);
    const int status = pclose(pipe);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << fs::ReadFile(Path("stderr")).value_or("");
    return output;
  }

  FakeClock clock_{Timestamp{1'700'000'000'123'000}};
  std::string interpreter_;
  std::string folder_;
};

/// Rows of a query, columns joined by '|'.
std::vector<std::string> Query(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  std::vector<std::string> rows;
  const auto append = [](void* into, int num_columns, char** columns, char**) {
    std::string row;
    for (int i = 0; i < num_columns; ++i)
      row += (i == 0 ? "" : "|") + std::string(columns[i] ? columns[i] : "NULL");
    static_cast<std::vector<std::string>*>(into)->push_back(row);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), append, &rows, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
  return rows;
}

TEST_F(MlmdTest, HasTheTablesAndIndicesOfMlMetadata) {
  Client("create", Path("theirs"));
  ASSERT_TRUE(OpenStore(Path("ours"), clock_).ok());
  const std::string kTables =
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
      "AND name NOT LIKE 'penstock_%' ORDER BY name";
  const std::vector<std::string> tables = Query(Path("theirs"), kTables);
  EXPECT_EQ(tables.size(), 15u);
  EXPECT_EQ(Query(Path("ours"), kTables), tables);
  for (const std::string& table : tables) {
    // AUTOINCREMENT shows only in the text; it decides whether an id is ever given twice.
    const std::string counts =
        fmt::format("SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE name = '{}'", table);
    EXPECT_EQ(Query(Path("ours"), counts), Query(Path("theirs"), counts)) << table;
    const std::string columns = fmt::format("PRAGMA table_info(`{}`)", table);
    EXPECT_EQ(Query(Path("ours"), columns), Query(Path("theirs"), columns)) << table;
    const std::string indices = fmt::format(
        "SELECT L.name, L.\"unique\", L.origin, L.partial, I.seqno, I.name FROM pragma_index_list('{}') L, "
        "pragma_index_info(L.name) I ORDER BY L.name, I.seqno",
        table);
    EXPECT_EQ(Query(Path("ours"), indices), Query(Path("theirs"), indices)) << table;
  }
  const std::string kVersion = "SELECT schema_version FROM MLMDEnv";
  EXPECT_EQ(Query(Path("ours"), kVersion), Query(Path("theirs"), kVersion));
  const std::string kTypes = "SELECT * FROM Type ORDER BY id";
  EXPECT_EQ(Query(Path("ours"), kTypes), Query(Path("theirs"), kTypes));
}

TEST_F(MlmdTest, UpgradesOlderStoresAsMlMetadataDoes) {
  Client("fill", Path("filled"));
  for (int version = 9; version >= 0; --version) {
    SCOPED_TRACE(version);
    const std::string theirs = Path("theirs" + std::to_string(version));
    const std::string ours = Path("ours" + std::to_string(version));
    ASSERT_TRUE(fs::WriteFileAtomically(theirs, fs::ReadFile(Path("filled")).value()).ok());
    Client("downgrade-" + std::to_string(version), theirs);
    ASSERT_TRUE(fs::WriteFileAtomically(ours, fs::ReadFile(theirs).value()).ok());
    Client("upgrade", theirs);
    EXPECT_FALSE(OpenStore(ours, clock_).ok());
    const Status upgraded = UpgradeStore(ours);
    ASSERT_TRUE(upgraded.ok()) << upgraded;
    for (const std::string table :
         {"Type", "TypeProperty", "ParentType", "Artifact", "ArtifactProperty", "Execution",
          "ExecutionProperty", "Context", "ContextProperty", "ParentContext", "Event", "EventPath",
          "Association", "Attribution", "MLMDEnv"}) {
      // The library adds its own simple types when it opens a store; ours when it serves one.
      const std::string rows =
          fmt::format("SELECT * FROM `{}`{}", table, table == "Type" ? " WHERE name NOT LIKE 'mlmd.%'" : "");
      EXPECT_THAT(Query(ours, rows), testing::UnorderedElementsAreArray(Query(theirs, rows))) << table;
    }
    const std::string kIndices =
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND name LIKE 'idx_%' ORDER BY name";
    EXPECT_EQ(Query(ours, kIndices), Query(Path("filled"), kIndices));
    EXPECT_TRUE(OpenStore(ours, clock_).ok());
  }
}

pipeline::Artifact Examples() {
  pipeline::Artifact examples{
      .name = "taxi-examples", .type = "Examples", .uri = "/examples", .content = DigestOf("e")};
  examples.properties = {
      {"span", 3}, {"split_names", "[\"train\",\"eval\"]"}, {"fraction", 0.5}, {"is_new", true}};
  return examples;
}

/// Gen -> Stats (which reads the examples under two names), then Stats once more from the cache, then a
/// failed node.
void WriteRun(MetadataStore& store) {
  ExecutionPlan generate{
      .run_id = "run-1", .pipeline_name = "taxi", .node_id = "Gen", .component_type = "CsvExampleGen"};
  generate.parameters = {{"header", "yes"}, {"num_buckets", 10}, {"splits", {{"train", 2}, {"eval", 1}}}};
  const auto generated = store.BeginExecution(generate);
  ASSERT_TRUE(generated.ok()) << generated.status();
  ExecutionOutcome outcome;
  outcome.outputs = {{"examples", {Examples()}}};
  const auto outputs = store.FinishExecution(*generated, outcome);
  ASSERT_TRUE(outputs.ok()) << outputs.status();

  const int64_t examples = outputs->at("examples").front().id;
  ExecutionPlan compute{
      .run_id = "run-1", .pipeline_name = "taxi", .node_id = "Stats", .component_type = "StatisticsGen"};
  compute.inputs = {{"examples", {examples}}, {"reference", {examples}}};
  const auto computed = store.BeginExecution(compute);
  ASSERT_TRUE(computed.ok()) << computed.status();
  outcome.outputs = {{"statistics", {{.type = "ExampleStatistics", .uri = "/statistics"}}}};
  ASSERT_TRUE(store.FinishExecution(*computed, outcome).ok());
  compute.run_id = "run-2";
  ASSERT_TRUE(store.PublishCached(compute, *computed).ok());

  ExecutionPlan fail{
      .run_id = "run-2", .pipeline_name = "taxi", .node_id = "Train", .component_type = "Trainer"};
  const auto failed = store.BeginExecution(fail);
  ASSERT_TRUE(failed.ok()) << failed.status();
  outcome = {.state = ExecutionState::kFailed, .error_code = "INVALID_ARGUMENT", .error_message = "no label"};
  ASSERT_TRUE(store.FinishExecution(*failed, outcome).ok());
}

TEST_F(MlmdTest, IsReadByMlMetadatasClient) {
  const auto store = OpenStore(Path(), clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_NO_FATAL_FAILURE(WriteRun(**store));
  const json seen = json::parse(Client("dump", Path()));

  EXPECT_EQ(seen["artifact_types"], json::parse(R"({
    "Examples": {"base": "DATASET", "properties": {"span": "INT", "version": "INT", "split_names": "STRING"}},
    "ExampleStatistics": {"base": "STATISTICS", "properties": {"span": "INT", "split_names": "STRING"}}})"));
  EXPECT_EQ(seen["execution_types"], json::parse(R"({
    "CsvExampleGen": {"base": "", "properties": {}}, "StatisticsGen": {"base": "PROCESS", "properties": {}},
    "Trainer": {"base": "TRAIN", "properties": {}}})"));
  EXPECT_EQ(seen["context_types"], json({"node", "pipeline", "pipeline_run"}));
  EXPECT_EQ(seen["artifacts"][0], json::parse(fmt::format(R"({{
    "type": "Examples", "uri": "/examples", "name": "taxi-examples", "state": "LIVE", "created": 1700000000123,
    "properties": {{"span": 3, "split_names": "[\"train\",\"eval\"]"}},
    "custom_properties": {{"fraction": 0.5, "is_new": true, "penstock.content_digest": "{}"}}}})",
                                                          DigestOf("e").ToHex())));
  EXPECT_EQ(seen["artifacts"].size(), 2u);
  EXPECT_EQ(seen["filtered"], json({"/examples"}));
  ASSERT_EQ(seen["executions"].size(), 4u);
  const json& generated = seen["executions"][0];
  EXPECT_EQ(generated["type"], "CsvExampleGen");
  EXPECT_EQ(generated["name"], "run-1/Gen/1");
  EXPECT_EQ(generated["state"], "COMPLETE");
  EXPECT_EQ(generated["custom_properties"]["num_buckets"], 10);
  EXPECT_EQ(generated["custom_properties"]["header"], "yes");
  EXPECT_EQ(generated["custom_properties"]["splits"], R"({"eval":1,"train":2})");
  EXPECT_EQ(seen["executions"][2]["state"], "CACHED");
  EXPECT_EQ(seen["executions"][3]["state"], "FAILED");
  EXPECT_EQ(seen["executions"][3]["custom_properties"]["penstock.error_message"], "no label");
  EXPECT_EQ(seen["events"], json::parse(R"([
    ["run-1/Gen/1", "OUTPUT", "/examples", ["examples", 0]],
    ["run-1/Stats/1", "INPUT", "/examples", ["examples", 0, "reference", 0]],
    ["run-1/Stats/1", "OUTPUT", "/statistics", ["statistics", 0]],
    ["run-2/Stats/1", "INPUT", "/examples", ["examples", 0, "reference", 0]],
    ["run-2/Stats/1", "OUTPUT", "/statistics", ["statistics", 0]]])"));
  std::map<std::string, json> contexts;
  for (const json& context : seen["contexts"]) contexts[context["name"]] = context;
  EXPECT_EQ(contexts["taxi"], json::parse(R"({"type": "pipeline", "name": "taxi", "parents": [],
    "executions": ["run-1/Gen/1", "run-1/Stats/1", "run-2/Stats/1", "run-2/Train/1"],
    "artifacts": ["/examples", "/statistics"]})"));
  EXPECT_EQ(contexts["run-2"], json::parse(R"({"type": "pipeline_run", "name": "run-2", "parents": ["taxi"],
    "executions": ["run-2/Stats/1", "run-2/Train/1"], "artifacts": ["/statistics"]})"));
  EXPECT_EQ(contexts["taxi.Gen"], json::parse(R"({"type": "node", "name": "taxi.Gen", "parents": ["taxi"],
    "executions": ["run-1/Gen/1"], "artifacts": ["/examples"]})"));
  EXPECT_EQ(seen["contexts_of_executions"]["run-1/Gen/1"], json({"run-1", "taxi", "taxi.Gen"}));
}

TEST_F(MlmdTest, ReadsWhatMlMetadatasClientAdds) {
  const auto store = OpenStore(Path(), clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_NO_FATAL_FAILURE(WriteRun(**store));
  ExecutionPlan train{
      .run_id = "run-3", .pipeline_name = "taxi", .node_id = "Train", .component_type = "Trainer"};
  const auto trained = (*store)->BeginExecution(train);
  ASSERT_TRUE(trained.ok());
  ExecutionOutcome outcome;
  outcome.outputs = {{"model", {{.type = "Model", .uri = "/model"}}}};
  ASSERT_TRUE((*store)->FinishExecution(*trained, outcome).ok());
  Client("write", Path());

  const auto models = (*store)->FindArtifacts({.type = "Model", .pipeline_name = "taxi"});
  ASSERT_TRUE(models.ok()) << models.status();
  ASSERT_EQ(models->size(), 2u);
  EXPECT_EQ(models->front().uri, "/foreign/model");
  EXPECT_EQ(models->front().properties["auc"], 0.93);
  const auto producer = (*store)->ProducerOf(models->front().id);
  ASSERT_TRUE(producer.ok()) << producer.status();
  EXPECT_EQ(producer->component_type, "ForeignTrainer");
  EXPECT_EQ(producer->state, ExecutionState::kComplete);
}

TEST_F(MlmdTest, TakesOverStoreThatMlMetadataMade) {
  Client("create", Path());
  const auto store = OpenStore(Path(), clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_NO_FATAL_FAILURE(WriteRun(**store));
  EXPECT_THAT(Client("dump", Path()), StartsWith("{\"artifact_types\""));
}

}  // namespace
}  // namespace penstock::metadata
