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

/// Holds the statistics of every split against the schema. A gate: it refuses when an
/// anomaly of severity ERROR is found.
struct ExampleValidator {
  static constexpr std::string_view kType = "ExampleValidator";
  pipeline::Channel<pipeline::Statistics> statistics;
  pipeline::Channel<pipeline::Schema> schema;
  std::vector<std::string> exclude_splits;
  std::string environment;
  nlohmann::json severity_overrides;
  bool validate_slices = false;
  nlohmann::json custom_validation_config;

  struct Outputs {
    pipeline::Channel<pipeline::Anomalies> anomalies;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Finds what in the examples breaks the schema; refuses on errors.");
    node.Version("2");
    node.Input("statistics", statistics, "Of the splits to validate.");
    node.Input("schema", schema, "What they have to satisfy.");
    node.OptionalParameter("exclude_splits", exclude_splits, "Splits to leave out.");
    node.OptionalParameter("environment", environment, "Environment of the schema to validate for.");
    node.OptionalParameter(
        "severity_overrides", severity_overrides,
        "Severity by type of anomaly, such as {SCHEMA_NEW_COLUMN: WARNING}; the rest are errors.");
    node.OptionalParameter("validate_slices", validate_slices,
                           "Also hold each slice of the statistics against the schema.");
    node.OptionalParameter(
        "custom_validation_config", custom_validation_config,
        "TFDV's CustomValidationConfig as an object: SQL expressions over the statistics.");
    node.Output("anomalies", outputs.anomalies, "Anomalies proto of each split, for penstock schema accept.");
  }
};

/// Where an ExampleAnomalies artifact keeps the file (binary Anomalies, TFX's names) of a split, or of a
/// pair of splits, "train_eval", where it is a DistributionValidator's.
std::string AnomaliesPath(const pipeline::Artifact& anomalies, const std::string& split);

/// Whether the types and severities exist.
Status CheckExampleValidator(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeExampleValidatorExecutor();

}  // namespace penstock::components
