#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"

namespace penstock::runtime {

/// What happens to a run. The stored history of a run is a list of these, and nothing else.
namespace event {
/// A task process is about to be started.
struct NodeLaunched {
  std::string node;
  int attempt = 1;
};
/// Outputs are published.
struct NodeSucceeded {
  std::string node;
  int64_t execution_id = 0;
  bool is_cached = false;
  double seconds = 0;
  std::string refusal;  ///< Why this gate said no; empty: it did not.
};
/// An attempt failed; nothing is published.
struct NodeFailed {
  std::string node;
  StatusCode code = StatusCode::kUnknown;
  std::string message;
  double seconds = 0;
};
/// Its input will never be there.
struct NodeSkipped {
  std::string node;
  std::string cause;  ///< The node that failed.
};
/// The process that ran the attempt is gone, killed with the whole run: not the node's fault.
struct NodeInterrupted {
  std::string node;
};
struct CancelRequested {};
struct RunCompleted {
  bool succeeded = false;
};
}  // namespace event

struct RunEvent {
  Timestamp time;
  std::variant<event::NodeLaunched, event::NodeSucceeded, event::NodeFailed, event::NodeSkipped,
               event::NodeInterrupted, event::CancelRequested, event::RunCompleted>
      what;
};

/// One line of JSON, as the history is stored; times in microseconds.
std::string EncodeEvent(const RunEvent& event);
/// kDataLoss when the line is damaged or of a kind that this release does not know.
Result<RunEvent> DecodeEvent(std::string_view json);

enum class NodeStatus { kWaiting, kRunning, kSucceeded, kFailed, kSkipped };
std::string_view NodeStatusName(NodeStatus status);

struct NodeState {
  NodeStatus status = NodeStatus::kWaiting;
  int num_attempts = 0;  ///< Launches, interrupted ones too: numbers the attempts.
  int num_failures = 0;  ///< Counted against the retries.
  Timestamp changed;     ///< When the last event about it happened.
  StatusCode last_code = StatusCode::kOk;
  std::string last_error;
  int64_t execution_id = 0;
  bool is_cached = false;
  double seconds = 0;
  std::string refusal;
  std::string skip_cause;
};

/// Where a run stands: nothing but its events, so that a restarted process rebuilds it by
/// reading the history.
struct RunState {
  std::map<std::string, NodeState> nodes;  ///< Those that had an event.
  bool is_cancelled = false;
  bool is_complete = false;
  bool succeeded = false;
};

/// Replays one event. Pure.
RunState Apply(RunState state, const RunEvent& event);

}  // namespace penstock::runtime
