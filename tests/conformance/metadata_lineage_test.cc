#include "conformance/metadata_store_suite.h"

namespace penstock::metadata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> NodesOf(const LineageGraph& graph) {
  std::vector<std::string> nodes;
  for (const Execution& execution : graph.executions) nodes.push_back(execution.node_id);
  return nodes;
}

struct Chain {
  pipeline::Artifact examples, statistics, schema, model;
};

ExecutionPlan Reading(ExecutionPlan plan, std::map<std::string, std::vector<int64_t>> inputs) {
  plan.inputs = std::move(inputs);
  return plan;
}

TEST_P(MetadataStoreSuite, TracesAncestorsAndDescendants) {
  Chain chain;
  chain.examples = Produce(Plan("Gen"), "examples", NewArtifact("Examples", "/e"));
  chain.statistics = Produce(Reading(Plan("Stats"), {{"examples", {chain.examples.id}}}), "statistics",
                             NewArtifact("ExampleStatistics", "/s"));
  chain.schema = Produce(Reading(Plan("Schema"), {{"statistics", {chain.statistics.id}}}), "schema",
                         NewArtifact("Schema", "/c"));
  chain.model =
      Produce(Reading(Plan("Trainer"), {{"examples", {chain.examples.id}}, {"schema", {chain.schema.id}}}),
              "model", NewArtifact("Model", "/m"));

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const LineageGraph whole, store().TraceLineage(chain.statistics.id, 10));
  EXPECT_THAT(IdsOf(whole.artifacts),
              ElementsAre(chain.examples.id, chain.statistics.id, chain.schema.id, chain.model.id));
  EXPECT_THAT(NodesOf(whole), ElementsAre("Gen", "Stats", "Schema", "Trainer"));
  EXPECT_EQ(whole.edges.size(), 8u);
  EXPECT_EQ(whole.edges[0], (LineageEdge{whole.executions[0].id, chain.examples.id, true, "examples", 0}));
  EXPECT_EQ(whole.edges[1], (LineageEdge{whole.executions[1].id, chain.examples.id, false, "examples", 0}));

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const LineageGraph up,
                                store().TraceLineage(chain.model.id, 1, LineageDirection::kUpstream));
  EXPECT_THAT(NodesOf(up), ElementsAre("Trainer"));
  EXPECT_THAT(IdsOf(up.artifacts), ElementsAre(chain.examples.id, chain.schema.id, chain.model.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const LineageGraph down,
                                store().TraceLineage(chain.schema.id, 10, LineageDirection::kDownstream));
  EXPECT_THAT(NodesOf(down), ElementsAre("Trainer"));
  EXPECT_THAT(IdsOf(down.artifacts), ElementsAre(chain.schema.id, chain.model.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const LineageGraph itself, store().TraceLineage(chain.schema.id, 0));
  EXPECT_THAT(NodesOf(itself), IsEmpty());
  EXPECT_THAT(IdsOf(itself.artifacts), ElementsAre(chain.schema.id));
}

TEST_P(MetadataStoreSuite, LeavesCachedExecutionsAndResolversOutOfLineage) {
  const auto old_model = Produce(Plan("OldTrainer"), "model", NewArtifact("Model", "/old"));
  const auto examples = Produce(Plan("Gen"), "examples", NewArtifact("Examples", "/e"));
  ExecutionPlan train = Reading(Plan("Trainer"), {{"examples", {examples.id}}});
  const auto model = Produce(train, "model", NewArtifact("Model", "/m"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const Execution trained, store().ProducerOf(model.id));
  train.run_id = "run-2";
  PENSTOCK_ASSERT_OK(store().PublishCached(train, trained.id).status());
  Complete(Reading(Plan("Resolver", "Resolver"), {{"model", {model.id}}}), {{"baseline_model", {old_model}}});

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const LineageGraph of_examples, store().TraceLineage(examples.id, 10));
  EXPECT_THAT(NodesOf(of_examples), ElementsAre("Gen", "Trainer", "Resolver"));
  EXPECT_THAT(IdsOf(of_examples.artifacts), ElementsAre(examples.id, model.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const LineageGraph of_old, store().TraceLineage(old_model.id, 10));
  EXPECT_THAT(NodesOf(of_old), ElementsAre("OldTrainer"));
}

TEST_P(MetadataStoreSuite, RefusesLineageOfNothingAndOfTooManyHops) {
  EXPECT_THAT(store().TraceLineage(4711, 3).status(), IsError(StatusCode::kNotFound, "4711"));
  const auto schema = Produce(Plan("Schema"), "schema", NewArtifact("Schema", "/c"));
  EXPECT_THAT(store().TraceLineage(schema.id, -1).status(), IsError(StatusCode::kInvalidArgument, "-1"));
  EXPECT_THAT(store().TraceLineage(schema.id, 1001).status(), IsError(StatusCode::kInvalidArgument, "1001"));
}

}  // namespace
}  // namespace penstock::metadata
