#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Compares the distributions of two datasets by their statistics. A gate: it refuses when one lies
/// further from its baseline than the configuration allows, or could not be compared. Without a
/// baseline (the first run, say) everything passes, as in TFX: the property `blessed` is 2 then.
struct DistributionValidator {
  static constexpr std::string_view kType = "DistributionValidator";
  pipeline::Channel<pipeline::Statistics> statistics;
  pipeline::Channel<pipeline::Statistics> baseline_statistics;
  nlohmann::json config;
  std::vector<std::vector<std::string>> include_split_pairs;

  struct Outputs {
    pipeline::Channel<pipeline::Anomalies> anomalies;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Finds features whose distribution differs from a baseline's; refuses where one does.");
    node.Version("1");
    node.Input("statistics", statistics, "Of the splits to compare.");
    node.OptionalInput("baseline_statistics", baseline_statistics, "What to compare them with.",
                       pipeline::Wiring::kByNameOnly);
    node.RequiredParameter(
        "config", config,
        "TFX's DistributionValidatorConfig: {feature: [{path: fare, distribution_comparator: "
        "{infinity_norm: {threshold: 0.1}}}], num_examples_comparator: {min_fraction_threshold: 0.5}}");
    node.OptionalParameter("include_split_pairs", include_split_pairs,
                           "Pairs [split, baseline split]; default: each split with the one of its name.");
    node.Output("anomalies", outputs.anomalies, "Anomalies proto of each pair of splits.");
  }
};

Status CheckDistributionValidator(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeDistributionValidatorExecutor();

}  // namespace penstock::components
