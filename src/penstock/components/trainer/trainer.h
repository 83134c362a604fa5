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
  pipeline::Channel<pipeline::Model> base_model;
  pipeline::Channel<pipeline::HyperParameters> best_hyperparameters;
  std::string learner = "boosted_trees";
  nlohmann::json hyperparameters = nlohmann::json::object();
  std::string train_split = "train";
  std::string eval_split = "eval";
  int64_t seed = 0;
  std::string checkpoint_folder;

  struct Outputs {
    pipeline::Channel<pipeline::Model> model;
    pipeline::Channel<pipeline::ModelRun> model_run;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Trains a model, stopping when the eval split no longer improves.");
    node.Version("1");
    node.Input("transformed_examples", transformed_examples, "Features and label, from Transform.");
    node.Input("transform_graph", transform_graph, "The transform that made them; goes into the model.");
    node.OptionalInput("base_model", base_model, "A model to start from, matched by names of features.",
                       pipeline::Wiring::kByNameOnly);
    node.OptionalInput("best_hyperparameters", best_hyperparameters,
                       "What Tuner found; `hyperparameters` wins where both say something.");
    node.Parameter("learner", learner,
                   "What learns: boosted_trees, linear, dense, wide_and_deep, lstm or "
                   "autoencoder.");
    node.Parameter("hyperparameters", hyperparameters, "Of the learner; those not given have its defaults.");
    node.Parameter("train_split", train_split, "The split to learn from.");
    node.Parameter("eval_split", eval_split, "The split that early stopping looks at.");
    node.Parameter("seed", seed, "Of every random choice.");
    node.Parameter("checkpoint_folder", checkpoint_folder,
                   "Where a killed training leaves what it needs to go on; empty: nowhere.");
    node.Output("model", outputs.model, "The trained model.");
    node.Output("model_run", outputs.model_run, "How the training went: losses per iteration.");
  }
};

Status CheckTrainer(const std::map<std::string, nlohmann::json>& parameters,
                    const learning::LearnerCatalog& learners);
/// `learners` must outlive the executor.
std::unique_ptr<pipeline::Executor> MakeTrainerExecutor(const learning::LearnerCatalog& learners);

}  // namespace penstock::components
