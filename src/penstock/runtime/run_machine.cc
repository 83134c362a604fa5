#include "penstock/runtime/run_machine.h"

#include <algorithm>
#include <cmath>

namespace penstock::runtime {

using pipeline::DagView;
using pipeline::TaskView;

namespace {

TaskKind KindOf(const TaskView& view) {
  switch (view.kind) {
    case TaskView::Kind::kDag:
      return TaskKind::kDag;
    case TaskView::Kind::kImporter:
      return TaskKind::kImporter;
    case TaskView::Kind::kResolver:
      return TaskKind::kResolver;
    case TaskView::Kind::kContainer:
      break;
  }
  return TaskKind::kContainer;
}

bool IsLeaf(TaskKind kind) {
  return kind == TaskKind::kContainer || kind == TaskKind::kImporter || kind == TaskKind::kResolver;
}

}  // namespace

RunMachine::RunMachine(const pipeline::PipelineView& pipeline, Timestamp created)
    : pipeline_(pipeline), now_(created) {
  Add(nullptr, TaskKind::kRoot, -1, -1);
  run_history_.push_back({created, RuntimeState::kPending});
}

RuntimeState RunMachine::state() const {
  if (!is_complete_ && is_canceled_) return RuntimeState::kCanceling;
  if (!is_complete_) return run_history_.size() > 1 ? RuntimeState::kRunning : RuntimeState::kPending;
  if (succeeded_) return RuntimeState::kSucceeded;
  return is_canceled_ ? RuntimeState::kCanceled : RuntimeState::kFailed;
}

Status RunMachine::Check(TaskIndex task, bool needs_open_leaf) const {
  const bool is_known = task >= 0 && static_cast<size_t>(task) < tasks_.size();
  if (is_known && (!needs_open_leaf || (IsLeaf(this->task(task).kind) && !IsFinal(this->task(task).state))))
    return OkStatus();
  return DataLoss("The run's history has an event about task {} that cannot happen there", task);
}

Status RunMachine::Apply(const RunEvent& event) {
  now_ = event.time;
  if (std::holds_alternative<event::RunCreated>(event.what)) {
    if (!task(0).children.empty() || IsFinal(task(0).state)) return Check(-1, false);
    run_history_.push_back({now_, RuntimeState::kRunning});
    SetState(0, RuntimeState::kRunning);
    OpenDag(0);
  } else if (const auto* opened = std::get_if<event::TaskOpened>(&event.what)) {
    PENSTOCK_RETURN_IF_ERROR(Check(opened->task, false));
    if (at(opened->task).state != RuntimeState::kPending || IsLeaf(at(opened->task).kind))
      return Check(-1, false);
    ready_dags_.erase(opened->task);
    SetState(opened->task, RuntimeState::kRunning);
    if (at(opened->task).kind == TaskKind::kLoop) {
      at(opened->task).num_iterations = opened->num_iterations;
      OpenIterations(opened->task);
    } else {
      OpenDag(opened->task);
    }
  } else if (const auto* launched = std::get_if<event::TaskLaunched>(&event.what)) {
    PENSTOCK_RETURN_IF_ERROR(Check(launched->task, true));
    ready_leaves_.erase(launched->task);
    std::erase_if(waiting_, [&](const auto& entry) { return entry.second == launched->task; });
    at(launched->task).num_attempts = launched->attempt;
    at(launched->task).execution_id = launched->execution_id;
    at(launched->task).note = launched->note;
    SetState(launched->task, RuntimeState::kRunning);
  } else if (const auto* done = std::get_if<event::TaskSucceeded>(&event.what)) {
    PENSTOCK_RETURN_IF_ERROR(Check(done->task, true));
    TaskState& state = at(done->task);
    state.execution_id = done->execution_id;
    state.is_cached = done->is_cached;
    state.seconds = done->seconds;
    state.refusal = done->refusal;
    if (!done->note.empty()) state.note = done->note;
    if (state.num_attempts == 0) state.num_attempts = 1;
    End(done->task, RuntimeState::kSucceeded, OkStatus());
  } else if (const auto* failed = std::get_if<event::TaskFailed>(&event.what)) {
    PENSTOCK_RETURN_IF_ERROR(Check(failed->task, false));
    Fail(*failed);
  } else if (const auto* skipped = std::get_if<event::TaskSkipped>(&event.what)) {
    PENSTOCK_RETURN_IF_ERROR(Check(skipped->task, false));
    at(skipped->task).is_condition_false = true;
    End(skipped->task, RuntimeState::kSkipped, FailedPrecondition("{}", skipped->reason));
  } else if (const auto* interrupted = std::get_if<event::TaskInterrupted>(&event.what)) {
    PENSTOCK_RETURN_IF_ERROR(Check(interrupted->task, true));
    at(interrupted->task).execution_id = 0;
    deadlines_.erase(interrupted->task);
    if (IsStopped(interrupted->task)) {
      End(interrupted->task, RuntimeState::kCanceled, Cancelled("The run was cancelled"));
    } else {
      SetState(interrupted->task, RuntimeState::kPending);
      ready_leaves_.insert(interrupted->task);
    }
  } else if (std::holds_alternative<event::CancelRequested>(event.what)) {
    Cancel();
  } else if (std::holds_alternative<event::RetryRequested>(event.what)) {
    Retry();
  } else if (const auto* completed = std::get_if<event::RunCompleted>(&event.what)) {
    is_complete_ = true;
    succeeded_ = completed->succeeded;
    run_history_.push_back({now_, state()});
  }
  Settle();
  return OkStatus();
}

std::vector<Command> RunMachine::Decide(Timestamp now, int capacity) const {
  std::vector<Command> commands;
  if (is_complete_) return commands;
  if (IsFinal(task(0).state)) return {command::CompleteRun{task(0).state == RuntimeState::kSucceeded}};
  for (const TaskIndex index : ready_dags_)
    commands.push_back(command::StartTask{index, task(index).num_attempts + 1});
  for (const TaskIndex index : ready_leaves_) {
    if (capacity <= 0) break;
    --capacity;
    commands.push_back(command::StartTask{index, task(index).num_attempts + 1});
  }
  std::optional<Timestamp> next;
  for (const auto& [time, index] : waiting_) {
    if (time > now) next = time;
    if (time > now || capacity <= 0) break;
    --capacity;
    commands.push_back(command::StartTask{index, task(index).num_attempts + 1});
  }
  for (const auto& [index, time] : deadlines_) {
    if (time <= now) commands.push_back(command::StopTask{index});
    if (time > now && (!next.has_value() || time < *next)) next = time;
  }
  if (next.has_value()) commands.push_back(command::WaitUntil{*next});
  return commands;
}

void RunMachine::MarkBegun(TaskIndex index, Timestamp time) {
  const double seconds = task(index).view->timeout_seconds;
  if (seconds > 0 && task(index).state == RuntimeState::kRunning)
    deadlines_[index] = {time.micros + static_cast<int64_t>(std::min(seconds, 1e9) * 1e6)};
}

void RunMachine::MarkStopped(TaskIndex index) { deadlines_.erase(index); }

void RunMachine::MarkStarted(TaskIndex index) {
  ready_leaves_.erase(index);
  ready_dags_.erase(index);
  if (task(index).num_failures > 0)
    std::erase_if(waiting_, [&](const auto& entry) { return entry.second == index; });
}

const DagView* RunMachine::DagOf(const TaskState& state) const {
  if (state.kind == TaskKind::kRoot) return &pipeline_;
  if (state.kind != TaskKind::kDag) return nullptr;
  const auto found = pipeline_.dags.find(state.view->component_name);
  return found == pipeline_.dags.end() ? nullptr : &found->second;
}

const RunMachine::DagPlan& RunMachine::PlanOf(const DagView& dag) {
  const auto [entry, is_new] = plans_.try_emplace(&dag);
  DagPlan& plan = entry->second;
  if (!is_new) return plan;
  plan.dependents.resize(dag.tasks.size());
  for (size_t i = 0; i < dag.tasks.size(); ++i) plan.positions[dag.tasks[i].id] = static_cast<int32_t>(i);
  for (size_t i = 0; i < dag.tasks.size(); ++i)
    for (const auto& name : dag.tasks[i].dependencies)
      plan.dependents[static_cast<size_t>(plan.positions.at(name))].push_back(static_cast<int32_t>(i));
  return plan;
}

TaskIndex RunMachine::Add(const TaskView* view, TaskKind kind, TaskIndex parent, int32_t iteration) {
  const auto index = static_cast<TaskIndex>(tasks_.size());
  TaskState state;
  state.view = view;
  state.kind = kind;
  state.parent = parent;
  state.iteration = iteration;
  state.created = now_;
  tasks_.push_back(std::move(state));
  if (parent >= 0) {
    at(parent).children.push_back(index);
    ++at(parent).num_open;
  }
  return index;
}

void RunMachine::SetState(TaskIndex index, RuntimeState state) {
  TaskState& task = at(index);
  task.state = state;
  if (state == RuntimeState::kRunning && task.started.micros == 0) task.started = now_;
  if (IsFinal(state)) task.ended = now_;
  task.history.push_back({now_, state});
  changed_.push_back(index);
}

void RunMachine::OpenDag(TaskIndex index) {
  const DagView* dag = DagOf(task(index));
  if (dag == nullptr || dag->tasks.empty()) return End(index, RuntimeState::kSucceeded, OkStatus());
  PlanOf(*dag);
  std::vector<TaskIndex> ready;
  for (const TaskView& view : dag->tasks) {
    const TaskKind kind = view.iterator.has_value() ? TaskKind::kLoop : KindOf(view);
    const TaskIndex child = Add(&view, kind, index, -1);
    at(child).num_unmet = static_cast<int32_t>(view.dependencies.size());
    if (view.dependencies.empty()) ready.push_back(child);
  }
  for (const TaskIndex child : ready) MakeReady(child);
}

void RunMachine::OpenIterations(TaskIndex loop) {
  const TaskView& view = *task(loop).view;
  if (task(loop).num_iterations <= 0) return End(loop, RuntimeState::kSucceeded, OkStatus());
  const int limit = view.iterator->parallelism_limit > 0 ? view.iterator->parallelism_limit : INT32_MAX;
  while (!IsStopped(loop) && task(loop).num_open < limit &&
         static_cast<int32_t>(task(loop).children.size()) < task(loop).num_iterations) {
    const auto iteration = static_cast<int32_t>(task(loop).children.size());
    MakeReady(Add(&view, KindOf(view), loop, iteration));
  }
}

void RunMachine::MakeReady(TaskIndex index) {
  const TaskState& state = task(index);
  if (IsLeaf(state.kind)) {
    ready_leaves_.insert(index);
    return;
  }
  const bool is_decided = state.iteration >= 0 || !state.view->condition.has_value();
  if (state.kind == TaskKind::kDag && is_decided) {
    SetState(index, RuntimeState::kRunning);
    OpenDag(index);
  } else {
    ready_dags_.insert(index);
  }
}

void RunMachine::End(TaskIndex index, RuntimeState state, Status error) {
  if (IsFinal(task(index).state)) return;
  ready_leaves_.erase(index);
  ready_dags_.erase(index);
  deadlines_.erase(index);
  if (task(index).num_failures > 0)
    std::erase_if(waiting_, [&](const auto& entry) { return entry.second == index; });
  at(index).error = std::move(error);
  SetState(index, state);
  ended_.push_back(index);
}

/// Ends lead to ends: told around here one by one, so that no chain of tasks is a chain of calls.
void RunMachine::Settle() {
  while (!ended_.empty()) {
    const TaskIndex index = ended_.front();
    ended_.pop_front();
    Propagate(index);
  }
}

void RunMachine::Propagate(TaskIndex ended) {
  const TaskState& state = task(ended);
  if (state.parent < 0) return;
  TaskState& parent = at(state.parent);
  --parent.num_open;
  if (state.state == RuntimeState::kFailed) {
    if (parent.num_failed++ == 0) {
      const std::string name = state.view->id;
      const bool is_leaf = IsLeaf(state.kind) && state.iteration < 0;
      parent.error = is_leaf ? Status(state.error.code(), fmt::format("Task '{}' failed: {}", name,
                                                                      std::string(state.error.message())))
                             : state.error;
    }
  }
  if (state.state == RuntimeState::kCanceled) ++parent.num_canceled;
  const TaskIndex parent_index = state.parent;
  if (parent.kind == TaskKind::kLoop) {
    if (!IsStopped(parent_index)) OpenIterations(parent_index);
  } else {
    MeetDependents(ended);
  }
  CloseIfDone(parent_index);
}

void RunMachine::MeetDependents(TaskIndex ended) {
  const TaskIndex parent = task(ended).parent;
  const DagView* dag = DagOf(task(parent));
  const DagPlan& plan = PlanOf(*dag);
  const TaskIndex first = task(parent).children.front();
  const bool succeeded = task(ended).state == RuntimeState::kSucceeded;
  for (const int32_t position : plan.dependents[static_cast<size_t>(ended - first)]) {
    const TaskIndex dependent = first + position;
    --at(dependent).num_unmet;
    if (IsFinal(task(dependent).state)) continue;
    if (!succeeded && !task(dependent).view->runs_after_failures) {
      const std::string& cause = task(ended).view->id;
      Status error = FailedPrecondition("{} failed", cause);
      if (task(ended).state !=
          RuntimeState::kFailed)  // What is skipped in consequence names the first cause.
        error = task(ended).is_condition_false || task(ended).error.ok()
                    ? FailedPrecondition("{} was skipped", cause)
                    : task(ended).error;
      End(dependent, RuntimeState::kSkipped, std::move(error));
    } else if (task(dependent).num_unmet == 0 && task(dependent).state == RuntimeState::kPending) {
      // Not pending: opened before a Retry took up what it had not waited to succeed.
      MakeReady(dependent);
    }
  }
}

void RunMachine::CloseIfDone(TaskIndex index) {
  const TaskState& state = task(index);
  const bool is_loop = state.kind == TaskKind::kLoop;
  if (state.num_open > 0 || IsFinal(state.state)) return;
  if (is_loop && !IsStopped(index) && static_cast<int32_t>(state.children.size()) < state.num_iterations)
    return;
  if (state.num_failed > 0) return End(index, RuntimeState::kFailed, state.error);
  const bool is_cut = is_loop && static_cast<int32_t>(state.children.size()) < state.num_iterations;
  const bool is_canceled_run = index == 0 && is_canceled_;  // Though all that was left could end.
  if (state.num_canceled > 0 || is_cut || is_canceled_run)
    return End(index, RuntimeState::kCanceled, Cancelled("The run was cancelled"));
  End(index, RuntimeState::kSucceeded, OkStatus());
}

const pipeline::RetryView& RunMachine::RetryOf(TaskIndex index) const {
  static const pipeline::RetryView kNone;
  for (TaskIndex at = index; at > 0; at = task(at).parent)
    if (task(at).view->has_retry) return task(at).view->retry;
  return kNone;
}

bool RunMachine::MayRetry(TaskIndex index) const {
  const TaskState& state = task(index);
  return state.num_failures <= RetryOf(index).num_retries && !absl::IsCancelled(state.error) &&
         !IsBadInput(state.error);
}

Timestamp RunMachine::RetryTime(TaskIndex index) const {
  const auto& retry = RetryOf(index);
  const double seconds = std::min(
      retry.backoff_seconds * std::pow(std::max(1.0, retry.backoff_factor), task(index).num_failures - 1),
      std::max(retry.max_backoff_seconds, retry.backoff_seconds));
  return {task(index).failed.micros + static_cast<int64_t>(std::min(seconds, 1e9) * 1e6)};
}

void RunMachine::Fail(const event::TaskFailed& failed) {
  TaskState& state = at(failed.task);
  if (IsFinal(state.state)) return;
  const Status error(failed.code == StatusCode::kOk ? StatusCode::kUnknown : failed.code, failed.message);
  state.seconds = failed.seconds;
  state.failed = now_;
  if (state.num_attempts == 0) state.num_attempts = 1;
  ++state.num_failures;
  state.error = error;
  deadlines_.erase(failed.task);
  if (IsStopped(failed.task)) {
    End(failed.task, RuntimeState::kCanceled, Cancelled("The run was cancelled"));
  } else if (IsLeaf(state.kind) && MayRetry(failed.task)) {
    ready_leaves_.erase(failed.task);
    SetState(failed.task, RuntimeState::kPending);
    waiting_.insert({RetryTime(failed.task), failed.task});
  } else {
    End(failed.task, RuntimeState::kFailed, error);
  }
}

std::vector<TaskIndex> RunMachine::TakeChanged() { return std::exchange(changed_, {}); }

TaskIndex RunMachine::FindChild(TaskIndex dag, const std::string& name) const {
  const DagView* view = DagOf(task(dag));
  if (view == nullptr || task(dag).children.empty()) return -1;
  const auto plan = plans_.find(view);
  if (plan == plans_.end()) return -1;
  const auto position = plan->second.positions.find(name);
  return position == plan->second.positions.end() ? -1 : task(dag).children.front() + position->second;
}

TaskIndex RunMachine::FindSibling(TaskIndex sibling, const std::string& name) const {
  // The siblings of an iteration are those of its loop.
  TaskIndex of = sibling;
  if (task(of).iteration >= 0) of = task(of).parent;
  return task(of).parent < 0 ? -1 : FindChild(task(of).parent, name);
}

std::string RunMachine::PathOf(TaskIndex index) const {
  std::vector<std::string> parts;
  for (TaskIndex at = index; at > 0; at = task(at).parent)
    parts.push_back(task(at).iteration >= 0 ? std::to_string(task(at).iteration) : task(at).view->id);
  std::reverse(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, "/"));
}

int ExitCodeOf(const RunMachine& machine) {
  bool is_refused = false, is_bad_input = false;
  for (const TaskState& task : machine.tasks()) {
    if (task.state == RuntimeState::kSucceeded && !task.refusal.empty()) is_refused = true;
    if (task.state == RuntimeState::kFailed && IsBadInput(task.error)) is_bad_input = true;
  }
  if (machine.state() != RuntimeState::kSucceeded) return is_bad_input ? 2 : 1;
  return is_refused ? 3 : 0;
}

}  // namespace penstock::runtime
