#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/clock.h"
#include "penstock/base/digest.h"
#include "penstock/pipeline/artifact.h"

namespace penstock::metadata {

/// ML Metadata's states of an execution, with its numbers.
enum class ExecutionState {
  kUnknown = 0,
  kNew = 1,
  kRunning = 2,
  kComplete = 3,
  kFailed = 4,
  kCached = 5,
  kCancelled = 6
};

/// "RUNNING", "COMPLETE", ...: as ML Metadata spells them.
std::string_view ExecutionStateName(ExecutionState state);

/// Artifacts by input or output name, in order.
using ArtifactsByName = std::map<std::string, std::vector<pipeline::Artifact>>;

/// What is about to be run. (run_id, node_id, attempt) names it in the store.
struct ExecutionPlan {
  std::string run_id;
  std::string pipeline_name;
  std::string node_id;
  std::string component_type;  ///< "StatisticsGen": the execution's type in the store.
  int attempt = 1;             ///< Counted from 1; one more per retry.
  Digest cache_key;            ///< Zero: never offered to FindCached.
  /// Resolved parameters: an object. Scalars become typed properties, the rest JSON text.
  nlohmann::json parameters = nlohmann::json::object();
  std::map<std::string, std::vector<int64_t>> inputs;  ///< Artifact ids by input name, in order.
};

/// What a run of an executor cost. Zero where it was not measured.
struct ResourceUsage {
  double wall_seconds = 0;
  double cpu_seconds = 0;
  int64_t peak_memory_bytes = 0;
};

/// What came of it.
struct ExecutionOutcome {
  ExecutionState state = ExecutionState::kComplete;  ///< kComplete, kFailed or kCancelled.
  /// By output name. One with id 0 is inserted, kLive; one with an id must be in the store
  /// already (a resolver's answer) and only gets its event. Empty where the execution failed.
  ArtifactsByName outputs;
  nlohmann::json output_parameters = nlohmann::json::object();
  std::string error_code;     ///< "INVALID_ARGUMENT", ...; empty when complete.
  std::string error_message;  ///< One sentence; empty when complete.
  std::string log_path;       ///< Empty: no log was kept.
  ResourceUsage usage;
};

/// An execution as the store holds it.
struct Execution {
  int64_t id = 0;
  std::string run_id;
  std::string pipeline_name;
  std::string node_id;
  std::string component_type;
  int attempt = 1;
  ExecutionState state = ExecutionState::kUnknown;
  Digest cache_key;
  int64_t cached_execution_id = 0;  ///< kCached: whose outputs these are; otherwise 0.
  nlohmann::json parameters = nlohmann::json::object();
  nlohmann::json output_parameters = nlohmann::json::object();
  std::string error_code;
  std::string error_message;
  std::string log_path;
  ResourceUsage usage;
  Timestamp created;
  Timestamp
      updated;  ///< Of a finished execution: when it finished. Millisecond precision, as the schema has it.
};

}  // namespace penstock::metadata
