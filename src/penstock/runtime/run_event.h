#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"

namespace penstock::runtime {

/// A task instance within its run: 0 is the root, the rest are numbered as RunMachine makes them,
/// which the history alone decides.
using TaskIndex = int32_t;

/// What happens to a run. The stored history of a run is a list of these, and nothing else.
namespace event {
/// The first of every history.
struct RunCreated {
  nlohmann::json settings = nlohmann::json::object();  ///< RunSettings as JSON.
};
/// A DAG or a loop begins. A loop has `num_iterations`; a DAG -1.
struct TaskOpened {
  TaskIndex task = 0;
  int32_t num_iterations = -1;
};
/// A task process is about to be started.
struct TaskLaunched {
  TaskIndex task = 0;
  int attempt = 1;
  int64_t execution_id = 0;  ///< 0 in the stored form: the store knows it by run, task and attempt.
  std::string note;          ///< Why it was not taken from the cache.
  std::string path;          ///< Set where `parts` are.
  std::map<std::string, std::string> parts = {};  ///< Of its cache key.
};
/// Outputs are published.
struct TaskSucceeded {
  TaskIndex task = 0;
  int64_t execution_id = 0;  ///< Whose outputs these are.
  bool is_cached = false;
  double seconds = 0;
  std::string refusal;  ///< Why this gate said no; empty: it did not.
  std::string note;     ///< Why it was taken from the cache; `path` and `parts` as above.
  std::string path;
  std::map<std::string, std::string> parts = {};
};
/// An attempt failed; nothing is published.
struct TaskFailed {
  TaskIndex task = 0;
  StatusCode code = StatusCode::kUnknown;
  std::string message;
  double seconds = 0;
};
/// Its condition is false.
struct TaskSkipped {
  TaskIndex task = 0;
  std::string reason;
};
/// The process that ran the attempt is gone, killed with the whole run: not the task's fault.
struct TaskInterrupted {
  TaskIndex task = 0;
};
struct CancelRequested {};
/// What failed, was cancelled or skipped in consequence waits again.
struct RetryRequested {};
struct RunCompleted {
  bool succeeded = false;
};
}  // namespace event

using EventKind =
    std::variant<event::RunCreated, event::TaskOpened, event::TaskLaunched, event::TaskSucceeded,
                 event::TaskFailed, event::TaskSkipped, event::TaskInterrupted, event::CancelRequested,
                 event::RetryRequested, event::RunCompleted>;

struct RunEvent {
  Timestamp time;
  EventKind what;
};

/// One line of JSON, as the history is stored; times in microseconds.
std::string EncodeEvent(const RunEvent& event);
/// kDataLoss when the line is damaged or of a kind that this release does not know.
Result<RunEvent> DecodeEvent(std::string_view json);

}  // namespace penstock::runtime
