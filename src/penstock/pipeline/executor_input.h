#pragma once

#include <map>
#include <string>
#include <string_view>

#include "penstock/base/status.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/executor.h"

namespace penstock::pipeline {

/// KFP's ExecutorInput and ExecutorOutput as JSON text: how a launcher and the process that
/// does the work speak to each other, here, in pods, and with components of the kfp SDK.
///
/// Numbers are kept as written: 1 stays an integer, 1.0 a double, 64-bit integers exact (the JSON is read
/// as text, not through protobuf's Struct of doubles). Artifact properties stand in `metadata`; the
/// artifact's id and content digest, which KFP has no field for, stand there too, under
/// "penstock_artifact_id" and "penstock_content_digest", and are taken out again on reading.

struct ExecutorInput {
  ExecutionTask task;
  std::string output_file;  ///< Where the executor leaves its ExecutorOutput.
  std::map<std::string, std::string> output_parameter_files;
  /// Also in KFP's old form, {"intValue": "3"}: the one TFX's executors of schema version 2.0.0 read.
  bool has_old_parameters = false;
};

std::string PrintExecutorInput(const ExecutorInput& input);
/// `description`, if given, types the parameters (an integral 3.0 of an integer parameter becomes 3)
/// and fills in defaults. The node id is not in the JSON. kInvalidArgument names the field.
Result<ExecutorInput> ParseExecutorInput(std::string_view json, const std::string& node_id,
                                         const ComponentDescription* description = nullptr);

std::string PrintExecutorOutput(const ExecutionReport& report);
/// Outputs that the executor does not mention come back as `task` has them. kInvalidArgument: not
/// JSON, wrong types, or an output that the task does not have.
Result<ExecutionReport> ParseExecutorOutput(std::string_view json, const ExecutionTask& task);

}  // namespace penstock::pipeline
