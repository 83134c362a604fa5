#include "penstock/runtime/scheduler.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace penstock::runtime {
namespace {

const NodeState& StateOf(const RunState& state, const std::string& node) {
  static const NodeState kNothingYet;
  const auto entry = state.nodes.find(node);
  return entry == state.nodes.end() ? kNothingYet : entry->second;
}

bool MayRetry(const pipeline::TaskView& task, const NodeState& node) {
  return node.num_failures <= task.retry.num_retries && node.last_code != StatusCode::kCancelled &&
         !IsBadInput(Status(node.last_code, node.last_error));
}

Timestamp RetryTime(const pipeline::TaskView& task, const NodeState& node) {
  const auto& retry = task.retry;
  const double seconds =
      std::min(retry.backoff_seconds * std::pow(std::max(1.0, retry.backoff_factor), node.num_failures - 1),
               std::max(retry.max_backoff_seconds, retry.backoff_seconds));
  return {node.changed.micros + static_cast<int64_t>(seconds * 1e6)};
}

bool HasFailedForGood(const pipeline::TaskView& task, const NodeState& node, bool is_cancelled) {
  return node.status == NodeStatus::kSkipped ||
         (node.status == NodeStatus::kFailed && (is_cancelled || !MayRetry(task, node)));
}

/// The first dependency, in order, that will never succeed.
std::optional<std::string> Obstacle(const pipeline::PipelineView& pipeline, const RunState& state,
                                    const pipeline::TaskView& task) {
  for (const auto& dependency : task.dependencies) {
    const NodeState& node = StateOf(state, dependency);
    const auto* upstream = pipeline.FindTask(dependency);
    if (upstream != nullptr && HasFailedForGood(*upstream, node, state.is_cancelled))
      return node.status == NodeStatus::kSkipped ? node.skip_cause : dependency;
  }
  return std::nullopt;
}

bool DependenciesSucceeded(const RunState& state, const pipeline::TaskView& task) {
  return std::all_of(task.dependencies.begin(), task.dependencies.end(), [&](const std::string& dependency) {
    return StateOf(state, dependency).status == NodeStatus::kSucceeded;
  });
}

}  // namespace

std::vector<Command> Decide(const pipeline::PipelineView& pipeline, const RunState& state, Timestamp now,
                            int max_running) {
  std::vector<Command> commands;
  if (state.is_complete) return commands;
  int num_running = 0;
  bool all_succeeded = true;
  bool is_finished = true;
  std::optional<Timestamp> next_retry;
  for (const auto& task : pipeline.tasks) {
    const auto status = StateOf(state, task.id).status;
    if (status == NodeStatus::kRunning) ++num_running;
    all_succeeded = all_succeeded && status == NodeStatus::kSucceeded;
  }
  for (const auto& task : pipeline.tasks) {
    const NodeState& node = StateOf(state, task.id);
    const bool is_retry = node.status == NodeStatus::kFailed;
    if (node.status == NodeStatus::kRunning) is_finished = false;
    if (node.status != NodeStatus::kWaiting &&
        !(is_retry && !HasFailedForGood(task, node, state.is_cancelled)))
      continue;
    if (state.is_cancelled) continue;  // It stays as it is: neither failed nor skipped.
    if (const auto cause = Obstacle(pipeline, state, task)) {
      commands.push_back(command::SkipNode{task.id, *cause});
      is_finished = false;  // Its own event brings us back here.
      continue;
    }
    is_finished = false;
    if (!DependenciesSucceeded(state, task)) continue;
    if (const Timestamp time = is_retry ? RetryTime(task, node) : now; time > now) {
      next_retry = std::min(next_retry.value_or(time), time);
    } else if (num_running < max_running) {
      ++num_running;
      commands.push_back(command::LaunchNode{task.id, node.num_attempts + 1});
    }
  }
  if (is_finished) return {command::CompleteRun{all_succeeded}};
  if (next_retry) commands.push_back(command::WaitUntil{*next_retry});
  return commands;
}

int ExitCodeOf(const RunState& state) {
  bool is_refused = false, is_failed = !state.succeeded, is_bad_input = false;
  for (const auto& [id, node] : state.nodes) {
    if (node.status == NodeStatus::kSucceeded && !node.refusal.empty()) is_refused = true;
    if (node.status == NodeStatus::kFailed && IsBadInput(Status(node.last_code, node.last_error)))
      is_bad_input = true;
  }
  if (is_failed) return is_bad_input ? 2 : 1;
  return is_refused ? 3 : 0;
}

}  // namespace penstock::runtime
