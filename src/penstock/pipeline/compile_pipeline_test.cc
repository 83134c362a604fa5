#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/pipeline/standard_components_testing.h"
#include "penstock/pipeline/yaml_pipeline.h"

namespace penstock::pipeline {
namespace {

Result<PipelineIr> Compile(std::string_view yaml) {
  const ComponentCatalog components = testing::StandardComponents();
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineDraft draft, ParsePipelineYaml(yaml, "p.yaml", components));
  return CompilePipeline(draft, {.version = "1.2.3"});
}

constexpr std::string_view kSmall = R"(
pipeline: small
parameters: {data: data.csv, buckets: 5}
nodes:
  ExampleGen: {input: "in/${data}", cache: false}
  StatisticsGen: {num_histogram_buckets: "${buckets}", retries: 3, timeout_seconds: 60}
)";

constexpr std::string_view kGolden = R"(# PIPELINE DEFINITION
# Name: small
components:
  comp-ExampleGen:
    executorLabel: exec-ExampleGen
    inputDefinitions:
      parameters:
        input:
          description: What to read.
          parameterType: STRING
        splits:
          defaultValue:
            eval: 1
            train: 2
          description: Split names and their shares.
          isOptional: true
          parameterType: STRUCT
    outputDefinitions:
      artifacts:
        examples:
          artifactType:
            schemaTitle: tfx.Examples
            schemaVersion: '0.0.1'
          description: The splits.
  comp-StatisticsGen:
    executorLabel: exec-StatisticsGen
    inputDefinitions:
      artifacts:
        examples:
          artifactType:
            schemaTitle: tfx.Examples
            schemaVersion: '0.0.1'
          description: The examples to count.
      parameters:
        num_histogram_buckets:
          defaultValue: 10
          description: Buckets of standard histograms.
          isOptional: true
          parameterType: NUMBER_INTEGER
    outputDefinitions:
      artifacts:
        statistics:
          artifactType:
            schemaTitle: tfx.ExampleStatistics
            schemaVersion: '0.0.1'
          description: One file per split.
deploymentSpec:
  executors:
    exec-ExampleGen:
      container:
        args:
        - --executor_input
        - '{{$}}'
        command:
        - penstock
        - component
        - ExampleGen
        image: penstock/penstock:1.2.3
    exec-StatisticsGen:
      container:
        args:
        - --executor_input
        - '{{$}}'
        command:
        - penstock
        - component
        - StatisticsGen
        image: penstock/penstock:1.2.3
pipelineInfo:
  name: small
root:
  dag:
    tasks:
      ExampleGen:
        cachingOptions: {}
        componentRef:
          name: comp-ExampleGen
        inputs:
          parameters:
            input:
              runtimeValue:
                constant: 'in/{{$.inputs.parameters[''pipelinechannel--data'']}}'
            pipelinechannel--data:
              componentInputParameter: data
        taskInfo:
          name: ExampleGen
      StatisticsGen:
        cachingOptions:
          enableCache: true
        componentRef:
          name: comp-StatisticsGen
        dependentTasks:
        - ExampleGen
        inputs:
          artifacts:
            examples:
              taskOutputArtifact:
                outputArtifactKey: examples
                producerTask: ExampleGen
          parameters:
            num_histogram_buckets:
              componentInputParameter: buckets
        retryPolicy:
          backoffDuration: '1s'
          backoffFactor: 2
          backoffMaxDuration: '3600s'
          maxRetryCount: 3
        taskInfo:
          name: StatisticsGen
  inputDefinitions:
    parameters:
      buckets:
        defaultValue: 5
        isOptional: true
        parameterType: NUMBER_INTEGER
      data:
        defaultValue: data.csv
        isOptional: true
        parameterType: STRING
schemaVersion: '2.1.0'
sdkVersion: penstock-1.2.3
---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-StatisticsGen:
          activeDeadlineSeconds: '60'
)";

TEST(CompilePipelineTest, WritesWhatKfpsCompilerWould) {
  const auto ir = Compile(kSmall);
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_EQ(PrintPipelineYaml(*ir), kGolden);
}

TEST(CompilePipelineTest, ReadsItsOwnGoldenText) {
  const auto ir = ParsePipelineIr(kGolden, "golden.yaml");
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_EQ(PrintPipelineYaml(*ir), kGolden);
  EXPECT_EQ(SpecDigest(*ir), SpecDigest(*Compile(kSmall)));
}

TEST(CompilePipelineTest, GivesTheSameSpecInAnyOrderOfTheFile) {
  const auto one = Compile("pipeline: p\nnodes:\n  ExampleGen: {input: a}\n  StatisticsGen:\n  SchemaGen:\n");
  const auto other =
      Compile("nodes:\n  SchemaGen:\n  StatisticsGen:\n  ExampleGen: {input: a}\npipeline: p\n");
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_EQ(SpecDigest(*one), SpecDigest(*other));
}

TEST(CompilePipelineTest, LeavesOutParametersThatSayTheDefault) {
  const auto said = Compile("pipeline: p\nnodes:\n  ExampleGen: {input: a, splits: {train: 2, eval: 1}}\n");
  const auto unsaid = Compile("pipeline: p\nnodes:\n  ExampleGen: {input: a}\n");
  const auto changed =
      Compile("pipeline: p\nnodes:\n  ExampleGen: {input: a, splits: {train: 3, eval: 1}}\n");
  ASSERT_TRUE(said.ok() && unsaid.ok() && changed.ok());
  EXPECT_EQ(SpecDigest(*said), SpecDigest(*unsaid));
  EXPECT_NE(SpecDigest(*said), SpecDigest(*changed));
}

TEST(CompilePipelineTest, WritesAResolverForAComponentWithAPolicy) {
  const auto ir = Compile(
      "pipeline: p\nnodes:\n  ExampleGen: {input: a}\n  StatisticsGen:\n  SchemaGen:\n  Transform: "
      "{features: f}\n"
      "  Trainer: {learner: x}\n  LatestBlessedModel:\n");
  ASSERT_TRUE(ir.ok()) << ir.status();
  const auto view = ViewPipeline(*ir);
  ASSERT_TRUE(view.ok()) << view.status();
  const TaskView* task = view->FindTask("LatestBlessedModel");
  ASSERT_NE(task, nullptr);
  EXPECT_EQ(task->resolver_policy, "latest_blessed_model");
  EXPECT_EQ(task->native_component, "LatestBlessedModel");
  EXPECT_EQ(task->inputs.at("model"), (OutputReference{"Trainer", "model"}));
  EXPECT_EQ(task->outputs.at("baseline_model"), "Model");
  EXPECT_FALSE(task->is_cache_enabled);
}

}  // namespace
}  // namespace penstock::pipeline
