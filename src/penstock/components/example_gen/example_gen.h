#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Ingests examples from files or from a database and cuts them into splits.
struct ExampleGen {
  static constexpr std::string_view kType = "ExampleGen";
  std::string input;
  std::string connection;
  std::string query;
  nlohmann::json input_splits = nlohmann::json::array();
  nlohmann::json range;
  nlohmann::json splits;
  std::string partition_feature_name;
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
    node.Help(
        "Ingests examples from files or a database and cuts them into splits, by the files' names, by "
        "queries or by a hash of their content.");
    node.Version("3");
    node.OptionalExternalPath(
        "input", input, "File, folder or glob of the data; with input_splits the folder of their patterns.");
    node.OptionalLiveSource(
        "connection", connection,
        "Database instead of input: duckdb:, sqlite:FILE, postgresql://USER@HOST/NAME, … or "
        "a profile (docs/guides/sql.md). Never with a password.");
    node.OptionalParameter("query", query, "SQL that answers the examples of the connection.");
    node.OptionalParameter("input_splits", input_splits,
                           "Parts of the input by pattern, such as [{name: train, pattern: "
                           "\"train/span-{SPAN}/v{VERSION}/*\"}]; "
                           "the latest span and version, unless range says otherwise. With a connection the "
                           "patterns are queries.",
                           pipeline::ParameterType::kList);
    node.OptionalParameter("range", range,
                           "Spans to take: {static: {start: 3, end: 5}} or {rolling: {num_spans: 7}}.");
    node.OptionalParameter(
        "splits", splits,
        "Split names with their shares; {train: 2, eval: 1} unless every input split is a split.");
    node.OptionalParameter("partition_feature_name", partition_feature_name,
                           "Examples with the same value of this column go to the same split.");
    node.Parameter("payload_format", payload_format, "How examples lie at rest: parquet or tfrecord_gzip.");
    node.Parameter("delimiter", delimiter, "CSV: what separates cells, one character.");
    node.OptionalParameter("column_names", column_names, "CSV without a header line: the names.");
    node.OptionalParameter("null_values", null_values,
                           "CSV: cells that mean missing, besides empty ones, such as NA.");
    node.OptionalParameter("columns", columns, "Only these columns.");
    node.OptionalExternalPath("schema", schema, "Schema (.pbtxt) that says the columns' types.");
    node.Output("examples", outputs.examples, "One folder per split.");
  }
};

/// The options and splits a task asks for, checked; also what `penstock run` checks before it starts.
Status CheckExampleGen(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeExampleGenExecutor();

}  // namespace penstock::components
