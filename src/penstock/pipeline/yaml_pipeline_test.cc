#include "penstock/pipeline/yaml_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/pipeline/standard_components_testing.h"

namespace penstock::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Result<PipelineIr> Compile(std::string_view yaml) {
  const ComponentCatalog components = testing::StandardComponents();
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineDraft draft, ParsePipelineYaml(yaml, "p.yaml", components));
  return CompilePipeline(draft);
}

std::string ErrorOf(std::string_view yaml) {
  const Status status = Compile(yaml).status();
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(IsBadInput(status)) << status;
  return std::string(status.message());
}

std::string NodesError(const std::string& nodes) { return ErrorOf("pipeline: p\nnodes:\n" + nodes); }

TEST(YamlPipelineTest, NamesUnknownTopLevelKeyWithPlaceAndNearestName) {
  EXPECT_EQ(
      ErrorOf("pipeline: p\nnode:\n  ExampleGen:\n"),
      "p.yaml:2:1: A pipeline has no 'node'; did you mean 'nodes'? (keys: pipeline, description, parameters, "
      "nodes)");
}

TEST(YamlPipelineTest, NamesUnknownComponentWithNearestName) {
  EXPECT_THAT(NodesError("  StatisticGen:\n"),
              AllOf(StartsWith("p.yaml:3:3: There is no component named 'StatisticGen'"),
                    HasSubstr("did you mean 'StatisticsGen'?")));
}

TEST(YamlPipelineTest, NamesUnknownParameterWithNearestName) {
  EXPECT_THAT(NodesError("  ExampleGen: {input: a}\n  StatisticsGen:\n    num_histogram_bucket: 3\n"),
              AllOf(StartsWith("p.yaml:5:5: StatisticsGen has no parameter 'num_histogram_bucket'"),
                    HasSubstr("did you mean 'num_histogram_buckets'?")));
}

TEST(YamlPipelineTest, NamesReservedKeyAsNearestName) {
  EXPECT_THAT(NodesError("  ExampleGen: {input: a, retrys: 3}\n"), HasSubstr("did you mean 'retries'?"));
}

TEST(YamlPipelineTest, TellsHowToNameAnInputThatIsWrittenAsParameter) {
  EXPECT_THAT(
      NodesError("  StatisticsGen: {examples: ExampleGen}\n"),
      HasSubstr("p.yaml:3:19: 'examples' is an input of StatisticsGen, not a parameter; write inputs: "
                "{examples: NODE.OUTPUT}"));
}

TEST(YamlPipelineTest, NamesUnknownNodeOfAnInput) {
  EXPECT_THAT(
      NodesError("  ExampleGen: {input: a}\n  StatisticsGen:\n    inputs: {examples: ExampelGen.examples}\n"),
      AllOf(StartsWith("p.yaml:5:24: "), HasSubstr("no node 'ExampelGen'; did you mean 'ExampleGen'?")));
}

TEST(YamlPipelineTest, NamesUnknownOutputOfAnInput) {
  EXPECT_THAT(
      NodesError("  ExampleGen: {input: a}\n  StatisticsGen:\n    inputs: {examples: ExampleGen.example}\n"),
      HasSubstr("node 'ExampleGen' has no output 'example'; did you mean 'examples'? (outputs: examples)"));
}

TEST(YamlPipelineTest, NamesUnknownInput) {
  EXPECT_THAT(NodesError("  ExampleGen: {input: a}\n  StatisticsGen:\n    inputs: {example: ExampleGen}\n"),
              HasSubstr("StatisticsGen has no input 'example'; did you mean 'examples'?"));
}

TEST(YamlPipelineTest, RefusesAnInputOfAnotherArtifactType) {
  EXPECT_THAT(
      NodesError("  ExampleGen: {input: a}\n  StatisticsGen:\n  SchemaGen:\n    inputs: {statistics: "
                 "ExampleGen.examples}\n"),
      HasSubstr("Input 'statistics' of node 'SchemaGen' takes ExampleStatistics, but ExampleGen.examples is "
                "Examples"));
}

TEST(YamlPipelineTest, RefusesRepeatedKeys) {
  EXPECT_EQ(NodesError("  ExampleGen: {input: a}\n  ExampleGen: {input: b}\n"),
            "p.yaml:4:3: the key 'ExampleGen' stands here twice; remove one");
}

TEST(YamlPipelineTest, ChecksParameterTypesWithPlace) {
  EXPECT_THAT(
      NodesError("  ExampleGen: {input: a}\n  StatisticsGen: {num_histogram_buckets: many}\n"),
      AllOf(StartsWith("p.yaml:4:42: "), HasSubstr("must be a value of type integer, not string: \"many\"")));
  EXPECT_THAT(NodesError("  ExampleGen: {input: a}\n  StatisticsGen: {num_histogram_buckets: 2.5}\n"),
              HasSubstr("must be a value of type integer, not double: 2.5"));
  EXPECT_THAT(NodesError("  ExampleGen: {input: 7}\n"), HasSubstr("not integer: 7; put it in quotes"));
  EXPECT_THAT(NodesError("  ExampleGen: {input: a, splits: [train]}\n"),
              HasSubstr("of type struct, not list"));
}

TEST(YamlPipelineTest, RefusesIntegersThatTheFormatCannotKeep) {
  EXPECT_THAT(
      NodesError("  ExampleGen: {input: a}\n  StatisticsGen: {num_histogram_buckets: 9007199254740993}\n"),
      HasSubstr("holds an integer beyond 2^53"));
}

TEST(YamlPipelineTest, NamesMissingRequiredParameterWithItsHelp) {
  EXPECT_EQ(NodesError("  ExampleGen:\n"),
            "p.yaml:3:3: Node 'ExampleGen' needs the parameter 'input': What to read.");
}

TEST(YamlPipelineTest, RefusesNamesThatLeaveTheFolder) {
  EXPECT_THAT(ErrorOf("pipeline: ../evil\nnodes:\n  ExampleGen: {input: a}\n"), StartsWith("p.yaml:1:11: "));
  EXPECT_THAT(NodesError("  ../evil: {component: ExampleGen, input: a}\n"), StartsWith("p.yaml:3:3: "));
}

TEST(YamlPipelineTest, SpellsACycle) {
  EXPECT_THAT(
      NodesError("  ExampleGen: {input: a, after: [SchemaGen]}\n  StatisticsGen:\n    inputs: {examples: "
                 "ExampleGen.examples}\n  SchemaGen:\n    inputs: {statistics: StatisticsGen.statistics}\n"),
      AllOf(StartsWith("p.yaml:3:3: "), HasSubstr("ExampleGen -> StatisticsGen -> SchemaGen -> ExampleGen")));
}

TEST(YamlPipelineTest, NamesUnknownRuntimeParameter) {
  EXPECT_THAT(ErrorOf("pipeline: p\nparameters: {data: x}\nnodes:\n  ExampleGen: {input: \"${dta}\"}\n"),
              AllOf(StartsWith("p.yaml:4:23: "),
                    HasSubstr("${dta}, which is not a parameter of the pipeline; did you mean 'data'?")));
}

TEST(YamlPipelineTest, RefusesRuntimeParameterOfAnotherType) {
  EXPECT_THAT(ErrorOf("pipeline: p\nparameters: {data: 3}\nnodes:\n  ExampleGen: {input: \"${data}\"}\n"),
              HasSubstr("must be a value of type string, but ${data} is of type integer"));
}

TEST(YamlPipelineTest, NamesUnknownNodeOfAfter) {
  EXPECT_THAT(NodesError("  ExampleGen: {input: a, after: ExampleGn}\n"),
              HasSubstr("after 'ExampleGn', but there is no such node; did you mean 'ExampleGen'?"));
}

TEST(YamlPipelineTest, RefusesWrongNodeSettings) {
  EXPECT_THAT(NodesError("  ExampleGen: {input: a, retries: -1}\n"),
              HasSubstr("p.yaml:3:35: 'retries' must be"));
  EXPECT_THAT(NodesError("  ExampleGen: {input: a, cache: 1}\n"), HasSubstr("'cache' is true or false"));
  EXPECT_THAT(NodesError("  ExampleGen: {input: a, timeout_seconds: x}\n"),
              HasSubstr("'timeout_seconds' must be"));
  EXPECT_THAT(NodesError("  ExampleGen: 5\n"), HasSubstr("must be empty or a mapping"));
}

TEST(YamlPipelineTest, LeavesAnOptionalInputOpenOnRequestOnly) {
  const std::string start =
      "pipeline: p\nnodes:\n  ExampleGen: {input: a}\n  StatisticsGen:\n  SchemaGen:\n  Transform: "
      "{features: f}\n"
      "  Trainer: {learner: x}\n  Evaluator:\n  Pusher: {destination: d";
  const auto ir = Compile(start + ", inputs: {model_blessing: }}\n");
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_FALSE(
      ir->pipeline.root().dag().tasks().at("Pusher").inputs().artifacts().contains("model_blessing"));
  EXPECT_THAT(ErrorOf(start + ", inputs: {model: }}\n"), HasSubstr("is required; it cannot be left open"));
}

TEST(YamlPipelineTest, RefusesSyntaxErrorsEmptyFilesAndSecondDocuments) {
  EXPECT_THAT(ErrorOf("pipeline: [\n"), StartsWith("p.yaml:2:1: "));
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf("pipeline: p\n---\nnodes:\n"), HasSubstr("second document"));
  EXPECT_THAT(ErrorOf("- a\n"), HasSubstr("a pipeline is a mapping"));
  EXPECT_THAT(ErrorOf("pipeline: p\nnodes: {}\n"), HasSubstr("has no nodes"));
}

TEST(LoadPipelineTest, TellsOursFromKfpsByTheKeys) {
  const std::string folder = fs::Join(::testing::TempDir(), NewUuid());
  const std::string ours = fs::Join(folder, "ours.yaml"), compiled = fs::Join(folder, "ir.yaml");
  const std::string json = fs::Join(folder, "ir.json");
  const ComponentCatalog components = testing::StandardComponents();
  ASSERT_TRUE(
      fs::WriteFileAtomically(ours, "pipeline: p\nnodes:\n  ExampleGen: {input: a, timeout_seconds: 9}\n")
          .ok());
  const auto ir = LoadPipeline(ours, components);
  ASSERT_TRUE(ir.ok()) << ir.status();
  ASSERT_TRUE(WritePipelineIr(compiled, *ir).ok());
  ASSERT_TRUE(WritePipelineIr(json, *ir).ok());
  for (const std::string& path : {compiled, json}) {
    const auto again = LoadPipeline(path, components);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(SpecDigest(*again), SpecDigest(*ir)) << path;
  }
  EXPECT_EQ(LoadPipeline(fs::Join(folder, "none.yaml"), components).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace penstock::pipeline
