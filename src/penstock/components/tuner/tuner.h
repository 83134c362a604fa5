#pragma once

#include <map>
#include <memory>
#include <string>

#include "penstock/components/task_access.h"
#include "penstock/learning/learner.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Searches for the hyperparameters that Trainer then takes.
struct Tuner {
  static constexpr std::string_view kType = "Tuner";
  pipeline::Channel<pipeline::Examples> transformed_examples;
  pipeline::Channel<pipeline::TransformGraph> transform_graph;
  std::string search_space;
  std::string train_split = "train";
  std::string eval_split = "eval";

  struct Outputs {
    pipeline::Channel<pipeline::HyperParameters> best_hyperparameters;
    pipeline::Channel<pipeline::TunerResults> tuner_results;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help(
        "Trains with many choices of hyperparameters; the one with the least eval loss goes to Trainer.");
    node.Version("1");
    node.Input("transformed_examples", transformed_examples, "Features and label, from Transform.");
    node.Input("transform_graph", transform_graph, "The transform that made them.");
    node.ExternalPath("search_space", search_space, "What to search over (YAML; docs/guides/tuning.md).");
    node.Parameter("train_split", train_split, "The split to learn from.");
    node.Parameter("eval_split", eval_split, "The split whose loss is compared.");
    node.Output("best_hyperparameters", outputs.best_hyperparameters,
                "Of the best trial, as KerasTuner writes them.");
    node.Output("tuner_results", outputs.tuner_results, "Every trial with its losses.");
  }
};

Status CheckTuner(const std::map<std::string, nlohmann::json>& parameters,
                  const learning::LearnerCatalog& learners);
/// `learners` must outlive the executor.
std::unique_ptr<pipeline::Executor> MakeTunerExecutor(const learning::LearnerCatalog& learners);

}  // namespace penstock::components
