#pragma once

#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Finds the model to compare a candidate with (docs/decisions/0004). Answered by the
/// launcher from the metadata store; there is no executor.
struct LatestBlessedModel {
  static constexpr std::string_view kType = "LatestBlessedModel";
  pipeline::Channel<pipeline::Model> model;

  struct Outputs {
    pipeline::Channel<pipeline::Model> baseline_model;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Finds the latest model that was blessed before the candidate; nothing at first.");
    node.Version("1");
    node.Resolver("latest_blessed_model");
    node.Input("model", model, "The candidate.");
    node.Output("baseline_model", outputs.baseline_model, "What to compare it with.");
  }
};

/// Finds the model a training starts from: the latest that was blessed before this run, whatever
/// came of the ones after it; nothing at first.
struct WarmStartModel {
  static constexpr std::string_view kType = "WarmStartModel";

  struct Outputs {
    pipeline::Channel<pipeline::Model> base_model;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Finds the latest blessed model for Trainer to start from; nothing at first.");
    node.Version("1");
    node.Resolver("latest_blessed_model");
    node.Output("base_model", outputs.base_model, "What to start from.");
  }
};

}  // namespace penstock::components
