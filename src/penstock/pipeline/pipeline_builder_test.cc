#include "penstock/pipeline/pipeline_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/pipeline/standard_components_testing.h"
#include "penstock/pipeline/yaml_pipeline.h"

namespace penstock::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A channel of one artifact type is nothing an input of another can be made from.
static_assert(std::is_constructible_v<testing::StatisticsGen, Channel<Examples>>);
static_assert(!std::is_constructible_v<testing::StatisticsGen, Channel<Schema>>);
static_assert(!std::is_assignable_v<Channel<Examples>&, Channel<Schema>>);
static_assert(!std::is_convertible_v<Channel<Model>, Channel<ModelBlessing>>);
static_assert(DescribedComponent<testing::Trainer>);

constexpr std::string_view kYaml = R"(
pipeline: chicago-taxi
parameters: {rounds: 200, data: data.csv}
nodes:
  Pusher: {destination: serving}
  Evaluator: {slices: [[trip_start_hour]]}
  LatestBlessedModel:
  Trainer:
    learner: boosted_trees
    hyperparameters: {num_rounds: "${rounds}"}
    retries: 2
    timeout_seconds: 600
  Transform: {features: features.yaml}
  SchemaGen:
  StatisticsGen: {num_histogram_buckets: 10}
  ExampleGen: {input: "${data}"}
)";

PipelineBuilder TaxiBuilder() {
  PipelineBuilder builder("chicago-taxi");
  builder.AddParameter("rounds", ParameterType::kInteger, 200);
  builder.AddParameter("data", ParameterType::kString, "data.csv");
  const auto examples = builder.Add(testing::ExampleGen{.input = "${data}"}).examples;
  const auto statistics = builder.Add(testing::StatisticsGen{.examples = examples}).statistics;
  const auto schema = builder.Add(testing::SchemaGen{.statistics = statistics}).schema;
  const auto transform =
      builder.Add(testing::Transform{.examples = examples, .schema = schema, .features = "features.yaml"});
  const auto trained = builder.Add(testing::Trainer{.examples = examples,
                                                    .transform_graph = transform.transform_graph,
                                                    .learner = "boosted_trees",
                                                    .hyperparameters = {{"num_rounds", "${rounds}"}}},
                                   {.num_retries = 2, .timeout_seconds = 600});
  const auto baseline = builder.Add(testing::LatestBlessedModel{.model = trained.model}).baseline_model;
  const auto evaluated = builder.Add(testing::Evaluator{.examples = examples,
                                                        .model = trained.model,
                                                        .baseline_model = baseline,
                                                        .slices = {{"trip_start_hour"}}});
  builder.Add(testing::Pusher{
      .model = trained.model, .model_blessing = evaluated.blessing, .destination = "serving"});
  return builder;
}

TEST(PipelineBuilderTest, GivesTheSameSpecAsYamlOfTheSamePipeline) {
  const ComponentCatalog components = testing::StandardComponents();
  const auto draft = ParsePipelineYaml(kYaml, "taxi.yaml", components);
  ASSERT_TRUE(draft.ok()) << draft.status();
  const auto from_yaml = CompilePipeline(*draft);
  const auto from_builder = TaxiBuilder().Compile();
  ASSERT_TRUE(from_yaml.ok()) << from_yaml.status();
  ASSERT_TRUE(from_builder.ok()) << from_builder.status();
  EXPECT_EQ(PrintPipelineYaml(*from_yaml), PrintPipelineYaml(*from_builder));
  EXPECT_EQ(SpecDigest(*from_yaml), SpecDigest(*from_builder));
}

TEST(PipelineBuilderTest, SaysWhichInputIsOpen) {
  PipelineBuilder builder("p");
  builder.Add(testing::StatisticsGen{});
  EXPECT_THAT(builder.Compile().status().message(),
              HasSubstr("Input 'examples' of node 'StatisticsGen' is open"));
}

TEST(PipelineBuilderTest, RefusesTwoNodesOfOneName) {
  PipelineBuilder builder("p");
  builder.Add(testing::ExampleGen{.input = "a"});
  builder.Add(testing::ExampleGen{.input = "b"});
  EXPECT_THAT(builder.Compile().status().message(), HasSubstr("Two nodes are named 'ExampleGen'"));
}

TEST(PipelineBuilderTest, NamesNodesByOptionSoThatAComponentCanStandTwice) {
  PipelineBuilder builder("p");
  const auto train = builder.Add(testing::ExampleGen{.input = "a"}, {.name = "train"}).examples;
  const auto test = builder.Add(testing::ExampleGen{.input = "b"}, {.name = "test"}).examples;
  EXPECT_EQ(train.producer(), "train");
  EXPECT_EQ(test.producer(), "test");
  EXPECT_TRUE(builder.Compile().ok());
}

TEST(PipelineBuilderTest, RefusesAChannelOfAnotherBuilder) {
  PipelineBuilder other("other");
  const auto examples = other.Add(testing::ExampleGen{.input = "a"}, {.name = "Elsewhere"}).examples;
  PipelineBuilder builder("p");
  builder.Add(testing::StatisticsGen{.examples = examples});
  EXPECT_THAT(builder.Compile().status().message(), HasSubstr("there is no node 'Elsewhere'"));
}

TEST(PipelineBuilderTest, TakesReferencesForParametersThatAreNotText) {
  PipelineBuilder builder("p");
  builder.AddParameter("buckets", ParameterType::kInteger, 7);
  const auto examples = builder.Add(testing::ExampleGen{.input = "a"}).examples;
  builder.Add(testing::StatisticsGen{.examples = examples},
              {.parameters = {{"num_histogram_buckets", "${buckets}"}}});
  const auto ir = builder.Compile();
  ASSERT_TRUE(ir.ok()) << ir.status();
  const auto& task = ir->pipeline.root().dag().tasks().at("StatisticsGen");
  EXPECT_EQ(task.inputs().parameters().at("num_histogram_buckets").component_input_parameter(), "buckets");
}

TEST(DescribeComponentTest, DerivesTypesDefaultsAndFlagsFromOneDescription) {
  const ComponentDescription trainer = DescribeComponent<testing::Trainer>();
  std::vector<std::string> lines;
  for (const ParameterDescription& parameter : trainer.parameters) {
    lines.push_back(fmt::format("{}/{}/{}/{}", parameter.name, static_cast<int>(parameter.type),
                                parameter.default_value.dump(), parameter.is_optional));
  }
  EXPECT_THAT(lines,
              ElementsAre("learner/0/null/false", "learning_rate/2/0.1/false", "hyperparameters/5/{}/false",
                          "max_seconds/1/null/true", "features/4/null/true"));
  EXPECT_TRUE(trainer.inputs[2].is_optional);
  EXPECT_TRUE(trainer.inputs[2].is_wired_by_name_only);
  EXPECT_EQ(trainer.outputs[0].artifact_type, "Model");
}

TEST(DescribeComponentTest, CarriesPathsDestinationsCachingAndPolicy) {
  EXPECT_TRUE(DescribeComponent<testing::ExampleGen>().parameters[0].is_external_path);
  EXPECT_TRUE(DescribeComponent<testing::Pusher>().parameters[0].is_destination);
  EXPECT_FALSE(DescribeComponent<testing::Pusher>().is_cacheable);
  EXPECT_EQ(DescribeComponent<testing::LatestBlessedModel>().resolver_policy, "latest_blessed_model");
  EXPECT_EQ(DescribeComponent<testing::ExampleGen>().version, "1");
}

}  // namespace
}  // namespace penstock::pipeline
