#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/combine/combiner.h"
#include "penstock/data/dataset.h"

namespace penstock::combine {

/// Folds everything `batches` yields into one state.
template <Combiner C>
Result<typename C::State> Fold(const C& combiner, data::BatchReader& batches) {
  typename C::State state = combiner.NewState();
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(std::optional<Batch> batch, batches.Next());
    if (!batch.has_value()) return state;
    PENSTOCK_RETURN_IF_ERROR(combiner.Add(*batch, state));
  }
}

/// Merges encoded states in the order given (which should be that of the shards).
template <Combiner C>
Result<typename C::State> MergeEncoded(const C& combiner, std::span<const Bytes> shards) {
  typename C::State total = combiner.NewState();
  for (const Bytes& shard : shards) {
    PENSTOCK_ASSIGN_OR_RETURN(typename C::State state, combiner.Decode(shard));
    PENSTOCK_RETURN_IF_ERROR(combiner.Merge(state, total));
  }
  return total;
}

namespace internal {

/// Takes states as shards finish, merges them strictly in shard order, and holds
/// back workers that run too far ahead, so that few states are alive.
template <Combiner C>
class OrderedMerge {
 public:
  OrderedMerge(const C& combiner, int64_t num_shards, int64_t max_ahead)
      : combiner_(combiner),
        total_(combiner.NewState()),
        waiting_(static_cast<size_t>(num_shards)),
        max_ahead_(max_ahead) {}

  /// Waits until `shard` is near enough to the next one to merge; false after a failure.
  bool WaitForTurn(int64_t shard) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return failed_ || shard < next_ + max_ahead_; });
    return !failed_;
  }
  void Fail() {
    {
      std::lock_guard lock(mutex_);
      failed_ = true;
    }
    moved_.notify_all();
  }
  /// Whoever brings the next shard merges it and all that waited for it, outside the lock.
  Status Deliver(int64_t shard, typename C::State state) {
    std::unique_lock lock(mutex_);
    waiting_[static_cast<size_t>(shard)].emplace(std::move(state));
    if (merging_) return OkStatus();
    merging_ = true;
    while (next_ < static_cast<int64_t>(waiting_.size()) &&
           waiting_[static_cast<size_t>(next_)].has_value()) {
      std::optional<typename C::State> from =
          std::exchange(waiting_[static_cast<size_t>(next_)], std::nullopt);
      lock.unlock();
      // The first state is the total: merging it into an empty one would only copy it.
      Status merged = OkStatus();
      if (next_ == 0) {
        total_ = std::move(*from);
      } else {
        merged = combiner_.Merge(*from, total_);
      }
      from.reset();
      lock.lock();
      ++next_;
      moved_.notify_all();
      if (!merged.ok()) {
        merging_ = false;
        return merged;
      }
    }
    merging_ = false;
    return OkStatus();
  }
  typename C::State Take() { return std::move(total_); }

 private:
  // Constant after construction.
  const C& combiner_;
  // Touched only by the thread that set merging_.
  typename C::State total_;
  std::mutex mutex_;
  std::condition_variable moved_;
  // Guarded by mutex_.
  std::vector<std::optional<typename C::State>> waiting_;
  const int64_t max_ahead_;
  int64_t next_ = 0;
  bool merging_ = false;
  bool failed_ = false;
};

}  // namespace internal

/// Folds every shard of `dataset`, several at a time, and merges the states strictly in
/// shard order: bit-equal for any number of threads. At most twice as many states as threads
/// are alive. Errors and cancellation end it; the error of the lowest failing shard is told.
template <Combiner C>
Result<typename C::State> FoldDataset(const C& combiner, const data::Dataset& dataset,
                                      const ExecutionOptions& execution) {
  internal::OrderedMerge<C> merge(combiner, dataset.num_shards(), 2 * int64_t{execution.ResolvedThreads()});
  const auto fold_shard = [&](int64_t shard) -> Status {
    if (!merge.WaitForTurn(shard)) return OkStatus();  // Another shard has failed and is told instead.
    PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<data::BatchReader> reader, dataset.ReadShard(shard));
    typename C::State state = combiner.NewState();
    while (true) {
      PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
      PENSTOCK_ASSIGN_OR_RETURN(std::optional<Batch> batch, reader->Next());
      if (!batch.has_value()) break;
      PENSTOCK_RETURN_IF_ERROR(combiner.Add(*batch, state));
    }
    return merge.Deliver(shard, std::move(state));
  };
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(dataset.num_shards(), execution, [&](int64_t shard) {
    Status status = fold_shard(shard);
    if (!status.ok()) merge.Fail();
    return status;
  }));
  return merge.Take();
}

/// FoldDataset, finished.
template <Combiner C>
Result<typename C::Output> Compute(const C& combiner, const data::Dataset& dataset,
                                   const ExecutionOptions& execution) {
  PENSTOCK_ASSIGN_OR_RETURN(typename C::State state, FoldDataset(combiner, dataset, execution));
  return combiner.Finish(state);
}

}  // namespace penstock::combine
