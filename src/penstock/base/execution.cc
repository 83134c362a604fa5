#include "penstock/base/execution.h"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace penstock {

int ExecutionOptions::ResolvedThreads() const {
  if (num_threads > 0) return num_threads;
  return std::max(1u, std::thread::hardware_concurrency());
}

Status ParallelFor(int64_t num_items, const ExecutionOptions& options,
                   const std::function<Status(int64_t)>& work) {
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  int64_t first_failure = num_items;  // Guarded by mutex.
  Status failure;                     // Guarded by mutex.
  auto run = [&] {
    while (!failed.load(std::memory_order_relaxed)) {
      const int64_t item = next.fetch_add(1);
      if (item >= num_items) return;
      Status status = options.CheckCancelled();
      if (status.ok()) status = work(item);
      if (status.ok()) continue;
      failed = true;
      std::lock_guard lock(mutex);
      if (item < first_failure) {
        first_failure = item;
        failure = std::move(status);
      }
    }
  };
  const int64_t num_threads = std::min<int64_t>(options.ResolvedThreads(), num_items);
  std::vector<std::thread> threads;
  try {
    for (int64_t i = 1; i < num_threads && next < num_items && !failed; ++i) threads.emplace_back(run);
  } catch (const std::system_error&) {
    // The machine gives no more threads: those there are do the work.
  }
  run();
  for (auto& thread : threads) thread.join();
  return failure;
}

}  // namespace penstock
