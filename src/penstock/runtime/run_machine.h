#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/run_event.h"
#include "penstock/runtime/run_snapshot.h"

namespace penstock::runtime {

/// One task of one run as the scheduler sees it.
struct TaskState {
  const pipeline::TaskView* view = nullptr;  ///< Null: the root.
  TaskKind kind = TaskKind::kContainer;
  TaskIndex parent = -1;
  int32_t iteration = -1;  ///< Of an iteration of a loop.
  RuntimeState state = RuntimeState::kPending;
  bool is_condition_false = false;
  bool is_cached = false;
  int num_attempts = 0;    ///< Launches, interrupted ones too: numbers the attempts.
  int num_failures = 0;    ///< Counted against the retries.
  int32_t num_unmet = 0;   ///< Tasks it depends on that have not ended.
  int32_t num_open = 0;    ///< Children that have not ended.
  int32_t num_failed = 0;  ///< Children that failed.
  int32_t num_canceled = 0;
  int32_t num_iterations = 0;  ///< Of a loop.
  std::vector<TaskIndex> children;
  std::vector<StateChange> history;
  Timestamp created, started, ended;
  Timestamp failed;  ///< When the last attempt failed: backoff counts from here.
  Status error;
  int64_t execution_id = 0;
  double seconds = 0;
  std::string refusal;
  std::string note;
};

/// What the shell is to do next. Each leads to an event, so Decide asks for it only until then (or
/// until MarkStarted or MarkStopped).
namespace command {
/// Look at the task: evaluate its condition, open it, or launch it as attempt number `attempt`.
struct StartTask {
  TaskIndex task = 0;
  int attempt = 1;
};
/// Nothing can start before; ask again then (or after any event).
struct WaitUntil {
  Timestamp time;
};
/// It has run longer than it may: its process is to end, as a failure.
struct StopTask {
  TaskIndex task = 0;
};
struct CompleteRun {
  bool succeeded = false;
};
}  // namespace command
using Command = std::variant<command::StartTask, command::WaitUntil, command::StopTask, command::CompleteRun>;

/// The state of a run: nothing but its pipeline and its events, so that a restarted process rebuilds
/// it by reading the history. Pure: no clock, no store, no process.
///
/// A task waits for all it depends on. When one of these did not succeed (failed, or was skipped), it is
/// skipped, unless it runs after failures (exit tasks, ignored upstream failures): those start when
/// all have ended. A DAG fails if any of its tasks fails; a loop if any iteration does. A failed
/// leaf is tried again while it has retries left (its own, or else its nearest DAG's policy), after
/// its backoff, unless its input was at fault (IsBadInput: trying again would say the same). A loop
/// opens its iterations in order, as many at a time as its limit. A leaf with a timeout is to be stopped
/// so long after its process began. After a cancellation nothing starts but exit tasks of what had
/// begun; a second cancellation ends these too.
///
/// Cost: Apply is O(what changes), Decide O(commands); memory some 300 bytes a task instance.
/// Not for concurrent use.
class RunMachine {
 public:
  /// `pipeline` is not owned and must outlive the machine.
  RunMachine(const pipeline::PipelineView& pipeline, Timestamp created);

  /// kDataLoss: an event that cannot follow (a damaged history, or another pipeline's).
  Status Apply(const RunEvent& event);

  /// What to do next; at most `capacity` leaf tasks. No command and nothing running means the run is
  /// complete.
  std::vector<Command> Decide(Timestamp now, int capacity) const;
  /// The shell works on it: not to be asked for again until an event about it.
  void MarkStarted(TaskIndex task);
  /// The process of a launched leaf has begun: its timeout counts from here. Not part of the history,
  /// since an attempt does not outlive the process that watches it.
  void MarkBegun(TaskIndex task, Timestamp time);
  void MarkStopped(TaskIndex task);

  const std::vector<TaskState>& tasks() const { return tasks_; }
  const TaskState& task(TaskIndex index) const { return tasks_[static_cast<size_t>(index)]; }
  bool is_canceled() const { return is_canceled_; }
  /// The run is cancelled, and this task does not go on all the same as exit tasks do.
  bool IsStopped(TaskIndex task) const { return is_canceled_ && (is_aborted_ || !IsExit(task)); }
  bool is_complete() const { return is_complete_; }
  const std::vector<StateChange>& history() const { return run_history_; }
  /// Of the run: CANCELING while it stops; final only once RunCompleted is applied.
  RuntimeState state() const;
  /// "for-loop-1/3/print-text"; the root's is empty.
  std::string PathOf(TaskIndex task) const;
  /// The task of that name beside `sibling` (same DAG instance); -1: none.
  TaskIndex FindSibling(TaskIndex sibling, const std::string& name) const;
  /// Of a child of a DAG instance by its task's name; -1: none.
  TaskIndex FindChild(TaskIndex dag, const std::string& name) const;
  /// Indices whose state changed since the last call, in order of change; for observers.
  std::vector<TaskIndex> TakeChanged();
  /// The DAG whose tasks are the children of `task`; null for leaves and loops.
  const pipeline::DagView* DagOf(const TaskState& task) const;
  /// The retry policy that holds for a leaf.
  const pipeline::RetryView& RetryOf(TaskIndex task) const;

 private:
  /// Of one DagView, worked out once.
  struct DagPlan {
    std::vector<std::vector<int32_t>> dependents;  ///< By position in the DAG's tasks.
    std::map<std::string, int32_t> positions;
  };

  Status Check(TaskIndex task, bool needs_open_leaf) const;
  const DagPlan& PlanOf(const pipeline::DagView& dag);
  TaskState& at(TaskIndex index) { return tasks_[static_cast<size_t>(index)]; }
  TaskIndex Add(const pipeline::TaskView* view, TaskKind kind, TaskIndex parent, int32_t iteration);
  void SetState(TaskIndex task, RuntimeState state);
  void OpenDag(TaskIndex task);
  void OpenIterations(TaskIndex loop);
  void MakeReady(TaskIndex task);
  void End(TaskIndex task, RuntimeState state, Status error);
  void Settle();
  void Propagate(TaskIndex ended);
  void MeetDependents(TaskIndex ended);
  void CloseIfDone(TaskIndex task);
  void Fail(const event::TaskFailed& failed);
  void Cancel();
  void Retry();
  bool IsExit(TaskIndex task) const;
  bool GoesOn(TaskIndex task) const;
  void RunExitTasksAgain();
  void Recount(TaskIndex task);
  void WakeChild(TaskIndex first, TaskIndex position, const pipeline::DagView& dag);
  bool MayRetry(TaskIndex task) const;
  Timestamp RetryTime(TaskIndex task) const;

  // Constant after construction.
  const pipeline::PipelineView& pipeline_;

  std::map<const pipeline::DagView*, DagPlan> plans_;
  std::vector<TaskState> tasks_;
  std::set<TaskIndex> ready_leaves_, ready_dags_;      ///< May be looked at now.
  std::set<std::pair<Timestamp, TaskIndex>> waiting_;  ///< Failed leaves and when they may be tried again.
  std::map<TaskIndex, Timestamp> deadlines_;           ///< Of leaves whose process has begun.
  std::deque<TaskIndex> ended_;                        ///< Whose ends have not been told around yet.
  std::vector<TaskIndex> changed_;
  std::vector<StateChange> run_history_;
  Timestamp now_;  ///< Of the event being applied.
  bool is_canceled_ = false;
  bool is_aborted_ = false;  ///< Canceled twice: exit tasks too.
  bool is_complete_ = false;
  bool succeeded_ = false;
};

/// How the run ends as a process: 0 succeeded, 1 failed, 2 bad input, 3 a gate said no.
int ExitCodeOf(const RunMachine& machine);

}  // namespace penstock::runtime
