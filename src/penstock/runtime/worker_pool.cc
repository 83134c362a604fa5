#include "penstock/runtime/worker_pool.h"

#include <utility>

namespace penstock::runtime {

void WorkerPool::Add(std::function<void()> job) {
  std::lock_guard lock(mutex_);
  if (is_stopping_) return;
  jobs_.push_back(std::move(job));
  if (num_idle_ < jobs_.size() && threads_.size() < max_threads_) threads_.emplace_back([this] { Work(); });
  changed_.notify_one();
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++num_idle_;
    changed_.wait(lock, [&] { return is_stopping_ || !jobs_.empty(); });
    --num_idle_;
    if (is_stopping_) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

void WorkerPool::Stop() {
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
    jobs_.clear();
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace penstock::runtime
