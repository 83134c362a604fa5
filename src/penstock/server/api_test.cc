#include "penstock/server/api_testing.h"
#include "penstock/server/recurrence.h"

namespace penstock::server {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST_F(ApiTest, CreatesAnExperimentInTheShapeTheReferenceGives) {
  const json made = Call("POST", "/experiments", {{"display_name", "e"}, {"description", "d"}});
  EXPECT_EQ(made["display_name"], "e");
  EXPECT_EQ(made["created_at"], "2027-01-15T08:00:00Z");
  EXPECT_EQ(made["last_run_created_at"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(made["storage_state"], "AVAILABLE");
  EXPECT_FALSE(made.contains("namespace"));
  EXPECT_EQ(Call("GET", "/experiments/" + made["experiment_id"].get<std::string>()), made);
}

TEST_F(ApiTest, MapsErrorsToTheCodesOfTheReference) {
  EXPECT_EQ(StatusOf("POST", "/experiments", {{"display_name", "same"}}), 200);
  EXPECT_EQ(StatusOf("POST", "/experiments", {{"display_name", "same"}}), 409);
  EXPECT_EQ(StatusOf("POST", "/experiments", json::object()), 400);
  EXPECT_EQ(StatusOf("POST", "/experiments", {{"name", "x"}}), 400);
  EXPECT_EQ(Ask("POST", "/experiments", "{").status, 400);
  EXPECT_EQ(StatusOf("GET", "/experiments/nothing"), 404);
  EXPECT_EQ(StatusOf("GET", "/nothing"), 404);
  EXPECT_EQ(StatusOf("PUT", "/experiments"), 405);
  const json error = json::parse(Ask("GET", "/runs/nothing").body);
  EXPECT_EQ(error["code"], 5);
  EXPECT_EQ(error["message"], "Run nothing not found");
  EXPECT_EQ(error["details"][0]["code"], 5);
}

TEST_F(ApiTest, LeavesOutWhatIsEmptyInLists) {
  EXPECT_EQ(Call("GET", "/pipelines"), json::object());
  UploadPipeline("p");
  const json list = Call("GET", "/pipelines");
  EXPECT_EQ(list["total_size"], 1);
  EXPECT_FALSE(list.contains("next_page_token"));
}

TEST_F(ApiTest, PagesByTokensThatCarryOrderAndFilter) {
  for (const char* name : {"a1", "a2", "a3", "b1"}) Call("POST", "/experiments", {{"display_name", name}});
  const std::string filter =
      R"({"predicates":[{"operation":"IS_SUBSTRING","key":"name","string_value":"a"}]})";
  const json first = Call("GET", "/experiments?page_size=2&sort_by=name%20desc&filter=" + filter);
  EXPECT_EQ(first["total_size"], 3);
  EXPECT_EQ(first["experiments"][0]["display_name"], "a3");
  const json second =
      Call("GET", "/experiments?page_size=2&page_token=" + first["next_page_token"].get<std::string>());
  ASSERT_EQ(second["experiments"].size(), 1u);
  EXPECT_EQ(second["experiments"][0]["display_name"], "a1");
  EXPECT_EQ(second["total_size"], 3);
  EXPECT_EQ(
      StatusOf("GET", "/experiments?sort_by=name&page_token=" + first["next_page_token"].get<std::string>()),
      400);
  for (const char* query :
       {"page_size=-1", "page_size=x", "page_token=%21", "page_token=e30%3D", "sort_by=nothing",
        "sort_by=name%20up", "filter=%7B", "filter=%7B%22predicates%22%3A3%7D"})
    EXPECT_EQ(StatusOf("GET", std::string("/experiments?") + query), 400) << query;
}

TEST_F(ApiTest, DoesNotDeleteTheDefaultExperiment) {
  const std::string id = *DefaultExperiment(*service_, "");
  EXPECT_EQ(StatusOf("DELETE", "/experiments/" + id), 409);
}

TEST_F(ApiTest, UploadsAPipelineAndItsVersions) {
  const json pipeline = UploadPipeline("p");
  const std::string id = pipeline["pipeline_id"];
  EXPECT_EQ(pipeline["name"], "p");
  EXPECT_EQ(Upload("/pipelines/upload?name=p", "p.yaml", kPipelineYaml).status, 409);
  json versions = Call("GET", "/pipelines/" + id + "/versions");
  ASSERT_EQ(versions["total_size"], 1);
  EXPECT_EQ(versions["pipeline_versions"][0]["pipeline_spec"]["pipelineInfo"]["name"], "hello");
  const HttpResponse second =
      Upload("/pipelines/upload_version?name=v2&pipelineid=" + id + "&tags=%7B%22team%22%3A%22ml%22%7D",
             "p.yaml", kPipelineYaml);
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(json::parse(second.body)["tags"]["team"], "ml");
  const std::string filter = R"({"predicates":[{"operation":1,"key":"tags.team","stringValue":"ml"}]})";
  EXPECT_EQ(Call("GET", "/pipelines/" + id + "/versions?filter=" + filter)["total_size"], 1);
  EXPECT_EQ(Call("GET", "/pipelines/names/p")["pipeline_id"], id);
  EXPECT_EQ(StatusOf("DELETE", "/pipelines/" + id), 400);
  EXPECT_EQ(StatusOf("DELETE", "/pipelines/" + id + "?cascade=true"), 200);
  EXPECT_EQ(StatusOf("GET", "/pipelines/" + id), 404);
}

TEST_F(ApiTest, RefusesUploadsThatAreNoPipelines) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"p.yaml", "a: b"},
      {"p.yaml", ""},
      {"p.yaml", "[[[["},
      {"p.zip", "PK\x03\x04zz"},
      {"p.tar.gz", "\x1F\x8Bzzz"},
      {"p.foo", "hello"},
      {"p.yaml", "pipelineInfo: {name: x}"},
      {"p.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow"}};
  for (const auto& [name, content] : files) {
    const HttpResponse response = Upload("/pipelines/upload?name=x", name, content);
    EXPECT_EQ(response.status, 400) << name << ": " << content;
    EXPECT_TRUE(json::parse(response.body).contains("error_message"));
  }
  EXPECT_EQ(Ask("POST", "/pipelines/upload", "x", "text/plain").status, 400);
  EXPECT_EQ(Ask("POST", "/pipelines/upload", "--x\r\n", "multipart/form-data; boundary=x").status, 400);
}

TEST_F(ApiTest, StartsARunFromAVersionAndFromASpec) {
  const json pipeline = UploadPipeline("p");
  const std::string id = pipeline["pipeline_id"];
  const json run = Call("POST", "/runs",
                        {{"display_name", "r"},
                         {"pipeline_version_reference", {{"pipeline_id", id}}},
                         {"runtime_config", {{"parameters", {{"text", "hi"}}}}}});
  EXPECT_EQ(run["state"], "PENDING");
  EXPECT_EQ(run["storage_state"], "AVAILABLE");
  EXPECT_EQ(run["state_history"][0]["state"], "PENDING");
  EXPECT_EQ(run["finished_at"], "1970-01-01T00:00:00Z");
  EXPECT_TRUE(run["pipeline_version_reference"].contains("pipeline_version_id"));
  EXPECT_THAT(runs_.started, testing::ElementsAre(run["run_id"]));
  json stored = Call("GET", "/runs/" + run["run_id"].get<std::string>());
  EXPECT_EQ(stored, run);
  const json spec = Call("GET", "/pipelines/" + id + "/versions")["pipeline_versions"][0]["pipeline_spec"];
  const json direct = Call("POST", "/runs", {{"display_name", "d"}, {"pipeline_spec", spec}});
  EXPECT_EQ(direct["pipeline_spec"], spec);
  EXPECT_EQ(Call("GET", "/runs")["total_size"], 2);
  EXPECT_EQ(StatusOf("POST", "/runs", {{"display_name", "x"}}), 400);
  EXPECT_EQ(StatusOf("POST", "/runs", {{"pipeline_spec", spec}}), 400);
  EXPECT_EQ(StatusOf("POST", "/runs", {{"display_name", "x"}, {"pipeline_spec", {{"a", 1}}}}), 400);
  EXPECT_EQ(
      StatusOf("POST", "/runs", {{"display_name", "x"}, {"pipeline_spec", spec}, {"experiment_id", "no"}}),
      404);
  EXPECT_EQ(StatusOf("POST", "/runs",
                     {{"display_name", "x"},
                      {"pipeline_spec", spec},
                      {"runtime_config", {{"parameters", {{"a", "bad"}}}}}}),
            400);
  EXPECT_EQ(StatusOf("POST", "/runs",
                     {{"display_name", "x"}, {"pipeline_version_reference", {{"pipeline_id", "no"}}}}),
            404);
}

TEST_F(ApiTest, ArchivesTerminatesRetriesAndDeletesRuns) {
  UploadPipeline("p");
  const std::string pipeline = Call("GET", "/pipelines/names/p")["pipeline_id"];
  const json run = Call("POST", "/runs",
                        {{"display_name", "r"}, {"pipeline_version_reference", {{"pipeline_id", pipeline}}}});
  const std::string url = "/runs/" + run["run_id"].get<std::string>();
  EXPECT_EQ(StatusOf("POST", url + ":retry"), 400);
  Call("POST", url + ":archive");
  EXPECT_EQ(Call("GET", url)["storage_state"], "ARCHIVED");
  Call("POST", "/experiments/" + run["experiment_id"].get<std::string>() + ":archive");
  EXPECT_EQ(StatusOf("POST", url + ":unarchive"), 400);
  Call("POST", "/experiments/" + run["experiment_id"].get<std::string>() + ":unarchive");
  Call("POST", url + ":unarchive");
  Call("POST", url + ":terminate");
  EXPECT_EQ(Call("GET", url)["state"], "CANCELING");
  EXPECT_EQ(runs_.terminated.size(), 1u);
  ASSERT_TRUE(store_->SetRunState(run["run_id"], "CANCELED", nullptr, clock_.Now()).ok());
  EXPECT_EQ(StatusOf("POST", url + ":terminate"), 400);
  Call("POST", url + ":retry");
  EXPECT_EQ(runs_.retried.size(), 1u);
  Call("DELETE", url);
  EXPECT_EQ(StatusOf("GET", url), 404);
}

class RecurringApiTest : public ApiTest {
 protected:
  json Body(const json& trigger) {
    if (pipeline_.empty()) pipeline_ = UploadPipeline("p")["pipeline_id"];
    return {{"display_name", "c"},
            {"pipeline_version_reference", {{"pipeline_id", pipeline_}}},
            {"max_concurrency", "2"},
            {"mode", "ENABLE"},
            {"trigger", trigger}};
  }
  std::string pipeline_;
};

TEST_F(RecurringApiTest, KeepsATriggerAndShowsItAsTheReferenceDoes) {
  json body =
      Body({{"periodic_schedule", {{"interval_second", "60"}, {"start_time", "2027-01-15T08:00:00Z"}}}});
  body["no_catchup"] = true;
  const json made = Call("POST", "/recurringruns", body);
  EXPECT_EQ(made["max_concurrency"], "2");
  EXPECT_EQ(made["status"], "ENABLED");
  EXPECT_EQ(made["no_catchup"], true);
  EXPECT_EQ(made["trigger"]["periodic_schedule"]["interval_second"], "60");
  EXPECT_EQ(made["trigger"]["periodic_schedule"]["start_time"], "2027-01-15T08:00:00Z");
  const std::string url = "/recurringruns/" + made["recurring_run_id"].get<std::string>();
  Call("POST", url + ":disable");
  EXPECT_EQ(Call("GET", url)["status"], "DISABLED");
  Call("POST", url + ":enable");
  EXPECT_EQ(Call("GET", "/recurringruns")["recurringRuns"][0]["mode"], "ENABLE");
  Call("DELETE", url);
  EXPECT_EQ(StatusOf("GET", url), 404);
}

TEST_F(RecurringApiTest, RefusesWhatCannotRecur) {
  const json cron = {{"cron_schedule", {{"cron", "0 0 * * * *"}}}};
  for (const auto& [field, value] : std::vector<std::pair<std::string, json>>{
           {"max_concurrency", "0"},
           {"max_concurrency", "11"},
           {"mode", "SOMETIMES"},
           {"mode", nullptr},
           {"trigger", nullptr},
           {"trigger", {{"cron_schedule", {{"cron", "x"}}}}},
           {"trigger", {{"periodic_schedule", {{"interval_second", 0}}}}},
           {"display_name", ""}}) {
    json body = Body(cron);
    body[field] = value;
    EXPECT_EQ(StatusOf("POST", "/recurringruns", body), 400) << field << ": " << value;
  }
}

TEST_F(RecurringApiTest, StartsRunsWhenTheyAreDueWithTheirMacros) {
  json body = Body({{"cron_schedule", {{"cron", "0 0 * * * *"}}}});
  body["runtime_config"] = {{"parameters", {{"text", "[[ScheduledTime.2006-01-02]] [[Index]] [[Other]]"}}}};
  const std::string id = Call("POST", "/recurringruns", body)["recurring_run_id"];
  EXPECT_EQ(*StartDueRuns(*service_), 0);
  clock_.Advance(int64_t{3'600'000'000});
  EXPECT_EQ(*StartDueRuns(*service_), 1);
  EXPECT_EQ(*StartDueRuns(*service_), 0);
  const json run = Call("GET", "/runs")["runs"][0];
  EXPECT_EQ(run["recurring_run_id"], id);
  EXPECT_EQ(run["scheduled_at"], "2027-01-15T09:00:00Z");
  EXPECT_EQ(run["display_name"], "c-1");
  EXPECT_EQ(run["runtime_config"]["parameters"]["text"], "2027-01-15 1 [[Other]]");
  clock_.Advance(int64_t{5} * 3'600'000'000);
  EXPECT_EQ(*StartDueRuns(*service_), 1);  // Two may run at a time; the first has not ended.
  Call("POST", "/recurringruns/" + id + ":disable");
  ASSERT_TRUE(store_->SetRunState(run["run_id"], "SUCCEEDED", nullptr, clock_.Now()).ok());
  EXPECT_EQ(*StartDueRuns(*service_), 0);
}

TEST_F(ApiTest, ShowsTasksLogsAndArtifactsAndRefusesWaysOutOfTheRoot) {
  UploadPipeline("p");
  const std::string pipeline = Call("GET", "/pipelines/names/p")["pipeline_id"];
  const json run = Call("POST", "/runs",
                        {{"display_name", "r"}, {"pipeline_version_reference", {{"pipeline_id", pipeline}}}});
  const std::string id = run["run_id"];
  ASSERT_TRUE(fs::WriteFileAtomically(folder_ + "/logs/a.log", "line\n").ok());
  ASSERT_TRUE(fs::WriteFileAtomically(folder_ + "/artifacts/x/data", "content").ok());
  runtime::RunSnapshot snapshot{.run_id = id};
  snapshot.tasks.push_back(
      {.index = 0, .task_id = "t0", .kind = runtime::TaskKind::kRoot, .child_indices = {1}});
  runtime::TaskSnapshot say{.index = 1,
                            .task_id = "t1",
                            .path = "say",
                            .name = "say",
                            .display_name = "say",
                            .parent_index = 0,
                            .state = runtime::RuntimeState::kSucceeded};
  say.log_path = folder_ + "/logs/a.log";
  pipeline::Artifact good, bad;
  good.id = 7;
  good.uri = folder_ + "/artifacts/x";
  bad.uri = "/etc/hostname";
  say.output_artifacts = {{"good", {good}}, {"bad", {bad}}};
  snapshot.tasks.push_back(say);
  runs_.snapshots[id] = snapshot;

  const json tasks = Call("GET", "/runs/" + id)["run_details"]["task_details"];
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(tasks[1]["parent_task_id"], "t0");
  EXPECT_EQ(tasks[1]["state"], "SUCCEEDED");
  EXPECT_EQ(tasks[1]["outputs"]["good"]["artifact_ids"][0], "7");

  const HttpResponse log = Ask("GET", "/apis/v1alpha1/runs/" + id + "/nodes/say/log");
  ASSERT_NE(log.stream, nullptr) << log.body;
  const auto chunk = log.stream->Next();
  ASSERT_TRUE(chunk.ok()) << chunk.status();
  EXPECT_EQ(chunk->data, "line\n");
  EXPECT_TRUE(chunk->is_last);

  const std::string node = "/runs/" + id + "/nodes/say/artifacts/";
  EXPECT_EQ(Call("GET", node + "good:read?path=data")["data"], "Y29udGVudA==");
  EXPECT_EQ(Call("GET", node + "good:read")["files"][0]["path"], "data");
  EXPECT_EQ(StatusOf("GET", node + "good:read?path=..%2F..%2Flogs%2Fa.log"), 403);
  EXPECT_EQ(StatusOf("GET", node + "good:read?path=%2Fetc%2Fpasswd"), 404);
  EXPECT_EQ(StatusOf("GET", node + "bad:read"), 403);
  EXPECT_EQ(StatusOf("GET", node + "none:read"), 404);
}

TEST_F(ApiTest, StreamsTheEventsOfARun) {
  events_.Publish("r1", R"({"state":"RUNNING"})");
  events_.Publish("r2", R"({"state":"FAILED"})");
  const auto stream = StreamEvents(events_, "r1", 0);
  EXPECT_THAT(stream->Next()->data, HasSubstr("id: 1\ndata: {\"state\":\"RUNNING\"}\n\n"));
  EXPECT_EQ(stream->Next()->data, "");
  events_.Publish("r1", "{}");
  EXPECT_THAT(stream->Next()->data, HasSubstr("id: 3"));
}

TEST_F(ApiTest, DescribesAndCountsItself) {
  EXPECT_EQ(Call("GET", "/healthz")["pipeline_store"], "database");
  EXPECT_THAT(
      Ask("GET", "/metrics").body,
      HasSubstr("penstock_http_requests_total{operation=\"HealthzService_GetHealthz\",code=\"200\"} 1"));
  const json document = Call("GET", "/openapi.json");
  EXPECT_EQ(document["openapi"], "3.0.3");
  EXPECT_TRUE(document["paths"]["/apis/v2beta1/runs/{run_id}:archive"].contains("post"));
  EXPECT_TRUE(document["components"]["schemas"]["v2beta1Run"]["properties"].contains("run_details"));
}

}  // namespace
}  // namespace penstock::server
