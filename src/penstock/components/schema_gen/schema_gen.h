#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Infers a schema from the statistics of all splits, as TFX does: from the first, then
/// loosened by each other one.
struct SchemaGen {
  static constexpr std::string_view kType = "SchemaGen";
  pipeline::Channel<pipeline::Statistics> statistics;
  bool infer_feature_shape = true;
  int max_string_domain_size = 100;
  std::vector<std::string> exclude_splits;

  struct Outputs {
    pipeline::Channel<pipeline::Schema> schema;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Infers a schema that the examples satisfy.");
    node.Version("2");
    node.Input("statistics", statistics, "Of the splits to infer from.");
    node.Parameter("infer_feature_shape", infer_feature_shape, "Give features with one length a shape.");
    node.Parameter("max_string_domain_size", max_string_domain_size,
                   "Text columns with at most so many values get a domain.");
    node.OptionalParameter("exclude_splits", exclude_splits, "Splits to leave out.");
    node.Output("schema", outputs.schema, "schema.pbtxt.");
  }
};

/// Takes a curated schema into the pipeline.
struct ImportSchemaGen {
  static constexpr std::string_view kType = "ImportSchemaGen";
  std::string schema_file;

  struct Outputs {
    pipeline::Channel<pipeline::Schema> schema;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Takes a curated schema file into the pipeline.");
    node.Version("1");
    node.ExternalPath("schema_file", schema_file, "The schema, in text format (.pbtxt), JSON or binary.");
    node.Output("schema", outputs.schema, "schema.pbtxt.");
  }
};

/// Where a Schema artifact keeps its file.
std::string SchemaPath(const pipeline::Artifact& schema);
/// Where an ExampleStatistics artifact keeps a split's file.
std::string StatisticsPath(const pipeline::Artifact& statistics, const std::string& split);

Status CheckImportSchemaGen(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeSchemaGenExecutor();
std::unique_ptr<pipeline::Executor> MakeImportSchemaGenExecutor();

}  // namespace penstock::components
