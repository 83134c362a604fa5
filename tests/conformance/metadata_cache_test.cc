#include "conformance/metadata_store_suite.h"

namespace penstock::metadata {
namespace {

using pipeline::ArtifactState;
using testing::ElementsAre;

ExecutionPlan WithKey(ExecutionPlan plan, std::string_view key, std::string run_id = "run-1") {
  plan.cache_key = DigestOf(key);
  plan.run_id = std::move(run_id);
  return plan;
}

TEST_P(MetadataStoreSuite, FindsLatestCompleteExecutionWithKey) {
  Complete(WithKey(Plan("Gen"), "k"), {{"examples", {NewArtifact("Examples", "/1")}}});
  ExecutionPlan later_plan = WithKey(Plan("Gen"), "k", "run-2");
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t later, store().BeginExecution(later_plan));
  ExecutionOutcome outcome;
  outcome.outputs = {{"examples", {NewArtifact("Examples", "/2")}}};
  outcome.output_parameters = {{"rows", 5}};
  PENSTOCK_ASSERT_OK(store().FinishExecution(later, outcome).status());

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto cached, store().FindCached(DigestOf("k")));
  ASSERT_TRUE(cached.has_value());
  EXPECT_EQ(cached->execution_id, later);
  EXPECT_EQ(cached->outputs.at("examples").front().uri, "/2");
  EXPECT_EQ(cached->output_parameters, outcome.output_parameters);
}

TEST_P(MetadataStoreSuite, OffersNothingThatIsNotCompleteOrHasNoKey) {
  PENSTOCK_ASSERT_OK(store().BeginExecution(WithKey(Plan("Running"), "running")).status());
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t failed,
                                store().BeginExecution(WithKey(Plan("Failed"), "failed")));
  ExecutionOutcome outcome;
  outcome.state = ExecutionState::kFailed;
  PENSTOCK_ASSERT_OK(store().FinishExecution(failed, outcome).status());
  ExecutionPlan keyless = Plan("Pusher");
  keyless.cache_key = Digest();
  Complete(keyless, {});

  for (const Digest& key : {DigestOf("running"), DigestOf("failed"), DigestOf("unheard of"), Digest()}) {
    PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto cached, store().FindCached(key));
    EXPECT_FALSE(cached.has_value()) << key.ToHex();
  }
}

TEST_P(MetadataStoreSuite, OffersOnlyExecutionsWhoseOutputsAreLive) {
  const int64_t first = Complete(WithKey(Plan("Gen"), "k"), {{"examples", {NewArtifact("Examples", "/1")}}});
  const auto second = Produce(WithKey(Plan("Gen"), "k", "run-2"), "examples", NewArtifact("Examples", "/2"));
  PENSTOCK_ASSERT_OK(store().SetArtifactState(std::vector{second.id}, ArtifactState::kDeleted));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto cached, store().FindCached(DigestOf("k")));
  ASSERT_TRUE(cached.has_value());
  EXPECT_EQ(cached->execution_id, first);
  PENSTOCK_ASSERT_OK(
      store().SetArtifactState(std::vector{cached->outputs.at("examples")[0].id}, ArtifactState::kAbandoned));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto nothing, store().FindCached(DigestOf("k")));
  EXPECT_FALSE(nothing.has_value());
}

TEST_P(MetadataStoreSuite, PublishesCachedExecutionWithTheOutputsOfTheOther) {
  PENSTOCK_ASSERT_OK(store().CreateRun(NewRun("run-2")));
  const auto input = Produce(Plan("Gen"), "examples", NewArtifact("Examples", "/e"));
  ExecutionPlan plan = WithKey(Plan("Stats"), "k");
  plan.inputs = {{"examples", {input.id}}};
  const auto output = Produce(plan, "statistics", NewArtifact("ExampleStatistics", "/s"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto cached, store().FindCached(DigestOf("k")));
  ASSERT_TRUE(cached.has_value());

  const std::vector<std::string> events = {"cached"};
  plan.run_id = "run-2";
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t id,
                                store().PublishCached(plan, cached->execution_id, {0, events}));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t again,
                                store().PublishCached(plan, cached->execution_id, {0, events}));
  EXPECT_EQ(id, again);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution execution, store().GetExecution(id));
  EXPECT_EQ(execution.state, ExecutionState::kCached);
  EXPECT_EQ(execution.cached_execution_id, cached->execution_id);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto inputs, store().InputsOf(id));
  EXPECT_THAT(IdsOf(inputs.at("examples")), ElementsAre(input.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto outputs, store().OutputsOf(id));
  EXPECT_THAT(IdsOf(outputs.at("statistics")), ElementsAre(output.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto history, store().ReadRunEvents("run-2"));
  EXPECT_THAT(history, ElementsAre("cached"));

  // The cached one did not make it, and is not itself what the next run finds.
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution producer, store().ProducerOf(output.id));
  EXPECT_EQ(producer.id, cached->execution_id);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto found, store().FindCached(DigestOf("k")));
  EXPECT_EQ(found->execution_id, cached->execution_id);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto of_run, store().FindArtifacts({.run_id = "run-2"}));
  EXPECT_THAT(IdsOf(of_run), ElementsAre(output.id));
}

TEST_P(MetadataStoreSuite, RefusesToPublishWhatCannotStandIn) {
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const int64_t running, store().BeginExecution(WithKey(Plan("A"), "a")));
  EXPECT_THAT(store().PublishCached(WithKey(Plan("A"), "a", "run-2"), running).status(),
              IsError(StatusCode::kFailedPrecondition, "it is RUNNING"));
  const int64_t complete = Complete(WithKey(Plan("B"), "b"), {{"schema", {NewArtifact("Schema", "/s")}}});
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto outputs, store().OutputsOf(complete));
  PENSTOCK_ASSERT_OK(store().SetArtifactState(IdsOf(outputs.at("schema")), ArtifactState::kDeleted));
  EXPECT_THAT(store().PublishCached(WithKey(Plan("B"), "b", "run-2"), complete).status(),
              IsError(StatusCode::kFailedPrecondition, "output 'schema'"));
  EXPECT_THAT(store().PublishCached(WithKey(Plan("C"), "c", "run-2"), 4711).status(),
              IsError(StatusCode::kNotFound, "execution 4711"));
  EXPECT_THAT(store().PublishCached(WithKey(Plan("A"), "a"), running).status(),
              IsError(StatusCode::kFailedPrecondition, "cannot become cached"));
}

}  // namespace
}  // namespace penstock::metadata
