#include "penstock/pipeline/executor_input.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "penstock/pipeline/standard_components_testing.h"
#include "pipeline_spec.pb.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

ExecutorInput Example() {
  ExecutorInput input;
  input.task.node_id = "Trainer";
  Artifact examples;
  examples.id = 7;
  examples.name = "examples-7";
  examples.type = "Examples";
  examples.uri = "/root/ExampleGen/examples/7";
  examples.content = DigestOf("x");
  examples.state = ArtifactState::kLive;
  examples.properties = {{"span", 3}, {"share", 1.0}, {"is_sharded", true}, {"split_names", "[\"train\"]"}};
  Artifact model;
  model.type = "Model";
  model.uri = "/root/.staging/model";
  model.state = ArtifactState::kPending;
  input.task.inputs["examples"] = {examples, examples};
  input.task.outputs["model"] = {model};
  input.task.parameters = {{"learner", "trees"},
                           {"learning_rate", 1.0},
                           {"max_seconds", 9007199254740993},
                           {"hyperparameters", json::parse(R"({"n": 3, "x": [1.0, null]})")}};
  input.output_file = "/root/.staging/output.json";
  input.output_parameter_files["count"] = "/root/.staging/count";
  return input;
}

TEST(ExecutorInputTest, ComesBackAsItWentWithEveryNumberAsItWas) {
  const ExecutorInput input = Example();
  const auto again = ParseExecutorInput(PrintExecutorInput(input), "Trainer");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(PrintExecutorInput(*again), PrintExecutorInput(input));
  EXPECT_EQ(json(again->task.parameters).dump(), json(input.task.parameters).dump());
  const Artifact& artifact = again->task.inputs.at("examples").at(1);
  EXPECT_EQ(artifact.id, 7);
  EXPECT_EQ(artifact.content, DigestOf("x"));
  EXPECT_EQ(artifact.state, ArtifactState::kLive);
  EXPECT_EQ(artifact.properties.dump(), Example().task.inputs["examples"][0].properties.dump());
  EXPECT_EQ(again->task.outputs.at("model").at(0).state, ArtifactState::kPending);
  EXPECT_EQ(again->output_parameter_files.at("count"), "/root/.staging/count");
}

TEST(ExecutorInputTest, IsWhatKfpsOwnMessageReads) {
  ml_pipelines::ExecutorInput message;
  const auto status = google::protobuf::util::JsonStringToMessage(PrintExecutorInput(Example()), &message);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(message.inputs().artifacts().at("examples").artifacts(0).type().schema_title(), "tfx.Examples");
  EXPECT_EQ(
      message.inputs().artifacts().at("examples").artifacts(0).metadata().fields().at("span").number_value(),
      3);
  EXPECT_EQ(message.inputs().parameter_values().at("learning_rate").number_value(), 1);
  EXPECT_EQ(message.outputs().output_file(), "/root/.staging/output.json");
  EXPECT_EQ(message.outputs().parameters().at("count").output_file(), "/root/.staging/count");
}

TEST(ExecutorInputTest, ReadsWhatProtobufPrintsAndTypesItByTheDescription) {
  ml_pipelines::ExecutorInput message;
  (*message.mutable_inputs()->mutable_parameter_values())["num_histogram_buckets"].set_number_value(20);
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(message, &text, options).ok());
  const ComponentDescription description = DescribeComponent<testing::StatisticsGen>();
  const auto input = ParseExecutorInput(text, "n", &description);
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_TRUE(input->task.parameters.at("num_histogram_buckets").is_number_integer());
}

TEST(ExecutorInputTest, FillsInDefaultsAndRefusesWrongTypes) {
  const ComponentDescription description = DescribeComponent<testing::StatisticsGen>();
  EXPECT_EQ(ParseExecutorInput("{}", "n", &description)->task.parameters.at("num_histogram_buckets"), 10);
  const auto wrong = ParseExecutorInput(R"({"inputs":{"parameterValues":{"num_histogram_buckets":"x"}}})",
                                        "n", &description);
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("must be a value of type integer"));
}

TEST(ExecutorInputTest, ReadsTheFieldsOfOldVersions) {
  const auto input = ParseExecutorInput(
      R"({"inputs":{"parameters":{"a":{"intValue":"9007199254740993"},"b":{"stringValue":"x"}}}})", "n");
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_EQ(input->task.parameters.at("a").get<int64_t>(), 9007199254740993);
  EXPECT_EQ(input->task.parameters.at("b"), "x");
}

TEST(ExecutorInputTest, RefusesWhatIsNotAnExecutorInput) {
  for (const char* text :
       {"", "[]", "{", R"({"inputs": 3})", R"({"inputs":{"artifacts":{"a":[]}}})",
        R"({"inputs":{"artifacts":{"a":{"artifacts":[3]}}}})", R"({"outputs":{"outputFile":3}})",
        R"({"inputs":{"artifacts":{"a":{"artifacts":[{"metadata":{"penstock_content_digest":"zz"}}]}}}})",
        R"({"inputs":{"parameters":{"a":{}}}})"}) {
    EXPECT_TRUE(IsBadInput(ParseExecutorInput(text, "n").status())) << text;
  }
  EXPECT_TRUE(IsBadInput(ParseExecutorInput("{\"inputs\":" + std::string(100'000, '['), "n").status()));
}

TEST(ExecutorOutputTest, ComesBackOverTheTasksOutputs) {
  const ExecutorInput input = Example();
  ExecutionReport report;
  report.outputs = input.task.outputs;
  report.outputs["model"][0].properties = {{"auc", 1.0}, {"rounds", 200}};
  report.output_parameters["count"] = 3;
  const auto again = ParseExecutorOutput(PrintExecutorOutput(report), input.task);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->outputs.at("model").at(0).properties.dump(), R"({"auc":1.0,"rounds":200})");
  EXPECT_EQ(again->outputs.at("model").at(0).uri, "/root/.staging/model");
  EXPECT_EQ(again->output_parameters.at("count"), 3);
  ml_pipelines::ExecutorOutput message;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(PrintExecutorOutput(report), &message).ok());
}

TEST(ExecutorOutputTest, KeepsOutputsThatAreNotMentionedAndEmptiesThoseSaidToBeEmpty) {
  const ExecutorInput input = Example();
  EXPECT_EQ(ParseExecutorOutput("{}", input.task)->outputs.at("model").size(), 1u);
  EXPECT_EQ(ParseExecutorOutput(R"({"artifacts":{"model":{"artifacts":[]}}})", input.task)
                ->outputs.at("model")
                .size(),
            0u);
}

TEST(ExecutorOutputTest, RefusesAnOutputThatTheTaskDoesNotHave) {
  const auto report = ParseExecutorOutput(R"({"artifacts":{"modle":{}}})", Example().task);
  EXPECT_THAT(std::string(report.status().message()),
              HasSubstr("the task has no such output; did you mean 'model'?"));
}

TEST(ExecutorInputTest, SaysParametersInTheOldFormTooWhereItIsAsked) {
  ExecutorInput input;
  input.task.parameters = {{"n", 3}, {"x", 0.5}, {"list", nlohmann::json::array({1})}};
  EXPECT_EQ(PrintExecutorInput(input).find("intValue"), std::string::npos);
  input.has_old_parameters = true;
  const auto value = nlohmann::json::parse(PrintExecutorInput(input));
  EXPECT_EQ(value["inputs"]["parameters"]["n"]["intValue"], "3");
  EXPECT_EQ(value["inputs"]["parameters"]["x"]["doubleValue"], 0.5);
  EXPECT_EQ(value["inputs"]["parameters"]["list"]["stringValue"], "[1]");
  EXPECT_EQ(value["inputs"]["parameterValues"]["n"], 3);
}

}  // namespace
}  // namespace penstock::pipeline
