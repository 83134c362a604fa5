#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Ingests examples from files and cuts them into splits.
struct ExampleGen {
  static constexpr std::string_view kType = "ExampleGen";
  std::string input;
  nlohmann::json splits = {{"train", 2}, {"eval", 1}};
  std::string payload_format = "parquet";
  std::string delimiter = ",";
  std::vector<std::string> column_names;
  std::vector<std::string> null_values;
  std::vector<std::string> columns;
  std::string schema;

  struct Outputs {
    pipeline::Channel<pipeline::Examples> examples;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Ingests CSV, Parquet or TFRecord files and cuts the examples into splits by a hash of their content.");
    node.Version("1");
    node.ExternalPath("input", input, "File, folder or glob of the data.");
    node.Parameter("splits", splits, "Split names with their shares, such as {train: 2, eval: 1}.");
    node.Parameter("payload_format", payload_format, "How examples lie at rest: parquet or tfrecord_gzip.");
    node.Parameter("delimiter", delimiter, "CSV: what separates cells, one character.");
    node.OptionalParameter("column_names", column_names, "CSV without a header line: the names.");
    node.OptionalParameter("null_values", null_values, "CSV: cells that mean missing, besides empty ones, such as NA.");
    node.OptionalParameter("columns", columns, "Only these columns.");
    node.OptionalExternalPath("schema", schema, "Schema (.pbtxt) that says the columns' types.");
    node.Output("examples", outputs.examples, "One folder per split.");
  }
};

/// The options and splits a task asks for, checked; also what `penstock run` checks before it starts.
Status CheckExampleGen(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeExampleGenExecutor();

}  // namespace penstock::components
