#include "penstock/pipeline/pipeline_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::pipeline {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A foreign pipeline: b and c wait for a; c takes b's parameter, a's artifact and a pipeline parameter.
constexpr std::string_view kThree = R"(
pipelineInfo: {name: three, description: Three tasks.}
defaultPipelineRoot: /root
components:
  comp-a:
    executorLabel: exec-a
    outputDefinitions:
      artifacts: {data: {artifactType: {schemaTitle: system.Dataset}}}
      parameters: {count: {parameterType: NUMBER_INTEGER}}
  comp-b:
    executorLabel: exec-b
    outputDefinitions: {parameters: {text: {parameterType: STRING}}}
  comp-c:
    executorLabel: exec-b
    inputDefinitions:
      artifacts: {data: {artifactType: {schemaTitle: system.Dataset}}, more: {artifactType: {schemaTitle: system.Model}, isOptional: true}}
      parameters:
        rate: {parameterType: NUMBER_DOUBLE, defaultValue: 1, isOptional: true}
        rounds: {parameterType: NUMBER_INTEGER}
        text: {parameterType: STRING}
        title: {parameterType: STRING}
deploymentSpec:
  executors:
    exec-a: {container: {image: i, command: [run, a], args: ['{{$}}'], env: [{name: K, value: v}], somethingNew: 1}}
    exec-b: {container: {image: i, command: [penstock, component, Native]}}
root:
  inputDefinitions:
    parameters: {rounds: {parameterType: NUMBER_INTEGER, defaultValue: 5, isOptional: true}, must: {parameterType: STRING}}
  dag:
    tasks:
      c:
        componentRef: {name: comp-c}
        inputs:
          artifacts: {data: {taskOutputArtifact: {producerTask: a, outputArtifactKey: data}}}
          parameters:
            rounds: {componentInputParameter: rounds}
            text: {taskOutputParameter: {producerTask: b, outputParameterKey: text}}
            title: {runtimeValue: {constant: "{{$.inputs.parameters['rounds']}} rounds of {{$.inputs.parameters[\"text\"]}}"}}
      b: {componentRef: {name: comp-b}, dependentTasks: [a], cachingOptions: {enableCache: true}}
      a:
        componentRef: {name: comp-a}
        retryPolicy: {maxRetryCount: 2, backoffDuration: 1.5s, backoffFactor: 3, backoffMaxDuration: 60s}
---
platforms: {kubernetes: {deploymentSpec: {executors: {exec-a: {activeDeadlineSeconds: '90'}}}}}
)";

Result<PipelineView> View(const std::string& text) {
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineIr ir, ParsePipelineIr(text, "ir"));
  return ViewPipeline(ir);
}

/// kThree with `from` (which must be there) replaced.
Result<PipelineView> Changed(std::string_view from, std::string_view to) {
  std::string text(kThree);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return View(text.replace(at, from.size(), to));
}

std::string ErrorOf(std::string_view from, std::string_view to) {
  return std::string(Changed(from, to).status().message());
}

TEST(ViewPipelineTest, LaysOutTasksInTopologicalOrder) {
  const auto view = View(std::string(kThree));
  ASSERT_TRUE(view.ok()) << view.status();
  std::vector<std::string> ids;
  for (const TaskView& task : view->tasks) ids.push_back(task.id);
  EXPECT_THAT(ids, ElementsAre("a", "b", "c"));
  EXPECT_EQ(view->name, "three");
  EXPECT_EQ(view->default_pipeline_root, "/root");
  EXPECT_EQ(view->FindTask("z"), nullptr);
}

TEST(ViewPipelineTest, ReadsContainersRetriesTimeoutsAndCaching) {
  const auto view = View(std::string(kThree));
  ASSERT_TRUE(view.ok()) << view.status();
  const TaskView& a = *view->FindTask("a");
  EXPECT_EQ(a.image, "i");
  EXPECT_THAT(a.command, ElementsAre("run", "a"));
  EXPECT_THAT(a.args, ElementsAre("{{$}}"));
  EXPECT_EQ(a.environment.at("K"), "v");
  EXPECT_EQ(a.native_component, "");
  EXPECT_EQ(a.retry.num_retries, 2);
  EXPECT_DOUBLE_EQ(a.retry.backoff_seconds, 1.5);
  EXPECT_DOUBLE_EQ(a.retry.backoff_factor, 3);
  EXPECT_DOUBLE_EQ(a.retry.max_backoff_seconds, 60);
  EXPECT_DOUBLE_EQ(a.timeout_seconds, 90);
  EXPECT_FALSE(a.is_cache_enabled);
  EXPECT_TRUE(view->FindTask("b")->is_cache_enabled);
  EXPECT_EQ(view->FindTask("b")->native_component, "Native");
}

TEST(ViewPipelineTest, DerivesDependenciesFromInputs) {
  const auto view = View(std::string(kThree));
  ASSERT_TRUE(view.ok()) << view.status();
  const TaskView& c = *view->FindTask("c");
  EXPECT_THAT(c.dependencies, ElementsAre("a", "b"));
  EXPECT_EQ(c.inputs.at("data"), (OutputReference{"a", "data"}));
  EXPECT_EQ(c.input_types.at("data"), "system.Dataset");
  EXPECT_FALSE(c.inputs.contains("more"));
  EXPECT_EQ(c.parameters.at("rate").default_value.dump(), "1.0");
}

TEST(ViewPipelineTest, RefusesReferencesToNothing) {
  EXPECT_EQ(ErrorOf("name: comp-b}, dep", "name: comp-bb}, dep"),
            "Task 'b' uses the component 'comp-bb', which is not in the pipeline; did you mean 'comp-b'?");
  EXPECT_THAT(ErrorOf("dependentTasks: [a]", "dependentTasks: [zz]"), HasSubstr("depends on the task 'zz'"));
  EXPECT_THAT(ErrorOf("outputArtifactKey: data", "outputArtifactKey: dta"),
              HasSubstr("did you mean 'data'?"));
  EXPECT_THAT(ErrorOf("outputParameterKey: text", "outputParameterKey: txt"),
              HasSubstr("did you mean 'text'?"));
  EXPECT_THAT(
      ErrorOf("rounds: {componentInputParameter: rounds}", "rounds: {componentInputParameter: rnds}"),
      HasSubstr("refers to the pipeline parameter 'rnds', which does not exist; did you mean 'rounds'?"));
  EXPECT_THAT(ErrorOf("executorLabel: exec-a", "executorLabel: exec-x"),
              HasSubstr("not in the deploymentSpec"));
  EXPECT_THAT(ErrorOf("rounds: {componentInputParameter: rounds}", ""),
              HasSubstr("parameter 'rounds' has no value"));
}

TEST(ViewPipelineTest, SpellsACycle) {
  EXPECT_THAT(ErrorOf("        componentRef: {name: comp-a}\n",
                      "        componentRef: {name: comp-a}\n        dependentTasks: [c]\n"),
              HasSubstr("in a circle: a -> b -> c -> a"));
}

TEST(ViewPipelineTest, RefusesNamesThatLeaveTheFolder) {
  EXPECT_TRUE(IsBadInput(Changed("name: three", "name: ../three").status()));
  EXPECT_TRUE(IsBadInput(View("pipelineInfo: {name: p}\nroot: {dag: {tasks: {../x: {}}}}\n").status()));
}

TEST(ViewPipelineTest, LaysOutLoopsConditionsAndTriggers) {
  const auto loop = Changed(
      "cachingOptions: {enableCache: true}",
      "parameterIterator: {itemInput: x, items: {raw: '[1]'}}, iteratorPolicy: {parallelismLimit: 2}");
  ASSERT_TRUE(loop.ok()) << loop.status();
  ASSERT_TRUE(loop->FindTask("b")->iterator.has_value());
  EXPECT_EQ(loop->FindTask("b")->iterator->raw_items, json({1}));
  EXPECT_EQ(loop->FindTask("b")->iterator->parallelism_limit, 2);
  const auto condition =
      Changed("cachingOptions: {enableCache: true}", "triggerPolicy: {condition: '1 == 1'}");
  ASSERT_TRUE(condition.ok()) << condition.status();
  EXPECT_TRUE(condition->FindTask("b")->condition.has_value());
  const auto last = Changed("cachingOptions: {enableCache: true}",
                            "triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}");
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_TRUE(last->FindTask("b")->runs_after_failures);
}

TEST(ViewPipelineTest, RefusesConditionsAndItemsThatDoNotParse) {
  EXPECT_THAT(std::string(Changed("cachingOptions: {enableCache: true}", "triggerPolicy: {condition: '1 =='}")
                              .status()
                              .message()),
              HasSubstr("Task 'b'"));
  EXPECT_THAT(std::string(Changed("cachingOptions: {enableCache: true}",
                                  "parameterIterator: {itemInput: x, items: {raw: '{}'}}")
                              .status()
                              .message()),
              HasSubstr("not a JSON list"));
}

TEST(ViewPipelineTest, RefusesPipelineThatContainsItself) {
  const auto view = View(
      "pipelineInfo: {name: p}\nroot: {dag: {tasks: {a: {componentRef: {name: c}}}}}\n"
      "components: {c: {dag: {tasks: {b: {componentRef: {name: c}}}}}}\n");
  EXPECT_THAT(std::string(view.status().message()), HasSubstr("contains itself"));
}

TEST(BindParametersTest, ReadsTextsByTypeOverDefaults) {
  const auto view = View(std::string(kThree));
  ASSERT_TRUE(view.ok()) << view.status();
  const auto values = BindParameterTexts(*view, {{"must", "7"}});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(json(*values).dump(), R"({"must":"7","rounds":5})");
  EXPECT_EQ(json(*BindParameterTexts(*view, {{"must", ""}, {"rounds", "-3"}})).dump(),
            R"({"must":"","rounds":-3})");
  EXPECT_EQ(json(*BindParameters(*view, {{"must", "x"}, {"rounds", 4.0}})).dump(),
            R"({"must":"x","rounds":4})");
}

TEST(BindParametersTest, RefusesUnknownNamesWrongValuesAndMissingOnes) {
  const auto view = View(std::string(kThree));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_THAT(std::string(BindParameterTexts(*view, {{"round", "1"}}).status().message()),
              HasSubstr("no parameter 'round'; did you mean 'rounds'? (parameters: must, rounds)"));
  EXPECT_EQ(BindParameterTexts(*view, {{"rounds", "many"}}).status().message(),
            "Pipeline parameter 'rounds' is an integer, not: many");
  EXPECT_THAT(std::string(BindParameters(*view, {}).status().message()),
              HasSubstr("give it with --param must=..."));
}

SourceValue Sources(ParameterValues run_parameters,
                    std::function<const json*(const OutputReference&)> task_output) {
  return [run_parameters = std::move(run_parameters), task_output = std::move(task_output)](
             const std::string&, const ParameterInput& input) -> Result<const json*> {
    if (input.source == ParameterInput::Source::kTaskOutput) return task_output(input.task_output);
    const auto found = run_parameters.find(input.runtime_parameter);
    return found == run_parameters.end() ? nullptr : &found->second;
  };
}

TEST(ResolveParametersTest, FollowsSourcesAndKeepsTypes) {
  const auto view = View(std::string(kThree));
  ASSERT_TRUE(view.ok()) << view.status();
  const json text = "{{$.inputs.parameters['rounds']}}";
  const auto values =
      ResolveParameters(*view->FindTask("c"), Sources({{"rounds", 5}}, [&](const OutputReference& output) {
        return output == OutputReference{"b", "text"} ? &text : nullptr;
      }));
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(values->at("rate").dump(), "1.0");
  EXPECT_EQ(values->at("rounds").dump(), "5");
  EXPECT_EQ(values->at("text"), text) << "what a task wrote is data, not a placeholder";
  EXPECT_EQ(values->at("title"), "5 rounds of {{$.inputs.parameters['rounds']}}");
}

TEST(ResolveParametersTest, SaysWhichParameterHasNoValue) {
  const auto view = View(std::string(kThree));
  ASSERT_TRUE(view.ok()) << view.status();
  const auto values = ResolveKnownParameters(*view->FindTask("c"), {{"rounds", 5}});
  EXPECT_EQ(values.status().message(), "Parameter 'text' of task 'c' has no value");
}

TEST(ResolveParametersTest, PutsTypedValuesInsideStructsAndDropsHelpersOfNativeTasks) {
  TaskView task;
  task.id = "t";
  task.native_component = "Trainer";
  task.parameters["pipelinechannel--rounds"] = {
      .source = ParameterInput::Source::kRuntimeParameter, .runtime_parameter = "rounds", .is_helper = true};
  task.parameters["hyper"] = {
      .type = ParameterType::kStruct,
      .constant = {{"n", "{{$.inputs.parameters['pipelinechannel--rounds']}}"},
                   {"list", {1, "x{{$.inputs.parameters['pipelinechannel--rounds']}}"}}}};
  const auto values = ResolveKnownParameters(task, {{"rounds", 20}});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(json(*values).dump(), R"({"hyper":{"list":[1,"x20"],"n":20}})");
}

TEST(ConvertParameterTest, MakesIntegersOfIntegralDoublesOnlyWhereTheyAreExact) {
  EXPECT_EQ(ConvertParameter(json(3.0), ParameterType::kInteger, "x")->dump(), "3");
  EXPECT_EQ(ConvertParameter(json(3), ParameterType::kDouble, "x")->dump(), "3.0");
  EXPECT_FALSE(ConvertParameter(json(3.5), ParameterType::kInteger, "x").ok());
  EXPECT_FALSE(ConvertParameter(json(1e300), ParameterType::kInteger, "x").ok());
  EXPECT_FALSE(ConvertParameter(json(UINT64_MAX), ParameterType::kInteger, "x").ok());
  EXPECT_EQ(ConvertParameter(json(INT64_MIN), ParameterType::kInteger, "x")->dump(), "-9223372036854775808");
}

TEST(ArtifactTypeTest, MapsSchemaTitlesBothWays) {
  EXPECT_EQ(SchemaTitleOf("Examples"), "tfx.Examples");
  EXPECT_EQ(SchemaTitleOf("system.Dataset"), "system.Dataset");
  EXPECT_EQ(ArtifactTypeOf("tfx.Examples"), "Examples");
  EXPECT_EQ(ArtifactTypeOf("system.Dataset"), "system.Dataset");
}

}  // namespace
}  // namespace penstock::pipeline
