#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/pipeline/component_recorder.h"

namespace penstock::pipeline::testing {

/// Components with the ports of the standard ones, for the tests of this room.

struct ExampleGen {
  static constexpr std::string_view kType = "ExampleGen";
  std::string input;
  std::map<std::string, int> splits = {{"eval", 1}, {"train", 2}};
  struct Outputs {
    Channel<Examples> examples;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Reads examples and splits them.");
    node.Version("1");
    node.ExternalPath("input", input, "What to read.");
    node.Parameter("splits", splits, "Split names and their shares.");
    node.Output("examples", outputs.examples, "The splits.");
  }
};

struct StatisticsGen {
  static constexpr std::string_view kType = "StatisticsGen";
  Channel<Examples> examples;
  int num_histogram_buckets = 10;
  struct Outputs {
    Channel<Statistics> statistics;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Version("1");
    node.Input("examples", examples, "The examples to count.");
    node.Parameter("num_histogram_buckets", num_histogram_buckets, "Buckets of standard histograms.");
    node.Output("statistics", outputs.statistics, "One file per split.");
  }
};

struct SchemaGen {
  static constexpr std::string_view kType = "SchemaGen";
  Channel<Statistics> statistics;
  bool infer_shapes = true;
  struct Outputs {
    Channel<Schema> schema;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Input("statistics", statistics, "");
    node.Parameter("infer_shapes", infer_shapes, "");
    node.Output("schema", outputs.schema, "");
  }
};

struct ImportSchemaGen {
  static constexpr std::string_view kType = "ImportSchemaGen";
  std::string schema_file;
  struct Outputs {
    Channel<Schema> schema;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.ExternalPath("schema_file", schema_file, "");
    node.Output("schema", outputs.schema, "");
  }
};

struct Transform {
  static constexpr std::string_view kType = "Transform";
  Channel<Examples> examples;
  Channel<Schema> schema;
  std::string features;
  struct Outputs {
    Channel<TransformGraph> transform_graph;
    Channel<Examples> transformed_examples;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Input("examples", examples, "");
    node.Input("schema", schema, "");
    node.ExternalPath("features", features, "");
    node.Output("transform_graph", outputs.transform_graph, "");
    node.Output("transformed_examples", outputs.transformed_examples, "");
  }
};

struct Trainer {
  static constexpr std::string_view kType = "Trainer";
  Channel<Examples> examples;
  Channel<TransformGraph> transform_graph;
  Channel<Model> base_model;
  std::string learner;
  double learning_rate = 0.1;
  nlohmann::json hyperparameters = nlohmann::json::object();
  std::optional<int64_t> max_seconds;
  std::vector<std::string> features;
  struct Outputs {
    Channel<Model> model;
    Channel<ModelRun> model_run;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Input("examples", examples, "");
    node.Input("transform_graph", transform_graph, "");
    node.OptionalInput("base_model", base_model, "", Wiring::kByNameOnly);
    node.RequiredParameter("learner", learner, "Which learner to use.");
    node.Parameter("learning_rate", learning_rate, "");
    node.Parameter("hyperparameters", hyperparameters, "");
    node.OptionalParameter("max_seconds", max_seconds, "");
    node.OptionalParameter("features", features, "");
    node.Output("model", outputs.model, "");
    node.Output("model_run", outputs.model_run, "");
  }
};

struct LatestBlessedModel {
  static constexpr std::string_view kType = "LatestBlessedModel";
  Channel<Model> model;
  struct Outputs {
    Channel<Model> baseline_model;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Resolver("latest_blessed_model");
    node.Input("model", model, "");
    node.Output("baseline_model", outputs.baseline_model, "");
  }
};

struct Evaluator {
  static constexpr std::string_view kType = "Evaluator";
  Channel<Examples> examples;
  Channel<Model> model;
  Channel<Model> baseline_model;
  std::vector<std::vector<std::string>> slices;
  struct Outputs {
    Channel<ModelEvaluation> evaluation;
    Channel<ModelBlessing> blessing;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Input("examples", examples, "");
    node.Input("model", model, "");
    node.OptionalInput("baseline_model", baseline_model, "", Wiring::kByNameOnly);
    node.Parameter("slices", slices, "");
    node.Output("evaluation", outputs.evaluation, "");
    node.Output("blessing", outputs.blessing, "");
  }
};

struct Pusher {
  static constexpr std::string_view kType = "Pusher";
  Channel<Model> model;
  Channel<ModelBlessing> model_blessing;
  Channel<InfraBlessing> infra_blessing;
  std::string destination;
  struct Outputs {
    Channel<PushedModel> pushed_model;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.NotCacheable();
    node.Input("model", model, "");
    node.OptionalInput("model_blessing", model_blessing, "");
    node.OptionalInput("infra_blessing", infra_blessing, "");
    node.Destination("destination", destination, "Where to push.");
    node.Output("pushed_model", outputs.pushed_model, "");
  }
};

template <class C>
void RegisterFor(ComponentCatalog& catalog) {
  (void)catalog.Register(std::string(C::kType), Component{DescribeComponent<C>(), nullptr});
}

inline ComponentCatalog StandardComponents() {
  ComponentCatalog catalog("component");
  RegisterFor<ExampleGen>(catalog);
  RegisterFor<StatisticsGen>(catalog);
  RegisterFor<SchemaGen>(catalog);
  RegisterFor<ImportSchemaGen>(catalog);
  RegisterFor<Transform>(catalog);
  RegisterFor<Trainer>(catalog);
  RegisterFor<LatestBlessedModel>(catalog);
  RegisterFor<Evaluator>(catalog);
  RegisterFor<Pusher>(catalog);
  return catalog;
}

}  // namespace penstock::pipeline::testing
