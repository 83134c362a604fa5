#include "penstock/pipeline/placeholders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PlaceholdersTest : public ::testing::Test {
 protected:
  PlaceholdersTest() {
    input_.task.node_id = "train";
    input_.task.parameters = {
        {"text", "a b"}, {"n", 3}, {"list", {1, "x"}}, {"trap", "{{$.inputs.parameters['n']}}"}};
    Artifact data;
    data.name = "data-1";
    data.uri = "gs://bucket/data";
    data.properties = {{"span", 4}};
    input_.task.inputs["data"] = {data};
    Artifact model;
    model.uri = "/staging/model";
    input_.task.outputs["model"] = {model};
    input_.output_parameter_files["sum"] = "/staging/sum";
    input_.output_file = "/staging/out.json";
  }

  std::string Resolve(const std::string& text) const {
    const auto resolved = ResolvePlaceholders(text, scope_);
    return resolved.ok() ? *resolved : std::string(resolved.status().message());
  }

  ExecutorInput input_;
  PlaceholderScope scope_ = {.input = input_,
                             .pipeline_job_name = "taxi-run",
                             .pipeline_job_uuid = "u-1",
                             .pipeline_root = "/root",
                             .task_uuid = "t-1",
                             .create_time_utc = "2024-01-02T03:04:05Z",
                             .schedule_time_utc = "2024-01-02T00:00:00Z"};
};

TEST_F(PlaceholdersTest, FillsInParametersAsTextOrJson) {
  EXPECT_EQ(Resolve("x={{$.inputs.parameters['text']}}, n={{$.inputs.parameters[\"n\"]}}"), "x=a b, n=3");
  EXPECT_EQ(Resolve("{{$.inputs.parameters['list']}}"), "[1,\"x\"]");
}

TEST_F(PlaceholdersTest, FillsInArtifacts) {
  EXPECT_EQ(Resolve("{{$.inputs.artifacts['data'].uri}}"), "gs://bucket/data");
  EXPECT_EQ(Resolve("{{$.inputs.artifacts['data'].path}}"), "/gcs/bucket/data");
  EXPECT_EQ(Resolve("{{$.inputs.artifacts['data'].name}}"), "data-1");
  EXPECT_EQ(Resolve("{{$.inputs.artifacts['data'].metadata['span']}}"), "4");
  EXPECT_EQ(Resolve("{{$.outputs.artifacts['model'].path}}/x"), "/staging/model/x");
}

TEST_F(PlaceholdersTest, FillsInOutputsAndNamesOfTheRun) {
  EXPECT_EQ(Resolve("{{$.outputs.parameters['sum'].output_file}}"), "/staging/sum");
  EXPECT_EQ(Resolve("{{$.outputs.output_file}}"), "/staging/out.json");
  EXPECT_EQ(Resolve("{{$.pipeline_job_name}}/{{$.pipeline_job_uuid}}/{{$.pipeline_task_name}}"),
            "taxi-run/u-1/train");
  EXPECT_EQ(Resolve("{{$.pipeline_job_create_time_utc}}"), "2024-01-02T03:04:05Z");
}

TEST_F(PlaceholdersTest, FillsInTheWholeExecutorInput) {
  EXPECT_EQ(Resolve("{{$}}"), PrintExecutorInput(input_));
}

TEST_F(PlaceholdersTest, NeverSearchesAValueAgain) {
  EXPECT_EQ(Resolve("{{$.inputs.parameters['trap']}}"), "{{$.inputs.parameters['n']}}");
}

TEST_F(PlaceholdersTest, LeavesTextWithoutPlaceholdersAlone) {
  EXPECT_EQ(Resolve("{{ jinja }} }} {{"), "{{ jinja }} }} {{");
  EXPECT_EQ(Resolve(""), "");
}

TEST_F(PlaceholdersTest, NamesWhatIsUnknownWithTheNearest) {
  EXPECT_THAT(Resolve("{{$.inputs.parameters['txt']}}"),
              HasSubstr("no input parameter 'txt'; did you mean 'text'?"));
  EXPECT_THAT(Resolve("{{$.inputs.artifacts['dat'].uri}}"), HasSubstr("did you mean 'data'?"));
  EXPECT_THAT(Resolve("{{$.pipeline_job_nam}}"), HasSubstr("did you mean '.pipeline_job_name'?"));
  EXPECT_THAT(Resolve("{{$.inputs.artifacts['data'].url}}"), HasSubstr("known: .uri, .path"));
  EXPECT_THAT(Resolve("{{$.inputs"), HasSubstr("has no end"));
  EXPECT_THAT(Resolve("{{$.inputs.parameters['n"), HasSubstr("has no end"));
}

TEST_F(PlaceholdersTest, ResolvesStructuredPlaceholders) {
  const auto words = ResolveCommand(
      {"run", R"({"Concat": ["--n=", "{{$.inputs.parameters['n']}}"]})",
       R"({"IfPresent": {"InputName": "text", "Then": ["--text", "{{$.inputs.parameters['text']}}"]}})",
       R"({"IfPresent": {"InputName": "absent", "Then": ["--no"], "Else": "--else"}})",
       R"({"IfPresent": {"InputName": "absent", "Then": ["--no"]}})", R"({"json": "stays"})"},
      scope_);
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_THAT(*words, ElementsAre("run", "--n=3", "--text", "a b", "--else", R"({"json": "stays"})"));
}

TEST_F(PlaceholdersTest, RefusesBrokenStructures) {
  EXPECT_FALSE(ResolveCommand({R"({"Concat": 3})"}, scope_).ok());
  EXPECT_FALSE(ResolveCommand({R"({"IfPresent": {"Then": "x"}})"}, scope_).ok());
}

TEST(LocalPathOfTest, MapsStoresToTheirMounts) {
  EXPECT_EQ(LocalPathOf("gs://b/x"), "/gcs/b/x");
  EXPECT_EQ(LocalPathOf("s3://b/x"), "/s3/b/x");
  EXPECT_EQ(LocalPathOf("minio://b/x"), "/minio/b/x");
  EXPECT_EQ(LocalPathOf("file:///x"), "/x");
  EXPECT_EQ(LocalPathOf("/x"), "/x");
}

}  // namespace
}  // namespace penstock::pipeline
