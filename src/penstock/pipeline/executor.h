#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/execution.h"
#include "penstock/pipeline/artifact.h"

namespace penstock::pipeline {

/// The work of one node, with everything resolved. The C++ form of KFP's ExecutorInput.
struct ExecutionTask {
  std::string node_id;
  std::map<std::string, std::vector<Artifact>>
      inputs;  ///< kLive, by input name; an absent optional input has no entry.
  std::map<std::string, std::vector<Artifact>>
      outputs;                                       ///< kPending, each with a staging uri to write below.
  std::map<std::string, nlohmann::json> parameters;  ///< Defaults filled in.
};

/// The property by which an output artifact of a gate (anomalies, blessings) says no, and
/// why, in one sentence. The execution is complete and its outputs are published either
/// way; a run in which a gate said no ends with exit code 3.
inline constexpr std::string_view kRefusalProperty = "refusal";

/// What came of it: the outputs with their properties set.
struct ExecutionReport {
  std::map<std::string, std::vector<Artifact>> outputs;
  std::map<std::string, nlohmann::json> output_parameters;
};

/// Does the work of one node. Reads the inputs, writes below the outputs' staging uris,
/// returns what it wrote. Never sees the metadata store, the pipeline or another node; a
/// retry with the same task must produce the same outputs.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual Result<ExecutionReport> Execute(const ExecutionTask& task, ExecutionContext& context) = 0;
};

}  // namespace penstock::pipeline
