#include <span>

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
}

TEST_F(ArtifactRoutesTest, RefusesArtifactsThatNoRunMade) {
  EXPECT_EQ(StatusOf("POST", "/artifacts", json::object()), 400);
  EXPECT_EQ(StatusOf("POST", "/artifacts", {{"artifact", {{"uri", "x"}, {"type", "Modell"}}}}), 400);
  EXPECT_EQ(StatusOf("POST", "/artifacts", {{"artifact", {{"uri", "x"}, {"kind", "Model"}}}}), 400);
  EXPECT_EQ(
      StatusOf("POST", "/artifacts", {{"artifact", {{"uri", "x"}, {"type", "Model"}}}, {"run_id", "none"}}),
      404);
}

/// With a run "r" of two tasks, "r-1" and "r-2".
class ToldArtifactsTest : public ArtifactRoutesTest {
 protected:
  void SetUp() override {
    ArtifactRoutesTest::SetUp();
    metadata::ServiceRunRecord record;
    record.id = "r";
    ASSERT_TRUE(store_->CreateRun(record).ok());
    runtime::RunSnapshot snapshot;
    snapshot.pipeline_name = "p";
    for (const char* id : {"r-1", "r-2"}) {
      snapshot.tasks.emplace_back();
      snapshot.tasks.back().task_id = id;
    }
    runs_.snapshots["r"] = snapshot;
  }
  static json Message(const std::string& artifact_id, const std::string& type) {
    return {
        {"artifact_id", artifact_id}, {"run_id", "r"}, {"task_id", "r-2"}, {"type", type}, {"key", "data"}};
  }
  std::string MakeArtifact() {
    const json made = Call("POST", "/artifacts",
                           {{"artifact", {{"uri", "/d"}, {"type", "Dataset"}, {"name", "d"}}},
                            {"run_id", "r"},
                            {"task_id", "r-1"},
                            {"producer_key", "out"}});
    return made["artifact_id"];
  }
};

TEST_F(ToldArtifactsTest, AreListedAsTheOutputsOfTheirTask) {
  const std::string id = MakeArtifact();
  const json links = Call("GET", "/artifact_tasks?run_ids=r")["artifact_tasks"];
  ASSERT_EQ(links.size(), 1U) << links;
  EXPECT_EQ(links[0]["artifact_id"], id);
  EXPECT_EQ(links[0]["task_id"], "r-1");
  EXPECT_EQ(links[0]["key"], "out");
  EXPECT_EQ(links[0]["type"], "OUTPUT");
}

TEST_F(ToldArtifactsTest, BecomeTheInputsAndOutputsOfOtherTasks) {
  const std::string id = MakeArtifact();
  json message = Message(id, "TASK_OUTPUT_INPUT");
  message["producer"] = {{"task_name", "first"}, {"iteration", "3"}};
  const json link = Call("POST", "/artifact_tasks", {{"artifact_task", message}});
  EXPECT_EQ(link["artifact_id"], id);
  EXPECT_EQ(link["task_id"], "r-2");
  EXPECT_EQ(link["type"], "TASK_OUTPUT_INPUT");
  EXPECT_EQ(link["producer"], json({{"task_name", "first"}, {"iteration", "3"}}));
  EXPECT_FALSE(link["id"].get<std::string>().empty());
  EXPECT_EQ(Call("GET", "/artifact_tasks?task_ids=r-2")["artifact_tasks"], json::array({link}));
  EXPECT_EQ(Call("GET", "/artifact_tasks?run_ids=r&type=TASK_OUTPUT_INPUT")["artifact_tasks"],
            json::array({link}));
  // Its maker stays who it was when another has it as its output, too.
  const json before = Call("GET", "/artifacts/" + id);
  clock_.Advance(int64_t{5'000'000});
  EXPECT_EQ(Call("POST", "/artifact_tasks", {{"artifact_task", Message(id, "ONE_OF_OUTPUT")}})["type"],
            "ONE_OF_OUTPUT");
  EXPECT_EQ(Call("GET", "/artifacts/" + id), before);
  EXPECT_EQ(Call("GET", "/artifact_tasks?artifact_ids=" + id)["total_size"], 3);
}

TEST_F(ToldArtifactsTest, ComeManyAtOnceAllOrNone) {
  const json artifact = {{"artifact", {{"uri", "/d"}, {"type", "Dataset"}}}, {"run_id", "r"}};
  const json made = Call("POST", "/artifacts:batchCreate", {{"artifacts", {artifact, artifact}}});
  ASSERT_EQ(made["artifacts"].size(), 2U) << made;
  const json first = Message(made["artifacts"][0]["artifact_id"], "COMPONENT_INPUT");
  const json second = Message(made["artifacts"][1]["artifact_id"], "COLLECTED_INPUTS");
  EXPECT_EQ(StatusOf("POST", "/artifact_tasks:batchCreate",
                     {{"artifact_tasks", {first, Message("4711", "OUTPUT")}}}),
            404);
  EXPECT_EQ(Call("GET", "/artifact_tasks?task_ids=r-2")["total_size"], 0);
  EXPECT_EQ(
      Call("POST", "/artifact_tasks:batchCreate", {{"artifact_tasks", {first, second}}})["artifact_tasks"]
          .size(),
      2U);
  EXPECT_EQ(Call("GET", "/artifact_tasks?task_ids=r-2")["total_size"], 2);
  EXPECT_EQ(StatusOf("POST", "/artifact_tasks:batchCreate", {{"artifact_tasks", 3}}), 400);
}

TEST_F(ToldArtifactsTest, AreRefusedWhereTheyNameWhatIsNotThere) {
  const std::string id = MakeArtifact();
  const auto status_of = [&](const json& change) {
    json message = Message(id, "OUTPUT");
    message.update(change);
    return StatusOf("POST", "/artifact_tasks", {{"artifact_task", message}});
  };
  EXPECT_EQ(StatusOf("POST", "/artifact_tasks", json::object()), 400);
  EXPECT_EQ(StatusOf("POST", "/artifact_tasks", Message(id, "OUTPUT")), 400);
  EXPECT_EQ(status_of({{"type", "INPUT"}}), 400);
  EXPECT_EQ(status_of({{"key", ""}}), 400);
  EXPECT_EQ(status_of({{"task_id", ""}}), 400);
  EXPECT_EQ(status_of({{"artifact_id", "x"}}), 400);
  EXPECT_EQ(status_of({{"producer", {{"iteration", -1}}}}), 400);
  EXPECT_EQ(status_of({{"artifact_id", "4711"}}), 404);
  EXPECT_EQ(status_of({{"task_id", "r-3"}}), 404);
  EXPECT_EQ(status_of({{"run_id", "q"}}), 404);
  const int64_t artifact_id = std::stoll(id);
  ASSERT_TRUE(
      artifacts_->SetArtifactState(std::span(&artifact_id, 1), pipeline::ArtifactState::kDeleted).ok());
  EXPECT_EQ(status_of(json::object()), 400);
}

}  // namespace
}  // namespace penstock::server
