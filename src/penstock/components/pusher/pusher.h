#pragma once

#include <memory>
#include <string>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Puts a blessed model where a model server looks: `<destination>/<version>/`, whole or
/// not at all. Refused by any gate, it pushes nothing.
struct Pusher {
  static constexpr std::string_view kType = "Pusher";
  pipeline::Channel<pipeline::Model> model;
  pipeline::Channel<pipeline::ModelBlessing> model_blessing;
  pipeline::Channel<pipeline::InfraBlessing> infra_blessing;
  pipeline::Channel<pipeline::Anomalies> anomalies;
  std::string destination;
  nlohmann::json export_to = nlohmann::json::array();

  struct Outputs {
    pipeline::Channel<pipeline::PushedModel> pushed_model;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Copies a model that every gate has let pass to a versioned folder.");
    node.Version("1");
    node.NotCacheable();  // What it does lies outside the store; pushing the same bytes again changes
                          // nothing.
    node.Input("model", model, "The model to push.");
    node.OptionalInput("model_blessing", model_blessing, "The Evaluator's verdict.");
    node.OptionalInput("infra_blessing", infra_blessing, "The InfraValidator's verdict.");
    node.OptionalInput("anomalies", anomalies, "The ExampleValidator's verdict.");
    node.Destination("destination", destination,
                     "The folder that holds one folder per version, local or in object storage.");
    node.Parameter(
        "export", export_to,
        "Formats to write beside the pushed model: onnx, tflite, savedmodel (what TF Serving loads).");
    node.Output("pushed_model", outputs.pushed_model, "The version that was pushed.");
  }
};

std::unique_ptr<pipeline::Executor> MakePusherExecutor();

}  // namespace penstock::components
