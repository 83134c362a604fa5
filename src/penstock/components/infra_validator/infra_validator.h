#pragma once

#include <memory>
#include <string>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Checks that the model really serves: a fresh process loads it and answers for some
/// examples, and the answers are what the model gives here. A gate.
struct InfraValidator {
  static constexpr std::string_view kType = "InfraValidator";
  pipeline::Channel<pipeline::Model> model;
  pipeline::Channel<pipeline::Examples> examples;
  std::string split = "eval";
  int num_examples = 100;
  int num_tries = 2;
  double max_loading_time_seconds = 30;

  struct Outputs {
    pipeline::Channel<pipeline::InfraBlessing> blessing;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help(
        "Loads the model in a fresh process and asks it for predictions; refuses when it does not answer.");
    node.Version("1");
    node.Input("model", model, "The model to ask.");
    node.Input("examples", examples, "Raw examples to ask with.");
    node.Parameter("split", split, "The split to take them from.");
    node.Parameter("num_examples", num_examples, "How many; the first of the split.");
    node.Parameter("num_tries", num_tries, "How often before it is refused.");
    node.Parameter("max_loading_time_seconds", max_loading_time_seconds, "Longer than this is a failed try.");
    node.Output("blessing", outputs.blessing, "INFRA_BLESSED or INFRA_NOT_BLESSED.");
  }
};

/// Asks another process for predictions: runs `<program> predict --model M --input I --output O`.
struct PredictionProcess {
  std::string program;
};
/// `process.program` is this very binary, except in tests.
std::unique_ptr<pipeline::Executor> MakeInfraValidatorExecutor(PredictionProcess process);

}  // namespace penstock::components
