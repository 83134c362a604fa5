#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/clock.h"

namespace penstock::metadata {

/// What the pipelines service keeps beside the runs' histories, by the words of Kubeflow Pipelines'
/// v2beta1 API. Ids are UUIDs given by the caller, times have the API's precision: seconds.
/// States are stored as the API spells them, so that its filters compare with what is stored.

inline constexpr const char* kAvailable = "AVAILABLE";
inline constexpr const char* kArchived = "ARCHIVED";

struct ExperimentRecord {
  std::string id;
  std::string namespace_name;  ///< Empty: the server has one namespace.
  std::string name;            ///< Unique in its namespace.
  std::string description;
  int64_t created_seconds = 0;
  int64_t last_run_created_seconds = 0;  ///< 0: none yet.
  std::string storage_state = kAvailable;
};

struct PipelineRecord {
  std::string id;
  std::string namespace_name;
  std::string name;  ///< Unique in its namespace.
  std::string display_name;
  std::string description;
  nlohmann::json tags = nlohmann::json::object();  ///< Text by text.
  int64_t created_seconds = 0;
};

struct PipelineVersionRecord {
  std::string id;
  std::string pipeline_id;
  std::string name;  ///< Unique in its pipeline.
  std::string display_name;
  std::string description;
  std::string package_url;
  std::string code_source_url;
  nlohmann::json tags = nlohmann::json::object();
  std::string spec;  ///< The compiled pipeline as JSON text; equal texts are stored once.
  int64_t created_seconds = 0;
};

/// "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELING", "CANCELED", "PAUSED", "SKIPPED".
using RunStateText = std::string;

/// A run as the service shows it. Its history and executions stand in MetadataStore under the same id.
struct ServiceRunRecord {
  std::string id;
  std::string namespace_name;
  std::string experiment_id;
  std::string recurring_run_id;     ///< Empty: started by hand.
  std::string pipeline_id;          ///< Empty: started from a spec.
  std::string pipeline_version_id;  ///< Empty: started from a spec.
  std::string display_name;
  std::string description;
  std::string service_account;
  std::string storage_state = kAvailable;
  RunStateText state = "PENDING";
  nlohmann::json runtime_config = nlohmann::json::object();  ///< {"parameters": {}, "pipeline_root": ""}
  nlohmann::json plugins_input = nlohmann::json::object();
  nlohmann::json state_history = nlohmann::json::array();  ///< [{"update_time": , "state": , "error": {}}]
  nlohmann::json error;                                    ///< {"code": , "message": }; null: none.
  std::string spec;                                        ///< As PipelineVersionRecord::spec.
  int64_t created_seconds = 0;
  int64_t scheduled_seconds = 0;
  int64_t finished_seconds = 0;  ///< 0: not yet.
};

/// True where nothing more happens to the run by itself.
bool IsFinalState(const RunStateText& state);

/// When a recurring run starts runs: by `cron`, or every `interval_seconds`.
struct TriggerRecord {
  std::string cron;              ///< Empty: periodic.
  int64_t interval_seconds = 0;  ///< 0: by cron.
  std::optional<int64_t> start_seconds;
  std::optional<int64_t> end_seconds;
};

struct RecurringRunRecord {
  std::string id;
  std::string namespace_name;
  std::string experiment_id;
  std::string pipeline_id;
  std::string pipeline_version_id;  ///< Empty with a pipeline_id: the latest at each start.
  std::string display_name;
  std::string description;
  std::string service_account;
  nlohmann::json runtime_config = nlohmann::json::object();
  nlohmann::json plugins_input = nlohmann::json::object();
  std::string spec;  ///< Empty: of the pipeline version.
  TriggerRecord trigger;
  int64_t max_concurrency = 1;
  bool has_no_catchup = false;
  bool is_enabled = true;
  int64_t created_seconds = 0;
  int64_t updated_seconds = 0;
  std::optional<int64_t> last_scheduled_seconds;  ///< The time the latest run was due.
  int64_t num_started = 0;
};

}  // namespace penstock::metadata
