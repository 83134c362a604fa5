#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"

namespace penstock {

/// Set once, seen by everyone who works for the task. Safe from any thread and
/// from a signal handler.
class CancellationToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool IsCancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  /// OK, or kCancelled.
  Status Check() const { return IsCancelled() ? Cancelled("Cancelled by request") : OkStatus(); }

 private:
  std::atomic<bool> cancelled_{false};
};

/// Where and with how much work is done. Never changes a result: with any number
/// of threads the answers are bit-equal.
struct ExecutionOptions {
  int num_threads = 0;                              ///< 0: one per core.
  const CancellationToken* cancellation = nullptr;  ///< Not owned; null: cannot be cancelled.

  int ResolvedThreads() const;
  Status CheckCancelled() const { return cancellation == nullptr ? OkStatus() : cancellation->Check(); }
};

/// Calls work(0) ... work(num_items - 1), each once, on up to options.num_threads
/// threads, items handed out in rising order. Returns the error of the lowest
/// failing item (so the message does not depend on timing among the items tried);
/// after a failure no new item is started. `work` must be safe to call concurrently.
Status ParallelFor(int64_t num_items, const ExecutionOptions& options,
                   const std::function<Status(int64_t)>& work);

/// The world as an executor sees it: passed in, never reached for.
struct ExecutionContext {
  ExecutionOptions options;
  const Clock& clock;
  uint64_t random_seed = 0;  ///< Of this run and node; the same in every attempt.
  std::function<void(double fraction, std::string_view message)>
      report_progress;  ///< May be empty. Any thread.
};

}  // namespace penstock
