#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "penstock/base/clock.h"
#include "penstock/base/digest.h"

namespace penstock::metadata {

/// Stored by number: never renumber. kRefused: everything ran, and a gate said no.
enum class RunState { kPending = 1, kRunning = 2, kSucceeded = 3, kRefused = 4, kFailed = 5, kCancelled = 6 };

/// "PENDING", "RUNNING", "SUCCEEDED", "REFUSED", "FAILED", "CANCELLED".
std::string_view RunStateName(RunState state);

/// One run of a pipeline.
struct RunRecord {
  std::string run_id;  ///< Unique in the store.
  std::string pipeline_name;
  Digest spec_digest;
  std::string spec;  ///< The compiled pipeline, whole. FindRuns leaves it empty: listings stay quick.
  nlohmann::json parameters = nlohmann::json::object();  ///< FindRuns leaves it empty too.
  std::string root;                                      ///< The pipeline root the run writes under.
  RunState state = RunState::kPending;
  Timestamp created;  ///< CreateRun: zero means now.
  Timestamp updated;  ///< Of the last state. Set by the store.
};

/// Events for the end of a run's history: opaque texts (JSON by custom), numbered from 0.
/// The store takes them only where `first_sequence` is the number of events it has.
struct RunEvents {
  int64_t first_sequence = 0;
  std::span<const std::string> events;  ///< Not owned; empty: nothing is appended or checked.
};

}  // namespace penstock::metadata
