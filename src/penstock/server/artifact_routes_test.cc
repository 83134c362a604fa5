#include <gtest/gtest.h>

#include "penstock/server/api_testing.h"

namespace penstock::server {
namespace {

using nlohmann::json;

class ArtifactRoutesTest : public ApiTest {
 protected:
  /// An artifact of a run that the service knows.
  int64_t Produce(const std::string& run, const std::string& type, const std::string& uri) {
    metadata::ExecutionPlan plan;
    plan.run_id = run;
    plan.pipeline_name = "p";
    plan.node_id = "n" + uri;
    plan.component_type = "c";
    const auto id = artifacts_->BeginExecution(plan);
    EXPECT_TRUE(id.ok()) << id.status();
    pipeline::Artifact artifact{.type = type, .uri = uri, .properties = {{"accuracy", 0.5}}};
    metadata::ExecutionOutcome outcome;
    outcome.outputs["out"].push_back(artifact);
    const auto outputs = artifacts_->FinishExecution(*id, outcome);
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    return outputs->at("out").front().id;
  }
};

TEST_F(ArtifactRoutesTest, GivesOneArtifactInTheWordsOfTheApi) {
  const int64_t id = Produce("r", "Model", "/m");
  const json artifact = Call("GET", "/artifacts/" + std::to_string(id));
  EXPECT_EQ(artifact["artifact_id"], std::to_string(id));
  EXPECT_EQ(artifact["type"], "Model");
  EXPECT_EQ(artifact["uri"], "/m");
  EXPECT_EQ(artifact["metadata"]["accuracy"], 0.5);
  EXPECT_TRUE(artifact.contains("created_at"));
  EXPECT_EQ(StatusOf("GET", "/artifacts/4711"), 404);
  EXPECT_EQ(StatusOf("GET", "/artifacts/none"), 400);
}

TEST_F(ArtifactRoutesTest, ListsTheNewestFirstPageByPage) {
  for (int i = 0; i < 5; ++i) Produce("r", i % 2 == 0 ? "Model" : "Examples", "/a" + std::to_string(i));
  const json first = Call("GET", "/artifacts?page_size=3");
  ASSERT_EQ(first["artifacts"].size(), 3U);
  EXPECT_EQ(first["artifacts"][0]["uri"], "/a4");
  const json rest =
      Call("GET", "/artifacts?page_size=3&page_token=" + first["next_page_token"].get<std::string>());
  ASSERT_EQ(rest["artifacts"].size(), 2U);
  EXPECT_EQ(rest["artifacts"][1]["uri"], "/a0");
  EXPECT_FALSE(rest.contains("next_page_token"));
  const std::string filter =
      "%7B%22predicates%22%3A%5B%7B%22operation%22%3A%22EQUALS%22%2C%22key%22%3A%22type%22%2C"
      "%22string_value%22%3A%22Examples%22%7D%5D%7D";
  EXPECT_EQ(Call("GET", "/artifacts?filter=" + filter)["artifacts"].size(), 2U);
  EXPECT_EQ(StatusOf("GET", "/artifacts?page_size=x"), 400);
  EXPECT_EQ(StatusOf("GET", "/artifacts?sort_by=uri"), 400);
}

TEST_F(ArtifactRoutesTest, WantsToKnowWhoseArtifactTasks) {
  EXPECT_EQ(StatusOf("GET", "/artifact_tasks"), 400);
  EXPECT_EQ(StatusOf("GET", "/artifact_tasks?run_ids=none"), 404);
  EXPECT_EQ(StatusOf("POST", "/artifact_tasks", json::object()), 501);
}

TEST_F(ArtifactRoutesTest, RefusesArtifactsThatNoRunMade) {
  EXPECT_EQ(StatusOf("POST", "/artifacts", json::object()), 400);
  EXPECT_EQ(StatusOf("POST", "/artifacts", {{"artifact", {{"uri", "x"}, {"type", "Modell"}}}}), 400);
  EXPECT_EQ(StatusOf("POST", "/artifacts", {{"artifact", {{"uri", "x"}, {"kind", "Model"}}}}), 400);
  EXPECT_EQ(
      StatusOf("POST", "/artifacts", {{"artifact", {{"uri", "x"}, {"type", "Model"}}}, {"run_id", "none"}}),
      404);
}

}  // namespace
}  // namespace penstock::server
