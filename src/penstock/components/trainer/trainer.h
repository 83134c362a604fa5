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
  nlohmann::json export_to = nlohmann::json::array();
  std::string module_file;
  std::string python = "python3";
  nlohmann::json command = nlohmann::json::array();
  int64_t train_steps = 0;
  int64_t eval_steps = 0;
  nlohmann::json custom_config = nlohmann::json::object();

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
    node.Parameter("export", export_to, "Formats to write beside the model: onnx, savedmodel, tflite.");
    node.OptionalExternalPath("module_file", module_file,
                              "A Python module whose run_fn(fn_args) trains instead of a learner "
                              "(docs/guides/bring-your-own-keras.md).");
    node.Parameter("python", python, "The Python that runs module_file.");
    node.Parameter("command", command,
                   "A program that trains instead of a learner; it gets --executor_input and KFP's JSON.");
    node.Parameter("train_steps", train_steps, "fn_args.train_steps of run_fn; 0: None.");
    node.Parameter("eval_steps", eval_steps, "fn_args.eval_steps of run_fn; 0: None.");
    node.Parameter("custom_config", custom_config, "fn_args.custom_config of run_fn.");
    node.Output("model", outputs.model, "The trained model.");
    node.Output("model_run", outputs.model_run, "How the training went: losses per iteration.");
  }
};

Status CheckTrainer(const std::map<std::string, nlohmann::json>& parameters,
                    const learning::LearnerCatalog& learners);
/// `learners` must outlive the executor.
std::unique_ptr<pipeline::Executor> MakeTrainerExecutor(const learning::LearnerCatalog& learners);

}  // namespace penstock::components
