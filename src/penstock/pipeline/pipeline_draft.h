#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/component_recorder.h"
#include "penstock/pipeline/pipeline_ir.h"

namespace penstock::pipeline {

/// What both front ends (C++ builder, YAML) make and the compiler reads: a pipeline as its
/// author wrote it, not yet checked. `where` is "file:line:column" for messages, or empty.

struct InputDraft {
  OutputReference source;  ///< An empty `output` means the one output of the input's artifact type.
  std::string where;
};

struct ParameterDraft {
  /// Text may refer to pipeline parameters: "${rounds}" as a whole is the parameter's value
  /// with its type, within longer text its text; "$${" is a literal "${".
  nlohmann::json value;
  std::string where;
};

struct NodeDraft {
  std::string id;
  ComponentDescription component;
  std::map<std::string, InputDraft> inputs;
  std::vector<std::string> unwired;  ///< Optional inputs the author wants open.
  std::map<std::string, ParameterDraft> parameters;
  std::vector<std::string> after;  ///< Nodes to wait for without an input of theirs.
  int num_retries = 0;
  int64_t timeout_seconds = 0;  ///< 0: none.
  bool is_cache_enabled = true;
  std::string where;
};

/// A parameter of the pipeline itself, given a value when a run starts.
struct RuntimeParameterDraft {
  ParameterType type = ParameterType::kString;
  nlohmann::json default_value;  ///< Null: every run has to give it.
  std::string where;
};

struct PipelineDraft {
  std::string name;
  std::string description;
  std::map<std::string, RuntimeParameterDraft> parameters;
  std::vector<NodeDraft> nodes;  ///< In any order.
  std::string where;
};

struct CompileOptions {
  std::string version = std::string(kPenstockVersion);
  std::string image_repository = "penstock/penstock";
};

/// Checks the draft and writes it down as KFP IR. A pure function: equal drafts (in any order
/// of nodes) give equal IR. kInvalidArgument names place, node, name and the nearest name.
/// Refuses: bad or repeated names, unknown or missing parameters, values of another type,
/// integers beyond 2^53 (IR numbers are doubles), unknown or mistyped sources, open required
/// inputs, cycles (spelled out).
Result<PipelineIr> CompilePipeline(const PipelineDraft& draft, const CompileOptions& options = {});

}  // namespace penstock::pipeline
