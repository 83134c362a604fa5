#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Compares two sets of examples, joined on identifiers, as TFX's ExampleDiff.
struct ExampleDiff {
  static constexpr std::string_view kType = "ExampleDiff";
  pipeline::Channel<pipeline::Examples> examples;
  pipeline::Channel<pipeline::Examples> baseline_examples;
  nlohmann::json config;
  std::vector<std::vector<std::string>> include_split_pairs;

  struct Outputs {
    pipeline::Channel<pipeline::ExamplesDiff> example_diff_result;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Joins two sets of examples on identifiers and counts, feature by feature, where they differ.");
    node.Version("1");
    node.Input("examples", examples, "The examples to test.");
    node.Input("baseline_examples", baseline_examples, "Those to compare with.");
    node.RequiredParameter(
        "config", config,
        "TFX's ExampleDiffConfig: {paired_example_skew: {identifier_features: [id], ignore_features, "
        "skew_sample_size, float_round_ndigits, allow_duplicate_identifiers, confusion_config}}.");
    node.OptionalParameter("include_split_pairs", include_split_pairs,
                           "Pairs of splits (test, base) such as [[train, train]]; all pairs without it.");
    node.Output("example_diff_result", outputs.example_diff_result,
                "SplitPair-<test>_<base>/example_diff.json for each pair.");
  }
};

Status CheckExampleDiff(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeExampleDiffExecutor();

}  // namespace penstock::components
