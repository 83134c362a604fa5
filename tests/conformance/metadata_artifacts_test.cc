#include "conformance/metadata_store_suite.h"

namespace penstock::metadata {
namespace {

using pipeline::ArtifactState;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(MetadataStoreSuite, FindsArtifactsByTypeNewestFirst) {
  const auto a = Produce(Plan("A"), "schema", NewArtifact("Schema", "/a"));
  Produce(Plan("B"), "model", NewArtifact("Model", "/b"));
  const auto c = Produce(Plan("C"), "schema", NewArtifact("Schema", "/c"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto schemas, store().FindArtifacts({.type = "Schema"}));
  EXPECT_THAT(IdsOf(schemas), ElementsAre(c.id, a.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto none, store().FindArtifacts({.type = "Nonsense"}));
  EXPECT_THAT(none, IsEmpty());
}

TEST_P(MetadataStoreSuite, FindsArtifactsByPipelineRunAndNode) {
  const auto mine = Produce(Plan("Gen"), "examples", NewArtifact("Examples", "/1"));
  ExecutionPlan other = Plan("Gen");
  other.pipeline_name = "flights";
  other.run_id = "run-2";
  const auto theirs = Produce(other, "examples", NewArtifact("Examples", "/2"));
  ExecutionPlan consumer = Plan("Stats");
  consumer.inputs = {{"examples", {mine.id}}};
  const auto statistics = Produce(consumer, "statistics", NewArtifact("ExampleStatistics", "/3"));

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto of_taxi, store().FindArtifacts({.pipeline_name = "taxi"}));
  EXPECT_THAT(IdsOf(of_taxi), ElementsAre(statistics.id, mine.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto of_run, store().FindArtifacts({.run_id = "run-2"}));
  EXPECT_THAT(IdsOf(of_run), ElementsAre(theirs.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto of_node,
                                store().FindArtifacts({.pipeline_name = "taxi", .node_id = "Stats"}));
  EXPECT_THAT(IdsOf(of_node), ElementsAre(statistics.id));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto of_unknown, store().FindArtifacts({.pipeline_name = "nothing"}));
  EXPECT_THAT(of_unknown, IsEmpty());
  EXPECT_THAT(store().FindArtifacts({.node_id = "Stats"}).status(),
              IsError(StatusCode::kInvalidArgument, "needs the pipeline's name"));
}

TEST_P(MetadataStoreSuite, FindsArtifactsByPropertyOfEachType) {
  pipeline::Artifact artifact = NewArtifact("Examples", "/1");
  artifact.properties = {{"span", 7}, {"fraction", 0.25}, {"source", "taxi"}, {"is_new", true}};
  const auto stored = Produce(Plan("A"), "examples", artifact);
  artifact.properties = {{"span", 8}, {"fraction", 0.75}, {"source", "flights"}, {"is_new", false}};
  Produce(Plan("B"), "examples", artifact);
  for (const auto& [name, value] : std::vector<std::pair<std::string, nlohmann::json>>{
           {"span", 7}, {"fraction", 0.25}, {"source", "taxi"}, {"is_new", true}}) {
    PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto found, store().FindArtifacts({.properties = {{name, value}}}));
    EXPECT_THAT(IdsOf(found), ElementsAre(stored.id)) << name;
  }
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto both_differ,
                                store().FindArtifacts({.properties = {{"span", 7}, {"source", "flights"}}}));
  EXPECT_THAT(both_differ, IsEmpty());
  EXPECT_THAT(store().FindArtifacts({.properties = {{"span", {1, 2}}}}).status(),
              IsError(StatusCode::kInvalidArgument, "'span'"));
}

TEST_P(MetadataStoreSuite, FindsArtifactsByUriStateAndPage) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(
        Produce(Plan("N" + std::to_string(i)), "model", NewArtifact("Model", "/" + std::to_string(i))).id);
  }
  PENSTOCK_ASSERT_OK(store().SetArtifactState(std::vector{ids[1]}, ArtifactState::kDeleted));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto by_uri, store().FindArtifacts({.uri = "/3"}));
  EXPECT_THAT(IdsOf(by_uri), ElementsAre(ids[3]));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto deleted,
                                store().FindArtifacts({.state = ArtifactState::kDeleted}));
  EXPECT_THAT(IdsOf(deleted), ElementsAre(ids[1]));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto first_page, store().FindArtifacts({.limit = 2}));
  EXPECT_THAT(IdsOf(first_page), ElementsAre(ids[4], ids[3]));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto second_page,
                                store().FindArtifacts({.before_artifact_id = ids[3], .limit = 2}));
  EXPECT_THAT(IdsOf(second_page), ElementsAre(ids[2], ids[1]));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto nothing, store().FindArtifacts({.limit = 0}));
  EXPECT_THAT(nothing, IsEmpty());
  EXPECT_THAT(store().FindArtifacts({.limit = -1}).status(), IsError(StatusCode::kInvalidArgument, "limit"));
}

TEST_P(MetadataStoreSuite, KeepsExtremePropertyValues) {
  pipeline::Artifact artifact = NewArtifact("ModelEvaluation", "/e");
  artifact.properties = {{"smallest", std::numeric_limits<int64_t>::min()},
                         {"largest", std::numeric_limits<int64_t>::max()},
                         {"whole", 3.0},
                         {"empty", ""},
                         {"quoted", "'; DROP TABLE Artifact; --"}};
  if (GetParam().has_infinity) artifact.properties["infinite"] = std::numeric_limits<double>::infinity();
  const auto stored = Produce(Plan("A"), "evaluation", artifact);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto read, store().GetArtifact(stored.id));
  EXPECT_EQ(read.properties, artifact.properties);
  EXPECT_TRUE(read.properties["whole"].is_number_float());
}

TEST_P(MetadataStoreSuite, ChangesStatesAllOrNone) {
  const auto a = Produce(Plan("A"), "schema", NewArtifact("Schema", "/a"));
  EXPECT_THAT(store().SetArtifactState(std::vector<int64_t>{a.id, 4711}, ArtifactState::kDeleted),
              IsError(StatusCode::kNotFound, "4711"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto read, store().GetArtifact(a.id));
  EXPECT_EQ(read.state, ArtifactState::kLive);
  EXPECT_THAT(store().GetArtifact(4711).status(), IsError(StatusCode::kNotFound, "4711"));
  EXPECT_THAT(store().ProducerOf(4711).status(), IsError(StatusCode::kNotFound, "4711"));
}

struct Blessings {
  pipeline::Artifact model;
  pipeline::Artifact blessing;
};

TEST_P(MetadataStoreSuite, FindsLatestBlessedModel) {
  const auto bless = [&](const std::string& run, int blessed, const std::string& pipeline_name = "taxi") {
    ExecutionPlan train = Plan("Trainer", "Trainer");
    train.run_id = run;
    train.pipeline_name = pipeline_name;
    Blessings made;
    made.model = Produce(train, "model", NewArtifact("Model", "/model/" + run));
    ExecutionPlan evaluate = train;
    evaluate.node_id = "Evaluator";
    evaluate.component_type = "Evaluator";
    evaluate.inputs = {{"model", {made.model.id}}};
    pipeline::Artifact blessing = NewArtifact("ModelBlessing", "/blessing/" + run);
    blessing.properties = {{"blessed", blessed}};
    made.blessing = Produce(evaluate, "blessing", blessing);
    return made;
  };
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto none_yet, store().LatestBlessedModel("taxi"));
  EXPECT_FALSE(none_yet.has_value());
  const Blessings first = bless("run-1", 1);
  const Blessings second = bless("run-2", 1);
  bless("run-3", 0);
  bless("run-4", 1, "flights");

  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto latest, store().LatestBlessedModel("taxi"));
  ASSERT_TRUE(latest.has_value());
  EXPECT_EQ(latest->id, second.model.id);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto before, store().LatestBlessedModel("taxi", second.model.id));
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(before->id, first.model.id);
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto before_all, store().LatestBlessedModel("taxi", first.model.id));
  EXPECT_FALSE(before_all.has_value());
  PENSTOCK_ASSERT_OK(store().SetArtifactState(std::vector{second.blessing.id}, ArtifactState::kDeleted));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto withdrawn, store().LatestBlessedModel("taxi"));
  EXPECT_EQ(withdrawn->id, first.model.id);
  PENSTOCK_ASSERT_OK(store().SetArtifactState(std::vector{first.model.id}, ArtifactState::kDeleted));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto gone, store().LatestBlessedModel("taxi"));
  EXPECT_FALSE(gone.has_value());
}

}  // namespace
}  // namespace penstock::metadata
