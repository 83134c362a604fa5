#pragma once

#include <map>
#include <memory>
#include <string>

#include "penstock/components/task_access.h"
#include "penstock/learning/learner.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Trains a model on transformed examples; the model carries its transform.
struct Trainer {
  static constexpr std::string_view kType = "Trainer";
  pipeline::Channel<pipeline::Examples> transformed_examples;
  pipeline::Channel<pipeline::TransformGraph> transform_graph;
  std::string learner = "boosted_trees";
  nlohmann::json hyperparameters = nlohmann::json::object();
  std::string train_split = "train";
  std::string eval_split = "eval";
  int64_t seed = 0;

  struct Outputs {
    pipeline::Channel<pipeline::Model> model;
    pipeline::Channel<pipeline::ModelRun> model_run;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Trains a model, stopping when the eval split no longer improves.");
    node.Version("1");
    node.Input("transformed_examples", transformed_examples, "Features and label, from Transform.");
    node.Input("transform_graph", transform_graph, "The transform that made them; goes into the model.");
    node.Parameter("learner", learner, "What learns: boosted_trees.");
    node.Parameter("hyperparameters", hyperparameters, "Of the learner; those not given have its defaults.");
    node.Parameter("train_split", train_split, "The split to learn from.");
    node.Parameter("eval_split", eval_split, "The split that early stopping looks at.");
    node.Parameter("seed", seed, "Of every random choice.");
    node.Output("model", outputs.model, "The trained model.");
    node.Output("model_run", outputs.model_run, "How the training went: losses per iteration.");
  }
};

Status CheckTrainer(const std::map<std::string, nlohmann::json>& parameters,
                    const learning::LearnerCatalog& learners);
/// `learners` must outlive the executor.
std::unique_ptr<pipeline::Executor> MakeTrainerExecutor(const learning::LearnerCatalog& learners);

}  // namespace penstock::components
