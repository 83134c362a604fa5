#include "conformance/metadata_store_suite.h"

namespace penstock::metadata {
namespace {

using pipeline::ArtifactState;
using testing::ElementsAre;

TEST_P(MetadataStoreSuite, BeginsExecutionAsRunning) {
  ExecutionPlan plan = Plan("StatisticsGen");
  plan.attempt = 2;
  plan.parameters = {{"num_buckets", 10}};
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(plan));

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution execution, store().GetExecution(id));
  EXPECT_EQ(execution.id, id);
  EXPECT_EQ(execution.state, ExecutionState::kRunning);
  EXPECT_EQ(execution.run_id, "run-1");
  EXPECT_EQ(execution.pipeline_name, "taxi");
  EXPECT_EQ(execution.node_id, "StatisticsGen");
  EXPECT_EQ(execution.component_type, "StatisticsGen");
  EXPECT_EQ(execution.attempt, 2);
  EXPECT_EQ(execution.cache_key, plan.cache_key);
  EXPECT_EQ(execution.parameters, plan.parameters);
  EXPECT_EQ(execution.created, clock().Now());
}

TEST_P(MetadataStoreSuite, AnswersSameIdWhenBeginIsRepeated) {
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t first, store().BeginExecution(Plan("Trainer")));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t second, store().BeginExecution(Plan("Trainer")));
  EXPECT_EQ(first, second);
  ExecutionPlan retry = Plan("Trainer");
  retry.attempt = 2;
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t third, store().BeginExecution(retry));
  EXPECT_NE(first, third);
}

TEST_P(MetadataStoreSuite, RefusesUnknownInputAndRecordsNothing) {
  ExecutionPlan plan = Plan("SchemaGen");
  plan.inputs = {{"statistics", {4711}}};
  EXPECT_THAT(
      store().BeginExecution(plan).status(),
      IsError(StatusCode::kNotFound, "artifact 4711 in the metadata store, named as input 'statistics'"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto executions, store().FindExecutions("run-1"));
  EXPECT_TRUE(executions.empty());
}

TEST_P(MetadataStoreSuite, RefusesPlanWithoutNames) {
  EXPECT_THAT(store().BeginExecution(Plan("")).status(), IsError(StatusCode::kInvalidArgument, "node id"));
  ExecutionPlan plan = Plan("Trainer");
  plan.attempt = 0;
  EXPECT_THAT(store().BeginExecution(plan).status(), IsError(StatusCode::kInvalidArgument, "count from 1"));
}

TEST_P(MetadataStoreSuite, MakesOutputsLiveWhenExecutionFinishes) {
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(Plan("ExampleGen", "ExampleGen")));
  clock().Advance(5'000'000);
  ExecutionOutcome outcome;
  pipeline::Artifact examples = NewArtifact("Examples", "/root/examples/1");
  examples.name = "taxi-examples";
  examples.properties = {
      {"span", 3}, {"split_names", "[\"train\", \"eval\"]"}, {"fraction", 0.5}, {"is_new", true}};
  outcome.outputs = {{"examples", {examples}}};
  outcome.output_parameters = {{"num_rows", 15002}};
  outcome.usage = {1.5, 2.25, int64_t{300} << 20};
  outcome.log_path = "/root/logs/ExampleGen.log";
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const ArtifactsByName stored, store().FinishExecution(id, outcome));

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto artifact, store().GetArtifact(stored.at("examples").front().id));
  EXPECT_EQ(artifact.type, "Examples");
  EXPECT_EQ(artifact.uri, "/root/examples/1");
  EXPECT_EQ(artifact.name, "taxi-examples");
  EXPECT_EQ(artifact.state, ArtifactState::kLive);
  EXPECT_EQ(artifact.content, examples.content);
  EXPECT_EQ(artifact.properties, examples.properties);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution execution, store().GetExecution(id));
  EXPECT_EQ(execution.state, ExecutionState::kComplete);
  EXPECT_EQ(execution.updated, clock().Now());
  EXPECT_EQ(execution.output_parameters, outcome.output_parameters);
  EXPECT_EQ(execution.usage.wall_seconds, 1.5);
  EXPECT_EQ(execution.usage.cpu_seconds, 2.25);
  EXPECT_EQ(execution.usage.peak_memory_bytes, int64_t{300} << 20);
  EXPECT_EQ(execution.log_path, "/root/logs/ExampleGen.log");
}

TEST_P(MetadataStoreSuite, AnswersStoredOutputsWhenFinishIsRepeated) {
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(Plan("SchemaGen")));
  ExecutionOutcome outcome;
  outcome.outputs = {{"schema", {NewArtifact("Schema", "/schema")}}};
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const ArtifactsByName first, store().FinishExecution(id, outcome));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const ArtifactsByName second, store().FinishExecution(id, outcome));
  EXPECT_EQ(IdsOf(first.at("schema")), IdsOf(second.at("schema")));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto all, store().FindArtifacts({}));
  EXPECT_EQ(all.size(), 1u);
}

TEST_P(MetadataStoreSuite, RefusesToFinishInAnotherState) {
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(Plan("Trainer")));
  ExecutionOutcome failed;
  failed.state = ExecutionState::kFailed;
  PENSTOCK_ASSERT_OK(store().FinishExecution(id, failed).status());
  EXPECT_THAT(store().FinishExecution(id, {}).status(),
              IsError(StatusCode::kFailedPrecondition, "finished as FAILED and cannot become COMPLETE"));
  ExecutionOutcome running;
  running.state = ExecutionState::kRunning;
  EXPECT_THAT(store().FinishExecution(id, running).status(),
              IsError(StatusCode::kInvalidArgument, "RUNNING"));
}

TEST_P(MetadataStoreSuite, NamesUnknownExecution) {
  EXPECT_THAT(store().FinishExecution(99, {}).status(), IsError(StatusCode::kNotFound, "execution 99"));
  EXPECT_THAT(store().GetExecution(99).status(), IsError(StatusCode::kNotFound, "execution 99"));
  EXPECT_THAT(store().InputsOf(99).status(), IsError(StatusCode::kNotFound, "execution 99"));
  EXPECT_THAT(store().OutputsOf(99).status(), IsError(StatusCode::kNotFound, "execution 99"));
}

TEST_P(MetadataStoreSuite, KeepsErrorOfFailedExecution) {
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(Plan("Trainer")));
  ExecutionOutcome outcome;
  outcome.state = ExecutionState::kFailed;
  outcome.error_code = "INVALID_ARGUMENT";
  outcome.error_message = "data.csv:17: \xff is not UTF-8";
  PENSTOCK_ASSERT_OK(store().FinishExecution(id, outcome).status());
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution execution, store().GetExecution(id));
  EXPECT_EQ(execution.state, ExecutionState::kFailed);
  EXPECT_EQ(execution.error_code, "INVALID_ARGUMENT");
  EXPECT_EQ(execution.error_message, "data.csv:17: \xEF\xBF\xBD is not UTF-8");
}

TEST_P(MetadataStoreSuite, RecordsNothingOfFinishWithOneBadOutput) {
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(Plan("Trainer")));
  ExecutionOutcome outcome;
  outcome.outputs = {{"a_model", {NewArtifact("Model", "/model")}},
                     {"model_run", {NewArtifact("ModelRun", "/run")}}};
  outcome.outputs["model_run"][0].properties = {{"curve", {1, 2, 3}}};
  EXPECT_THAT(store().FinishExecution(id, outcome).status(),
              IsError(StatusCode::kInvalidArgument, "output 'model_run' of node 'Trainer'"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto artifacts, store().FindArtifacts({}));
  EXPECT_TRUE(artifacts.empty());
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution execution, store().GetExecution(id));
  EXPECT_EQ(execution.state, ExecutionState::kRunning);
}

TEST_P(MetadataStoreSuite, RefusesTakenArtifactName) {
  pipeline::Artifact model = NewArtifact("Model", "/model");
  model.name = "champion";
  Complete(Plan("Trainer"), {{"model", {model}}});
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(Plan("Trainer2")));
  ExecutionOutcome outcome;
  outcome.outputs = {{"model", {model}}};
  EXPECT_THAT(store().FinishExecution(id, outcome).status(),
              IsError(StatusCode::kAlreadyExists, "'champion'"));
}

TEST_P(MetadataStoreSuite, AppendsRunEventsInTheTransactionOfAnExecution) {
  PENSTOCK_ASSERT_OK(store().CreateRun(NewRun("run-1")));
  const std::vector<std::string> started = {"started"};
  const std::vector<std::string> finished = {"finished", "and published"};
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(Plan("Trainer"), {0, started}));
  ExecutionOutcome outcome;
  outcome.outputs = {{"model", {NewArtifact("Model", "/model")}}};
  EXPECT_THAT(store().FinishExecution(id, outcome, {5, finished}).status(),
              IsError(StatusCode::kFailedPrecondition, "1 events where 5 were expected"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto nothing, store().FindArtifacts({}));
  EXPECT_TRUE(nothing.empty());

  PENSTOCK_ASSERT_OK(store().FinishExecution(id, outcome, {1, finished}).status());
  PENSTOCK_ASSERT_OK(store().FinishExecution(id, outcome, {1, finished}).status());
  PENSTOCK_ASSERT_OK(store().BeginExecution(Plan("Trainer"), {0, started}).status());
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto events, store().ReadRunEvents("run-1"));
  EXPECT_THAT(events, ElementsAre("started", "finished", "and published"));
}

TEST_P(MetadataStoreSuite, KeepsInputsInOrderAndUnderSeveralNames) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 4; ++i) {
    const std::string node = "Gen" + std::to_string(i);
    ids.push_back(Produce(Plan(node), "examples", NewArtifact("Examples", "/" + node)).id);
  }
  ExecutionPlan plan = Plan("Evaluator");
  plan.inputs = {{"examples", {ids[3], ids[0], ids[2]}}, {"baseline", {ids[0], ids[1]}}};
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(plan));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const ArtifactsByName inputs, store().InputsOf(id));
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_THAT(IdsOf(inputs.at("examples")), ElementsAre(ids[3], ids[0], ids[2]));
  EXPECT_THAT(IdsOf(inputs.at("baseline")), ElementsAre(ids[0], ids[1]));
}

TEST_P(MetadataStoreSuite, HandsOnExistingArtifactAsOutput) {
  const auto model = Produce(Plan("Trainer"), "model", NewArtifact("Model", "/model"));
  const int64_t resolver =
      Complete(Plan("Resolver", "Resolver"), {{"baseline_model", {model}}, {"none", {}}});
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const ArtifactsByName outputs, store().OutputsOf(resolver));
  EXPECT_THAT(IdsOf(outputs.at("baseline_model")), ElementsAre(model.id));
  EXPECT_FALSE(outputs.contains("none"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution producer, store().ProducerOf(model.id));
  EXPECT_EQ(producer.node_id, "Trainer");

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(Plan("Resolver2", "Resolver")));
  ExecutionOutcome unknown;
  unknown.outputs = {{"baseline_model", {pipeline::Artifact{.id = 999}}}};
  EXPECT_THAT(store().FinishExecution(id, unknown).status(), IsError(StatusCode::kNotFound, "artifact 999"));
}

TEST_P(MetadataStoreSuite, KeepsParametersOfEveryJsonType) {
  ExecutionPlan plan = Plan("Trainer");
  plan.parameters = {{"text", "héllo\n\"x\""}, {"empty", ""},         {"integer", -7},
                     {"double", 0.1},          {"flag", false},       {"list", {1, "two", nullptr}},
                     {"null", nullptr},        {"object", {{"a", 1}}}};
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id, store().BeginExecution(plan));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution execution, store().GetExecution(id));
  EXPECT_EQ(execution.parameters, plan.parameters);
}

TEST_P(MetadataStoreSuite, ListsExecutionsOfRunInTheOrderTheyBegan) {
  Complete(Plan("B"), {});
  Complete(Plan("A"), {});
  ExecutionPlan other = Plan("C");
  other.run_id = "run-2";
  Complete(other, {});
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto executions, store().FindExecutions("run-1"));
  ASSERT_EQ(executions.size(), 2u);
  EXPECT_EQ(executions[0].node_id, "B");
  EXPECT_EQ(executions[1].node_id, "A");
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto none, store().FindExecutions("run-3"));
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace penstock::metadata
