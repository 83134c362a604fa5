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
  std::string checkpoint_folder;

  struct Outputs {
    pipeline::Channel<pipeline::Examples> output_examples;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Predicts every example of the splits and writes it with its prediction.");
    node.Version("2");
    node.Input("examples", examples, "Raw examples; the model transforms them itself.");
    node.Input("model", model, "What predicts.");
    node.OptionalParameter("splits", splits, "Splits to predict; all of them where this is left out.");
    node.Parameter(
        "payload_format", payload_format,
        "How the output lies at rest: parquet, tfrecord_gzip or prediction_log (TensorFlow Serving's).");
    node.Parameter(
        "checkpoint_folder", checkpoint_folder,
        "Where finished files wait for the others, so that an attempt after a kill goes on with what "
        "is missing; empty: nowhere.");
    node.Output("output_examples", outputs.output_examples,
                "The examples' columns and the prediction's, split by split, file by file.");
  }
};

Status CheckBulkInferrer(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeBulkInferrerExecutor();

}  // namespace penstock::components
