// The reactor's writing half: batches of events to the store and into the machines.
#include <algorithm>

#include "penstock/base/logging.h"
#include "penstock/runtime/engine_internal.h"
#include "penstock/runtime/engine_notice_internal.h"

namespace penstock::runtime {

namespace {

/// What turns a run around is written by itself: what stands behind it in the queue may not hold any more.
bool StandsAlone(const QueuedWrite& write) {
  return std::holds_alternative<event::CancelRequested>(write.what) ||
         std::holds_alternative<event::RetryRequested>(write.what);
}

bool IsRefusal(const Status& status) {
  return absl::IsAlreadyExists(status) || absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
         absl::IsFailedPrecondition(status);
}

}  // namespace

Engine::Batch Engine::TakeBatch() {
  constexpr size_t kMaxBatch = 512;
  Batch batch;
  while (!queue_.empty() && batch.size() < kMaxBatch) {
    const bool is_alone = StandsAlone(queue_.front());
    if (is_alone && !batch.empty()) break;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (is_alone) break;
  }
  return batch;
}

/// The task has ended meanwhile (its run was cancelled): nobody wants this any more.
bool Engine::IsStale(const QueuedWrite& write) const {
  if (write.task < 0) return false;
  const RunMachine& machine = *write.run->run.machine;
  return static_cast<size_t>(write.task) >= machine.tasks().size() ||
         IsFinal(machine.task(write.task).state) || machine.is_complete();
}

void Engine::Commit(Batch batch) {
  const auto stale = [&](QueuedWrite& write) {
    const bool is_dropped = is_stopping_ || IsStale(write);
    if (is_dropped && write.answer) write.answer(Cancelled("The task is not wanted any more"));
    return is_dropped;
  };
  {
    std::lock_guard lock(mutex_);
    if (!fault_.ok()) {
      for (auto& write : batch)
        if (write.answer) write.answer(fault_);
      return;
    }
    std::erase_if(batch, stale);
  }
  if (batch.empty()) return;
  std::vector<RunEvent> events(batch.size());
  const Status written = WriteGroup(batch, events);
  if (!written.ok() && IsRefusal(written) && batch.size() > 1) return WriteEach(batch);
  std::vector<Notice> notices;
  {
    std::lock_guard lock(mutex_);
    if (written.ok()) {
      for (size_t i = 0; i < batch.size(); ++i) Apply(batch[i], events[i], notices);
    } else if (!IsRefusal(written)) {
      SetFault(written);
    }
    changed_.notify_all();
  }
  Tell(notices);
  for (auto& write : batch)
    if (write.answer) write.answer(written);
}

/// One of a group was refused, and with it the whole group: each for itself, only that one fails.
void Engine::WriteEach(Batch& batch) {
  for (auto& write : batch) {
    Batch one;
    one.push_back(std::move(write));
    Commit(std::move(one));
  }
}

Status Engine::WriteGroup(const Batch& batch, std::vector<RunEvent>& events) {
  std::map<const ActiveRun*, int64_t> sequences;
  const auto write_one = [&](size_t i) {
    const ActiveRun* run = batch[i].run.get();
    const auto entry = sequences.try_emplace(run, run->run.num_events).first;
    return WriteOne(batch[i], entry->second++, events[i]);
  };
  if (batch.size() == 1) return write_one(0);
  return store_.InOneTransaction([&]() -> Status {
    for (size_t i = 0; i < batch.size(); ++i) PENSTOCK_RETURN_IF_ERROR(write_one(i));
    return OkStatus();
  });
}

Status Engine::WriteOne(const QueuedWrite& write, int64_t sequence, RunEvent& event) {
  event = {clock_.Now(), write.what};
  const std::string line = EncodeEvent(event);
  const metadata::RunEvents events{sequence, {&line, 1}};
  if (write.perform) return write.perform(events);
  return store_.AppendRunEvents(write.run->run.record.run_id, events);
}

void Engine::Apply(QueuedWrite& write, const RunEvent& event, std::vector<Notice>& notices) {
  ActiveRun& run = *write.run;
  const std::string& run_id = run.run.record.run_id;
  const bool is_new = std::holds_alternative<event::RunCreated>(event.what);
  if (is_new) runs_[run_id] = write.run;
  if (write.outputs != nullptr) run.values.PutOutputs(write.task, write.outputs);
  if (const Status applied = run.run.machine->Apply(event); !applied.ok()) {
    logging::Error("an event does not fit the state of its run",
                   {{"run", run_id}, {"error", applied.message()}});
    SetFault(Internal("Run {}: {}", run_id, std::string(applied.message())));
    return;
  }
  ++run.run.num_events;
  const auto* launched = std::get_if<event::TaskLaunched>(&event.what);
  const auto* done = std::get_if<event::TaskSucceeded>(&event.what);
  if (launched != nullptr && !launched->parts.empty())
    notes_.Remember(run.run.record.pipeline_name, launched->path, run_id, launched->parts);
  if (done != nullptr && !done->parts.empty())
    notes_.Remember(run.run.record.pipeline_name, done->path, run_id, done->parts);
  if (std::holds_alternative<event::CancelRequested>(event.what)) run.StopWork(/*only_stopped=*/true);
  const bool is_complete = std::holds_alternative<event::RunCompleted>(event.what);
  if (is_complete) {
    run.run.record.updated = event.time;
    runs_.erase(run_id);
  }
  const bool has_run_changed = is_new || is_complete || StandsAlone(write);
  CollectNotices(run, false, has_run_changed, notices);
  touched_.push_back(write.run);
}

void Engine::CollectNotices(ActiveRun& run, bool is_resumed, bool has_run_changed,
                            std::vector<Notice>& notices) {
  const std::vector<TaskIndex> changed = run.run.machine->TakeChanged();
  if (observer_ == nullptr) return;
  const std::string& run_id = run.run.record.run_id;
  for (const TaskIndex task : changed)
    notices.push_back({run_id, run.run.SnapshotTask(task), std::nullopt, false});
  if (has_run_changed) notices.push_back({run_id, std::nullopt, run.run.Snapshot(false), is_resumed});
}

void Engine::Tell(const std::vector<Notice>& notices) {
  for (const Notice& notice : notices) {
    if (notice.task.has_value()) observer_->OnTaskChanged(notice.run_id, *notice.task);
    if (notice.run.has_value()) observer_->OnRunChanged(*notice.run, notice.is_resumed);
  }
}

}  // namespace penstock::runtime
