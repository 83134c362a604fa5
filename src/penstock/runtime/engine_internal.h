#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "penstock/runtime/active_run.h"
#include "penstock/runtime/cache_notes.h"
#include "penstock/runtime/process_slots.h"
#include "penstock/runtime/root_lock.h"
#include "penstock/runtime/run_engine.h"
#include "penstock/runtime/worker_pool.h"

namespace penstock::runtime {

/// One thread (the reactor) writes the store and moves the runs: it takes what has queued up, writes it
/// as one transaction, applies the events, asks Decide and hands leaf tasks to the workers. Workers
/// run tasks and wait for the reactor to write for them; so a slow sync is shared by all that happened during
/// the one before.
class Engine : public RunEngine {
 public:
  Engine(EngineOptions options, const pipeline::ComponentCatalog& components, metadata::MetadataStore& store,
         TaskBackend& backend, const Clock& clock, EngineObserver* observer, std::unique_ptr<RootLock> lock);
  ~Engine() override;
  Status Start();

  Status Check(const RunRequest& request) const override;
  Result<std::string> Submit(const RunRequest& request) override;
  Status Resume(const std::string& run_id) override;
  Status Abandon(const std::string& run_id) override;
  Status Terminate(const std::string& run_id) override;
  Status Retry(const std::string& run_id) override;
  Status Forget(const std::string& run_id) override;
  Result<RuntimeState> Wait(const std::string& run_id, int64_t timeout_millis,
                            const CancellationToken* cancellation) const override;
  Result<RunSnapshot> Snapshot(const std::string& run_id, bool with_values) const override;
  int NumRunning() const override;

 private:
  class Events;
  struct Notice;
  using Batch = std::vector<QueuedWrite>;

  Result<StoredRun> Prepare(const RunRequest& request, std::string& spec) const;
  std::shared_ptr<ActiveRun> Find(const std::string& run_id) const;
  /// Queues and waits.
  Status WriteNow(QueuedWrite write);
  void Queue(QueuedWrite write);

  void React();
  Batch TakeBatch();
  void Commit(Batch batch);
  Status WriteGroup(const Batch& batch, std::vector<RunEvent>& events);
  Status WriteOne(const QueuedWrite& write, int64_t sequence, RunEvent& event);
  void WriteEach(Batch& batch);
  bool IsStale(const QueuedWrite& write) const;
  void Apply(QueuedWrite& write, const RunEvent& event, std::vector<Notice>& notices);
  void CollectNotices(ActiveRun& run, bool is_resumed, bool has_run_changed, std::vector<Notice>& notices);
  void Tell(const std::vector<Notice>& notices);
  void AdvanceAll();
  void Advance(const std::shared_ptr<ActiveRun>& run);
  void StartTask(const std::shared_ptr<ActiveRun>& run, const command::StartTask& command);
  void StopTask(ActiveRun& run, TaskIndex task);
  Result<EventKind> Look(ActiveRun& run, TaskIndex task, std::optional<TaskJob>& job);
  void Dispatch(const std::shared_ptr<ActiveRun>& run, TaskJob job);
  void Complete(const std::shared_ptr<ActiveRun>& run, bool succeeded);
  void SetFault(const Status& status);
  int64_t MillisUntilWake() const;

  // Constant after construction.
  const EngineOptions options_;
  const int max_in_flight_;
  const pipeline::ComponentCatalog& components_;
  metadata::MetadataStore& store_;
  TaskBackend& backend_;
  const Clock& clock_;
  EngineObserver* const observer_;
  const std::unique_ptr<RootLock> lock_;
  ProcessSlots slots_;
  TaskLauncher launcher_;
  CacheNotes notes_;

  mutable std::mutex mutex_;
  mutable std::condition_variable work_;     ///< For the reactor.
  mutable std::condition_variable changed_;  ///< For whoever waits for runs.
  // Guarded by mutex_.
  std::map<std::string, std::shared_ptr<ActiveRun>> runs_;
  std::deque<QueuedWrite> queue_;
  std::vector<std::shared_ptr<ActiveRun>> touched_;  ///< To be asked what is next.
  int num_in_flight_ = 0;
  bool is_stopping_ = false;
  Status fault_;  ///< The store cannot be written any more.

  WorkerPool workers_;
  std::thread reactor_;
};

}  // namespace penstock::runtime
