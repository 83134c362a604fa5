#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace penstock::runtime {

/// Threads that do jobs in the order they come; started as they are needed, kept until the end. Safe from any
/// thread.
class WorkerPool {
 public:
  explicit WorkerPool(int max_threads) : max_threads_(static_cast<size_t>(max_threads)) {}
  /// Finishes the jobs that have begun; those that wait are dropped.
  ~WorkerPool() { Stop(); }

  void Add(std::function<void()> job);
  void Stop();

 private:
  void Work();

  const size_t max_threads_;  // Constant after construction.

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  size_t num_idle_ = 0;
  bool is_stopping_ = false;
};

}  // namespace penstock::runtime
