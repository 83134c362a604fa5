#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Asks a model about every example of some splits.
struct BulkInferrer {
  static constexpr std::string_view kType = "BulkInferrer";
  pipeline::Channel<pipeline::Examples> examples;
  pipeline::Channel<pipeline::Model> model;
  std::vector<std::string> splits;
  std::string payload_format = "parquet";

  struct Outputs {
    pipeline::Channel<pipeline::Examples> output_examples;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Predicts every example of the splits and writes it with its prediction.");
    node.Version("1");
    node.Input("examples", examples, "Raw examples; the model transforms them itself.");
    node.Input("model", model, "What predicts.");
    node.OptionalParameter("splits", splits, "Splits to predict; all of them where this is left out.");
    node.Parameter("payload_format", payload_format,
                   "How the output lies at rest: parquet or tfrecord_gzip.");
    node.Output("output_examples", outputs.output_examples,
                "The examples' columns and the prediction's, split by split, file by file.");
  }
};

Status CheckBulkInferrer(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeBulkInferrerExecutor();

}  // namespace penstock::components
