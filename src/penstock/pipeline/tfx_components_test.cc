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
                  ", output_data_format: {runtimeValue: {constantValue: {intValue: '6'}}}");
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

TEST(TfxComponentsTest, LeavesWhatOursDoesNotKnowToTfx) {
  for (const auto& [class_path, parameters] : std::vector<std::pair<std::string, std::string>>{
           {"my.own.Executor", ""},
           {"tfx.components.statistics_gen.executor.Executor",
            Text("stats_options_json", "{\"sample_rate\": 0.1}")},
           {"tfx.components.pusher.executor.Executor", Text("custom_config", "{\"a\": 1}")},
           {"tfx.components.schema_gen.executor.Executor", Text("surprise", "1")}}) {
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

TEST(TfxComponentsTest, MakesStatisticsGenOfACompiledPipelineNative) {
  const std::string file = tests::SharedPath("conformance/kfp/tfx_ir/two_step.yaml");
  if (!fs::Exists(file).value_or(false))
    GTEST_SKIP() << "no " << file << "; set PENSTOCK_TEST_DATA to the folder that holds it";
  auto ir = ReadPipelineIr(file);
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_THAT(UseNativeTfxComponents(*ir), ElementsAre("StatisticsGen"));
  const auto view = ViewPipeline(*ir);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->FindTask("StatisticsGen")->native_component, "StatisticsGen");
  EXPECT_EQ(view->FindTask("StatisticsGen")->input_types.at("examples"), "Examples");
  EXPECT_EQ(view->FindTask("BigQueryExampleGen")->native_component, "");
}

}  // namespace
}  // namespace penstock::pipeline
