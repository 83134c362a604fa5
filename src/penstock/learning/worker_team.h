#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace penstock::learning {

/// Threads that stay while a training makes its many small steps. Run is for one caller.
class WorkerTeam {
 public:
  /// The caller's thread is one of them.
  explicit WorkerTeam(int num_threads);
  ~WorkerTeam();
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  /// work(0) ... work(num_items - 1), each once; returns when all are done. The caller works too and never
  /// waits for a thread that has not begun. Some 5 us where others are woken.
  void Run(int64_t num_items, const std::function<void(int64_t)>& work);

 private:
  void Work();
  void TakeItems();

  std::atomic<int64_t> next_item_{0};
  std::atomic<int64_t> num_items_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  const std::function<void(int64_t)>* work_ = nullptr;  // Guarded by mutex_ for coming and going.
  int64_t round_ = 0;                                   // Guarded by mutex_.
  int num_busy_ = 0;                                    // Guarded by mutex_.
  bool is_ending_ = false;                              // Guarded by mutex_.
  std::vector<std::thread> threads_;
};

}  // namespace penstock::learning
