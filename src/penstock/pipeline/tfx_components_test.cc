#include "penstock/pipeline/tfx_components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "tests/support/paths.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

PipelineIr OneTask(const std::string& class_path, const std::string& parameters) {
  const auto ir = ParsePipelineIr(
      "pipelineInfo: {name: p}\n"
      "deploymentSpec: {executors: {x: {container: {image: tfx, command: [python], args: "
      "[--executor_class_path, " +
          class_path +
          ", --json_serialized_invocation_args, '{{$}}']}}}}\n"
          "components: {c: {executorLabel: x}}\n"
          "root: {dag: {tasks: {t: {componentRef: {name: c}, inputs: {parameters: {" +
          parameters + "}}}}}}\n",
      "test");
  EXPECT_TRUE(ir.ok()) << ir.status();
  return *ir;
}

std::string Text(const std::string& name, const std::string& value) {
  return name + ": {runtimeValue: {constantValue: {stringValue: '" + value + "'}}}";
}

TEST(TfxComponentsTest, MakesCsvExampleGenNative) {
  PipelineIr ir =
      OneTask("tfx.components.example_gen.csv_example_gen.executor.Executor",
              Text("input_base", "/data") + ", " +
                  Text("input_config", R"({"splits": [{"name": "single_split", "pattern": "*"}]})") + ", " +
                  Text("output_config",
                       R"({"split_config": {"splits": [{"name": "train", "hash_buckets": 2},
                                                                   {"name": "eval", "hash_buckets": 1}]}})") +
                  ", output_data_format: {runtimeValue: {constantValue: {intValue: '6'}}}"
                  ", output_file_format: {runtimeValue: {constantValue: {intValue: '5'}}}");
  EXPECT_THAT(UseNativeTfxComponents(ir), ElementsAre("t"));
  const auto view = ViewPipeline(ir);
  ASSERT_TRUE(view.ok()) << view.status();
  const TaskView& task = *view->FindTask("t");
  EXPECT_EQ(task.native_component, "ExampleGen");
  const auto values = ResolveKnownParameters(task, {});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(json(*values).dump(),
            R"({"input":"/data","payload_format":"tfrecord_gzip","splits":{"eval":1,"train":2}})");
  EXPECT_THAT(UseNativeTfxComponents(ir), IsEmpty());
}

json NativeOf(PipelineIr ir, const std::string& component) {
  EXPECT_THAT(UseNativeTfxComponents(ir), ElementsAre("t"));
  const auto view = ViewPipeline(ir);
  EXPECT_TRUE(view.ok()) << view.status();
  if (!view.ok()) return nullptr;
  EXPECT_EQ(view->FindTask("t")->native_component, component);
  const auto values = ResolveKnownParameters(*view->FindTask("t"), {});
  EXPECT_TRUE(values.ok()) << values.status();
  return values.ok() ? json(*values) : json();
}

constexpr const char* kBigQuery = "tfx.extensions.google_cloud_big_query.example_gen.executor.Executor";

TEST(TfxComponentsTest, AsksBigQueryInBeamsProject) {
  const std::string one =
      Text("input_config", R"({"splits": [{"name": "single_split", "pattern": "SELECT 1"}]})");
  const std::string output = Text("output_config", R"({"split_config": {"splits": [{"name": "train",
      "hash_buckets": 2}, {"name": "eval", "hash_buckets": 1}]}})");
  for (const std::string project : {", --project=my-project", ", --project, my-project"})
    EXPECT_EQ(NativeOf(OneTask(kBigQuery + project, one + ", " + output), "ExampleGen").dump(),
              R"({"connection":"bigquery:my-project","payload_format":"tfrecord_gzip","query":"SELECT 1",)"
              R"("splits":{"eval":1,"train":2}})");
  const std::string two = Text("input_config", R"({"splits": [{"name": "train", "pattern": "SELECT 1"},
      {"name": "eval", "pattern": "SELECT 2"}]})");
  EXPECT_EQ(NativeOf(OneTask(std::string(kBigQuery) + ", --project=p", two), "ExampleGen").dump(),
            R"({"connection":"bigquery:p","input_splits":[{"name":"train","pattern":"SELECT 1"},)"
            R"({"name":"eval","pattern":"SELECT 2"}],"payload_format":"tfrecord_gzip"})");
  PipelineIr without_project = OneTask(kBigQuery, one);
  EXPECT_THAT(UseNativeTfxComponents(without_project), IsEmpty());
}

TEST(TfxComponentsTest, MakesExampleGensOfOtherFilesNative) {
  for (const char* executor :
       {"import_example_gen.executor", "custom_executors.avro_executor", "custom_executors.parquet_executor"})
    EXPECT_EQ(NativeOf(OneTask(fmt::format("tfx.components.example_gen.{}.Executor", executor),
                               Text("input_base", "/data")),
                       "ExampleGen")
                  .dump(),
              R"({"input":"/data","payload_format":"tfrecord_gzip"})");
}

TEST(TfxComponentsTest, MakesExampleDiffNative) {
  const std::string config = R"({"paired_example_skew": {"identifier_features": ["id"]}})";
  EXPECT_EQ(NativeOf(OneTask("tfx.components.example_diff.executor.Executor",
                             Text("example_diff_config", config) + ", " +
                                 Text("include_split_pairs", R"([["train", "train"]])")),
                     "ExampleDiff")
                .dump(),
            R"({"config":{"paired_example_skew":{"identifier_features":["id"]}},)"
            R"("include_split_pairs":[["train","train"]]})");
  EXPECT_EQ(
      NativeOf(OneTask("tfx.components.example_diff.executor.Executor",
                       Text("example_diff_config", config) + ", " + Text("include_split_pairs", "null")),
               "ExampleDiff")
          .size(),
      1u);
}

TEST(TfxComponentsTest, LeavesWhatOursDoesNotKnowToTfx) {
  for (const auto& [class_path, parameters] : std::vector<std::pair<std::string, std::string>>{
           {"my.own.Executor", ""},
           {"tfx.components.statistics_gen.executor.Executor",
            Text("stats_options_json", "{\"sample_rate\": 0.1}")},
           {"tfx.components.pusher.executor.Executor", Text("custom_config", "{\"a\": 1}")},
           {"tfx.components.schema_gen.executor.Executor", Text("surprise", "1")},
           {"tfx.components.example_gen.csv_example_gen.executor.Executor",
            Text("input_base", "/data") +
                ", output_file_format: {runtimeValue: {constantValue: {intValue: '16'}}}"}}) {
    PipelineIr ir = OneTask(class_path, parameters);
    EXPECT_THAT(UseNativeTfxComponents(ir), IsEmpty()) << class_path;
  }
}

TEST(TfxComponentsTest, LooksInsideTheDagThatAnExitHandlerWatches) {
  auto ir = ParsePipelineIr(
      "pipelineInfo: {name: p}\n"
      "deploymentSpec: {executors: {x: {container: {image: tfx, args: [--executor_class_path, "
      "tfx.components.statistics_gen.executor.Executor]}}}}\n"
      "components: {c: {executorLabel: x}, tfx-dag: {dag: {tasks: {t: {componentRef: {name: c}}}}}}\n"
      "root: {dag: {tasks: {tfx-dag: {componentRef: {name: tfx-dag}}}}}\n",
      "test");
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_THAT(UseNativeTfxComponents(*ir), ElementsAre("t"));
}

TEST(TfxComponentsTest, ReadsPushDestination) {
  PipelineIr ir = OneTask("tfx.components.pusher.executor.Executor",
                          Text("push_destination", R"({"filesystem": {"base_directory": "/serving"}})") +
                              ", " + Text("custom_config", "null"));
  EXPECT_THAT(UseNativeTfxComponents(ir), ElementsAre("t"));
  const auto view = ViewPipeline(ir);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(ResolveKnownParameters(*view->FindTask("t"), {})->at("destination"), "/serving");
}

TEST(TfxComponentsTest, MakesTheTasksOfACompiledPipelineNative) {
  const std::string file = tests::SharedPath("conformance/kfp/tfx_ir/two_step.yaml");
  if (!fs::Exists(file).value_or(false))
    GTEST_SKIP() << "no " << file << "; set PENSTOCK_TEST_DATA to the folder that holds it";
  auto ir = ReadPipelineIr(file);
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_THAT(UseNativeTfxComponents(*ir), ElementsAre("BigQueryExampleGen", "StatisticsGen"));
  const auto view = ViewPipeline(*ir);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->FindTask("StatisticsGen")->native_component, "StatisticsGen");
  EXPECT_EQ(view->FindTask("StatisticsGen")->input_types.at("examples"), "Examples");
  EXPECT_EQ(view->FindTask("BigQueryExampleGen")->native_component, "ExampleGen");
  const auto values = ResolveKnownParameters(*view->FindTask("BigQueryExampleGen"), {});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(values->at("connection"), "bigquery:my-gcp-project");
  EXPECT_EQ(values->at("query"), "SELECT * FROM TABLE");
}

}  // namespace
}  // namespace penstock::pipeline
