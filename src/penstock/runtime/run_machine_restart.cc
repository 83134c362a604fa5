// What turns a whole run around: cancellation and retry. Both walk all tasks once.
#include <algorithm>

#include "penstock/runtime/run_machine.h"

namespace penstock::runtime {
namespace {

bool HasBegun(const TaskState& task) {
  return std::any_of(task.history.begin(), task.history.end(),
                     [](const StateChange& change) { return change.state == RuntimeState::kRunning; });
}

}  // namespace

bool RunMachine::IsExit(TaskIndex index) const {
  for (TaskIndex at = index; at > 0; at = task(at).parent)
    if (task(at).view->is_exit_task) return true;
  return false;
}

/// A waiting task that is an exit task's, or that one itself if anything it cleans up after has begun.
bool RunMachine::GoesOn(TaskIndex index) const {
  if (is_aborted_) return false;
  if (IsExit(task(index).parent)) return true;
  const pipeline::TaskView& view = *task(index).view;
  return view.is_exit_task &&
         std::any_of(view.dependencies.begin(), view.dependencies.end(), [&](const auto& name) {
           const TaskIndex upstream = FindSibling(index, name);
           return upstream >= 0 && HasBegun(task(upstream));
         });
}

void RunMachine::Cancel() {
  if (IsFinal(task(0).state)) return;
  is_aborted_ = is_canceled_;
  if (!is_canceled_) run_history_.push_back({now_, RuntimeState::kCanceling});
  is_canceled_ = true;
  // Leaves at work end by their own events; DAGs and loops by their children.
  for (size_t i = 1; i < tasks_.size(); ++i) {
    const auto index = static_cast<TaskIndex>(i);
    if (task(index).state == RuntimeState::kPending && !GoesOn(index))
      End(index, RuntimeState::kCanceled, Cancelled("The run was cancelled"));
  }
  Settle();
  for (size_t i = tasks_.size(); i-- > 0;) {
    const auto index = static_cast<TaskIndex>(i);
    if (task(index).state == RuntimeState::kRunning && !task(index).children.empty()) CloseIfDone(index);
    Settle();
  }
}

/// What an exit task is told of its tasks is another thing once these have run again.
void RunMachine::RunExitTasksAgain() {
  for (size_t i = 1; i < tasks_.size(); ++i) {
    TaskState& state = tasks_[i];
    const auto index = static_cast<TaskIndex>(i);
    const bool is_leaf = state.children.empty() && state.kind == TaskKind::kContainer && state.iteration < 0;
    if (!state.view->is_exit_task || !is_leaf || state.state != RuntimeState::kSucceeded) continue;
    if (IsFinal(task(state.parent).state)) continue;
    for (const auto& name : state.view->dependencies) {
      const TaskIndex upstream = FindSibling(index, name);
      if (upstream < 0 || IsFinal(task(upstream).state)) continue;
      state.started = state.ended = {};
      SetState(index, RuntimeState::kPending);
      break;
    }
  }
}

/// Counts anew what the children of an open DAG or loop say.
void RunMachine::Recount(TaskIndex index) {
  TaskState& state = at(index);
  state.num_open = state.num_failed = state.num_canceled = 0;
  for (const TaskIndex child : state.children) {
    if (!IsFinal(task(child).state)) ++state.num_open;
    if (task(child).state == RuntimeState::kFailed) ++state.num_failed;
  }
}

/// A task of an open DAG, as if its dependencies had just ended.
void RunMachine::WakeChild(TaskIndex first, TaskIndex position, const pipeline::DagView& dag) {
  const TaskIndex child = first + position;
  if (task(child).state != RuntimeState::kPending) return;
  const pipeline::TaskView& view = dag.tasks[static_cast<size_t>(position)];
  for (const auto& name : view.dependencies) {
    const TaskState& upstream = task(first + PlanOf(dag).positions.at(name));
    if (upstream.state != RuntimeState::kSkipped || view.runs_after_failures) continue;
    return End(child, RuntimeState::kSkipped, FailedPrecondition("{} was skipped", name));
  }
  if (task(child).num_unmet == 0) MakeReady(child);
}

void RunMachine::Retry() {
  is_canceled_ = is_aborted_ = is_complete_ = succeeded_ = false;
  run_history_.push_back({now_, RuntimeState::kRunning});
  for (size_t i = 0; i < tasks_.size(); ++i) {
    TaskState& state = tasks_[i];
    if (state.state == RuntimeState::kSucceeded || state.is_condition_false) continue;
    // What was skipped inside a DAG that succeeded stays so.
    if (state.parent >= 0 && IsFinal(task(state.parent).state)) continue;
    const bool is_open = !state.children.empty();
    state.num_failures = 0;
    state.error = OkStatus();
    state.ended = {};
    if (!is_open) state.started = {};
    SetState(static_cast<TaskIndex>(i), is_open ? RuntimeState::kRunning : RuntimeState::kPending);
  }
  RunExitTasksAgain();
  // Parents have lower numbers than children, so backwards everything below is counted already.
  for (size_t i = tasks_.size(); i-- > 0;) Recount(static_cast<TaskIndex>(i));
  const size_t num_tasks = tasks_.size();
  for (size_t i = 0; i < num_tasks; ++i) {
    const auto index = static_cast<TaskIndex>(i);
    const pipeline::DagView* dag = DagOf(task(index));
    if (task(index).state != RuntimeState::kRunning) continue;
    if (task(index).kind == TaskKind::kLoop) {
      // Iterations that were leaves themselves have no DAG that wakes them.
      for (const TaskIndex child : std::vector<TaskIndex>(task(index).children))
        if (task(child).state == RuntimeState::kPending) MakeReady(child);
      OpenIterations(index);
    } else if (dag != nullptr) {
      const TaskIndex first = task(index).children.front();
      for (size_t k = 0; k < dag->tasks.size(); ++k) at(first + static_cast<TaskIndex>(k)).num_unmet = 0;
      const DagPlan& plan = PlanOf(*dag);
      for (size_t k = 0; k < dag->tasks.size(); ++k)
        for (const int32_t dependent : plan.dependents[k]) {
          if (!IsFinal(task(first + static_cast<TaskIndex>(k)).state)) ++at(first + dependent).num_unmet;
        }
      for (size_t k = 0; k < dag->tasks.size(); ++k) WakeChild(first, static_cast<TaskIndex>(k), *dag);
    }
  }
  // A run that was cancelled when all of it but its exit task had succeeded has nothing left to do.
  CloseIfDone(0);
}

}  // namespace penstock::runtime
