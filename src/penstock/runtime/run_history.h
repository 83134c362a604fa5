#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/runtime/run_state.h"

namespace penstock::runtime {

/// The events of one run: stored first, then seen. An event that goes with a metadata
/// write is stored in the same transaction, so that after a crash both happened or none.
/// Safe from any thread; writers are serialised.
class RunHistory {
 public:
  /// Called with every new event, in order, after it is stored; under the history's lock,
  /// so it must be quick and must not call back.
  using Observer = std::function<void(const RunEvent&, const RunState&)>;

  RunHistory(metadata::MetadataStore& store, const Clock& clock, std::string run_id, Observer observer);

  /// Replays what the store holds of the run.
  Status Load();

  using What = decltype(RunEvent::what);
  Status Append(What what);
  /// As Append, with the run's stored state, in one transaction.
  Status AppendWithState(What what, metadata::RunState state);
  /// `write` stores the event together with something else.
  Status AppendWith(What what, const std::function<Status(const metadata::RunEvents&)>& write);

  RunState state() const;
  const std::string& run_id() const { return run_id_; }
  /// Waits until more than `num_events` are stored, at most `timeout_millis`; answers how many there are.
  int64_t WaitForMore(int64_t num_events, int64_t timeout_millis) const;

 private:
  // Constant after construction.
  metadata::MetadataStore& store_;
  const Clock& clock_;
  const std::string run_id_;
  const Observer observer_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Guarded by mutex_.
  int64_t num_events_ = 0;
  RunState state_;
};

}  // namespace penstock::runtime
