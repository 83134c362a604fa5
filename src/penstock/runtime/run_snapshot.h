#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/execution_record.h"

namespace penstock::runtime {

/// States of runs and tasks under the names of KFP's API. kRefused of the store is kSucceeded
/// here: everything ran; what a gate said stands in TaskSnapshot::refusal.
enum class RuntimeState {
  kUnspecified,
  kPending,  ///< Waits for other tasks, for a free place or for its next attempt.
  kRunning,
  kSucceeded,
  kSkipped,  ///< Its condition is false, or what it needs was skipped or failed.
  kFailed,
  kCanceling,
  kCanceled
};

/// "PENDING", ..., "RUNTIME_STATE_UNSPECIFIED": as KFP's API spells them.
std::string_view RuntimeStateName(RuntimeState state);
/// Nothing will happen any more, short of a Retry.
bool IsFinal(RuntimeState state);

struct StateChange {
  Timestamp time;
  RuntimeState state = RuntimeState::kPending;
};

/// What a task does. kRoot is the pipeline itself, kDag a nested pipeline (a condition, an exit
/// handler, one iteration of a loop), kLoop a ParallelFor whose children are its iterations.
enum class TaskKind { kRoot, kDag, kLoop, kContainer, kImporter, kResolver };
std::string_view TaskKindName(TaskKind kind);

/// One task of one run: the root, a DAG, a loop, an iteration or a leaf.
struct TaskSnapshot {
  int64_t index = 0;             ///< Within the run; 0 is the root. Parents come before children.
  std::string task_id;           ///< Unique over all runs and stable over restarts.
  std::string path;              ///< Unique within the run: "for-loop-1/3/print-text"; the root's is "".
  std::string name;              ///< Of the pipeline's task: "print-text"; for the root the pipeline's.
  std::string display_name;      ///< The task's own, or its name.
  std::string component;         ///< Component key; "StatisticsGen" where a native component does the work.
  int64_t parent_index = -1;     ///< -1: the root.
  int64_t iteration_index = -1;  ///< Of an iteration of a loop and of nothing else.
  TaskKind kind = TaskKind::kContainer;
  RuntimeState state = RuntimeState::kPending;
  std::vector<StateChange> state_history;
  Timestamp created, started, ended;  ///< Zero: not yet.
  Status error;                       ///< Why it failed, was skipped or cancelled; OK otherwise.
  int num_attempts = 0;
  int64_t execution_id = 0;  ///< Of the store; 0: none (yet). Of a cached task: whose outputs it has.
  bool is_cached = false;
  std::string cache_note;  ///< "cached: …" or "not cached: …", for people; empty before it is known.
  std::string refusal;     ///< Why this gate said no.
  double seconds = 0;
  std::string log_path;  ///< Of the latest attempt; empty: it has none.
  std::vector<int64_t> child_indices;
  // Only where the snapshot was asked for with values.
  nlohmann::json input_parameters = nlohmann::json::object();
  nlohmann::json output_parameters = nlohmann::json::object();
  metadata::ArtifactsByName input_artifacts;
  metadata::ArtifactsByName output_artifacts;
};

/// Where a run stands.
struct RunSnapshot {
  std::string run_id;
  std::string pipeline_name;
  std::string display_name;
  std::map<std::string, std::string> labels;
  nlohmann::json parameters = nlohmann::json::object();  ///< As given, defaults filled in.
  std::string pipeline_root;
  RuntimeState state = RuntimeState::kPending;
  std::vector<StateChange> state_history;
  Timestamp created, scheduled, ended;  ///< Zero: not yet; scheduled: created unless a schedule made it.
  Status error;                         ///< Of the first task that made it fail.
  bool is_refused = false;              ///< It succeeded, and a gate said no.
  std::vector<TaskSnapshot> tasks;      ///< By index; the root first.
};

/// How the run ends as a process: 0 succeeded, 1 failed, 2 bad input, 3 a gate said no.
int ExitCodeOf(const RunSnapshot& snapshot);

}  // namespace penstock::runtime
