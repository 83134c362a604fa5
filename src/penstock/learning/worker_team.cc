#include "penstock/learning/worker_team.h"

namespace penstock::learning {

WorkerTeam::WorkerTeam(int num_threads) {
  for (int i = 1; i < num_threads; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerTeam::~WorkerTeam() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerTeam::TakeItems() {
  const int64_t num_items = num_items_.load(std::memory_order_relaxed);
  for (int64_t item = next_item_.fetch_add(1); item < num_items; item = next_item_.fetch_add(1))
    (*work_)(item);
}

void WorkerTeam::Run(int64_t num_items, const std::function<void(int64_t)>& work) {
  if (threads_.empty() || num_items < 2) {
    for (int64_t item = 0; item < num_items; ++item) work(item);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    num_items_ = num_items;
    next_item_ = 0;
    ++round_;
  }
  wake_.notify_all();
  TakeItems();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return num_busy_ == 0; });
  work_ = nullptr;  // A thread that wakes only now finds nothing to do.
}

void WorkerTeam::Work() {
  int64_t seen = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return is_ending_ || (round_ != seen && work_ != nullptr); });
    if (is_ending_) return;
    seen = round_;
    ++num_busy_;
    lock.unlock();
    TakeItems();
    lock.lock();
    if (--num_busy_ == 0) idle_.notify_one();
  }
}

}  // namespace penstock::learning
