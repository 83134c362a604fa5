#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Holds the statistics of every split against the schema. A gate: it refuses when an
/// anomaly of severity ERROR is found.
struct ExampleValidator {
  static constexpr std::string_view kType = "ExampleValidator";
  pipeline::Channel<pipeline::Statistics> statistics;
  pipeline::Channel<pipeline::Schema> schema;
  std::vector<std::string> exclude_splits;
  std::string environment;

  struct Outputs {
    pipeline::Channel<pipeline::Anomalies> anomalies;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Finds what in the examples breaks the schema; refuses on errors.");
    node.Version("1");
    node.Input("statistics", statistics, "Of the splits to validate.");
    node.Input("schema", schema, "What they have to satisfy.");
    node.OptionalParameter("exclude_splits", exclude_splits, "Splits to leave out.");
    node.OptionalParameter("environment", environment, "Environment of the schema to validate for.");
    node.Output("anomalies", outputs.anomalies, "Anomalies proto of each split.");
  }
};

/// Where an ExampleAnomalies artifact keeps a split's file (binary Anomalies, TFX's file name).
std::string AnomaliesPath(const pipeline::Artifact& anomalies, const std::string& split);

std::unique_ptr<pipeline::Executor> MakeExampleValidatorExecutor();

}  // namespace penstock::components
