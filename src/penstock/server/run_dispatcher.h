#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "penstock/base/clock.h"
#include "penstock/base/digest.h"
#include "penstock/metadata/service_store.h"
#include "penstock/runtime/run_engine.h"
#include "penstock/server/event_hub.h"
#include "penstock/server/metrics.h"
#include "penstock/server/run_control.h"
#include "penstock/server/trace_exporter.h"

namespace penstock::server {

/// Between the service's runs and the engine: hands stored runs over, and writes what the engine
/// tells into the store, one after the other on a thread of its own. After a restart it hands
/// over again what the engine does not know. Safe from any thread.
class RunDispatcher : public RunControl, public runtime::EngineObserver {
 public:
  RunDispatcher(metadata::ServiceStore& store, EventHub& events, Metrics& metrics, const Clock& clock);
  ~RunDispatcher() override;

  /// Runs that have ended go there; before Begin. Not owned.
  void SendTracesTo(TraceExporter* traces) { traces_ = traces; }
  /// Begins to work; `engine` must live until Stop. Goes on with the unfinished runs of the store.
  Status Begin(runtime::RunEngine& engine);
  /// Ends what is queued and stops: before the engine goes.
  void Stop();

  Status Check(const metadata::ServiceRunRecord& run) override;
  void Start(const std::string& run_id) override;
  Status Terminate(const std::string& run_id) override;
  Status Retry(const std::string& run_id) override;
  Status Forget(const std::string& run_id) override;
  Result<runtime::RunSnapshot> Snapshot(const std::string& run_id, bool with_values) override;

  void OnRunChanged(const runtime::RunSnapshot& run, bool is_resumed) override;
  void OnTaskChanged(const std::string& run_id, const runtime::TaskSnapshot& task) override;
  void OnProgress(const std::string& run_id, const std::string& path, double fraction,
                  const std::string& message) override;

 private:
  void Work();
  void Post(std::function<void()> job);
  void Submit(const std::string& run_id);
  void SetState(const std::string& run_id, const std::string& state, const Status& error);

  // Constant after construction.
  metadata::ServiceStore& store_;
  EventHub& events_;
  Metrics& metrics_;
  const Clock& clock_;
  runtime::RunEngine* engine_ = nullptr;  // Constant from Begin to Stop.
  TraceExporter* traces_ = nullptr;       // Null: none. Constant from Begin.

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> jobs_;
  bool is_stopping_ = false;
  std::set<Digest> checked_;  // Pipelines with parameters that may be run: asked a thousand times a second.

  std::thread worker_;
};

}  // namespace penstock::server
