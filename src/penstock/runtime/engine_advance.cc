// The reactor's deciding half: what comes next in each run, and who does it.
#include <algorithm>
#include <future>

#include "penstock/base/logging.h"
#include "penstock/runtime/engine_internal.h"
#include "penstock/runtime/engine_notice_internal.h"

namespace penstock::runtime {

/// A job's way to the reactor.
class Engine::Events : public TaskEvents {
 public:
  Events(Engine& engine, std::shared_ptr<ActiveRun> run) : engine_(engine), run_(std::move(run)) {}

  Status Write(TaskIndex task, TaskWrite write) override {
    return engine_.WriteNow(
        {run_, task, std::move(write.what), std::move(write.perform), std::move(write.outputs), {}});
  }
  void Begun(TaskIndex task) override {
    std::lock_guard lock(engine_.mutex_);
    RunMachine& machine = *run_->run.machine;
    if (machine.task(task).view->timeout_seconds <= 0) return;
    machine.MarkBegun(task, engine_.clock_.Now());
    engine_.touched_.push_back(run_);
    engine_.work_.notify_one();
  }
  std::string ExplainMiss(const std::string& path, const KeyParts& parts) override {
    return engine_.notes_.Explain(run_->run.record.pipeline_name, path, run_->run.record.run_id, parts);
  }

 private:
  Engine& engine_;
  const std::shared_ptr<ActiveRun> run_;
};

void Engine::Queue(QueuedWrite write) {
  std::lock_guard lock(mutex_);
  queue_.push_back(std::move(write));
  work_.notify_one();
}

Status Engine::WriteNow(QueuedWrite write) {
  std::promise<Status> answered;
  std::future<Status> answer = answered.get_future();
  write.answer = [&answered](const Status& status) { answered.set_value(status); };
  {
    std::lock_guard lock(mutex_);
    if (!fault_.ok()) return fault_;
    if (is_stopping_) return Cancelled("The engine is stopping");
    queue_.push_back(std::move(write));
    work_.notify_one();
  }
  return answer.get();
}

void Engine::React() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait_for(lock, std::chrono::milliseconds(MillisUntilWake()),
                   [&] { return is_stopping_ || !queue_.empty() || !touched_.empty(); });
    if (is_stopping_ && queue_.empty()) return;
    Batch batch = TakeBatch();
    if (!batch.empty()) {
      lock.unlock();
      Commit(std::move(batch));
      lock.lock();
    }
    if (is_stopping_ || !fault_.ok()) {
      touched_.clear();  // Nothing goes on; kept, they would wake this loop for ever.
    } else {
      AdvanceAll();
    }
  }
}

int64_t Engine::MillisUntilWake() const {
  constexpr int64_t kLongest = 1000;
  int64_t millis = kLongest;
  if (!fault_.ok()) return kLongest;
  const Timestamp now = clock_.Now();
  for (const auto& [id, run] : runs_)
    if (run->wake.has_value()) millis = std::min(millis, (run->wake->micros - now.micros) / 1000 + 1);
  return std::max<int64_t>(millis, 0);
}

void Engine::AdvanceAll() {
  const Timestamp now = clock_.Now();
  std::vector<std::shared_ptr<ActiveRun>> runs = std::exchange(touched_, {});
  for (const auto& [id, run] : runs_) {
    const bool is_due = run->wake.has_value() && *run->wake <= now;
    if (is_due || (run->is_hungry && num_in_flight_ < max_in_flight_)) runs.push_back(run);
  }
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  for (const auto& run : runs) Advance(run);
}

void Engine::Advance(const std::shared_ptr<ActiveRun>& run) {
  run->wake.reset();
  const int capacity = max_in_flight_ - num_in_flight_;
  int num_leaves = 0;
  for (const auto& what : run->run.machine->Decide(clock_.Now(), capacity)) {
    if (const auto* start = std::get_if<command::StartTask>(&what)) {
      const TaskKind kind = run->run.machine->task(start->task).kind;
      if (kind != TaskKind::kDag && kind != TaskKind::kLoop) ++num_leaves;
      StartTask(run, *start);
    } else if (const auto* wait = std::get_if<command::WaitUntil>(&what)) {
      run->wake = wait->time;
    } else if (const auto* stop = std::get_if<command::StopTask>(&what)) {
      StopTask(*run, stop->task);
    } else if (const auto* complete = std::get_if<command::CompleteRun>(&what)) {
      Complete(run, complete->succeeded);
    }
  }
  run->is_hungry = num_leaves >= capacity;
}

void Engine::StopTask(ActiveRun& run, TaskIndex task) {
  run.run.machine->MarkStopped(task);
  const auto attempt = run.at_work.find(task);
  if (attempt == run.at_work.end()) return;
  attempt->second->is_out_of_time = true;
  attempt->second->cancellation.Cancel();
}

void Engine::StartTask(const std::shared_ptr<ActiveRun>& run, const command::StartTask& command) {
  run->run.machine->MarkStarted(command.task);
  std::optional<TaskJob> job;
  auto what = Look(*run, command.task, job);
  if (what.ok() && job.has_value()) {
    job->attempt = command.attempt;
    return Dispatch(run, *std::move(job));
  }
  if (!what.ok())
    what = event::TaskFailed{command.task, what.status().code(), std::string(what.status().message()), 0};
  queue_.push_back({run, command.task, *std::move(what), {}, nullptr, {}});
}

/// What becomes of a task whose turn it is: an event, or a job for a worker.
Result<EventKind> Engine::Look(ActiveRun& run, TaskIndex task, std::optional<TaskJob>& job) {
  const RunMachine& machine = *run.run.machine;
  const TaskState& state = machine.task(task);
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_met, run.values.EvaluateCondition(task));
  if (!is_met) return event::TaskSkipped{task, "its condition is false"};
  if (state.kind == TaskKind::kLoop) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t num_iterations, run.values.CountIterations(task));
    return event::TaskOpened{task, num_iterations};
  }
  if (state.kind == TaskKind::kDag) return event::TaskOpened{task, -1};
  job.emplace();
  job->index = task;
  job->view = state.view;
  job->path = machine.PathOf(task);
  job->root_task = job->path.substr(0, job->path.find('/'));
  PENSTOCK_ASSIGN_OR_RETURN(job->inputs, run.values.Resolve(task));
  return event::TaskOpened{task, -1};  // Not looked at: there is a job.
}

void Engine::Dispatch(const std::shared_ptr<ActiveRun>& run, TaskJob job) {
  ++num_in_flight_;
  job.off = std::make_shared<TaskSwitch>();
  run->at_work[job.index] = job.off;
  workers_.Add([this, run, job = std::move(job)]() mutable {
    Events events(*this, run);
    const std::string path = job.path;
    const TaskIndex task = job.index;
    const auto off = job.off;
    const Status status = launcher_.Launch(
        run->context, std::move(job), events, [&](double fraction, const std::string& message) {
          if (observer_ != nullptr) observer_->OnProgress(run->run.record.run_id, path, fraction, message);
        });
    std::lock_guard lock(mutex_);
    // The next attempt may be at work already.
    if (const auto own = run->at_work.find(task); own != run->at_work.end() && own->second == off)
      run->at_work.erase(own);
    --num_in_flight_;
    if (!status.ok() && !absl::IsCancelled(status) && !is_stopping_) SetFault(Annotate(status, path));
    touched_.push_back(run);
    work_.notify_one();
  });
}

void Engine::Complete(const std::shared_ptr<ActiveRun>& run, bool succeeded) {
  if (std::exchange(run->is_completing, true)) return;
  queue_.push_back({run,
                    -1,
                    event::RunCompleted{succeeded},
                    [this, run, succeeded](const metadata::RunEvents& events) {
                      // As it will be once the event is applied.
                      metadata::RunState state = metadata::RunState::kFailed;
                      if (succeeded) {
                        state = metadata::RunState::kSucceeded;
                        for (const TaskState& task : run->run.machine->tasks())
                          if (!task.refusal.empty()) state = metadata::RunState::kRefused;
                      } else if (run->run.machine->is_canceled()) {
                        state = metadata::RunState::kCancelled;
                      }
                      return store_.SetRunState(run->run.record.run_id, state, events);
                    },
                    nullptr,
                    {}});
}

void Engine::SetFault(const Status& status) {
  if (!fault_.ok()) return;
  fault_ = status;
  logging::Error("the store cannot be written; nothing goes on", {{"error", status.message()}});
  for (auto& [id, run] : runs_) run->StopWork(/*only_stopped=*/false);
  changed_.notify_all();
  work_.notify_one();
}

}  // namespace penstock::runtime
