#pragma once

#include <algorithm>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <limits>
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

/// A combiner whose states take much memory: says how much of it the states of a fold may take together, and
/// what one takes.
template <class C>
concept MemoryBounded = requires(const C& combiner, const typename C::State& state) {
  { combiner.memory_limit() } -> std::convertible_to<int64_t>;
  { combiner.StateBytes(state) } -> std::convertible_to<int64_t>;
};

namespace internal {

template <Combiner C>
int64_t BytesOf(const C& combiner, const typename C::State& state) {
  if constexpr (MemoryBounded<C>) return combiner.StateBytes(state);
  return 0;
}

/// Takes states as shards finish, merges them strictly in shard order, and holds
/// back workers that run too far ahead, so that few states are alive; where they are large, fewer. The next
/// shard to merge is never held back. When a shard is begun changes no result.
template <Combiner C>
class OrderedMerge {
 public:
  OrderedMerge(const C& combiner, int64_t num_shards, int64_t max_ahead)
      : combiner_(combiner),
        total_(combiner.NewState()),
        waiting_(static_cast<size_t>(num_shards)),
        max_ahead_(max_ahead) {
    if constexpr (MemoryBounded<C>) {
      memory_limit_ = combiner.memory_limit();
      // Nothing is known of the shards yet: the total, one that is merged and one that is counted.
      bytes_a_shard_ = memory_limit_ / 3;
    }
  }

  /// Waits until `shard` is near enough to the next one to merge; false after a failure.
  bool WaitForTurn(int64_t shard) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] {
      return failed_ || shard == next_ || (shard < next_ + max_ahead_ && HasRoomForAnother());
    });
    ++num_counting_;
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
    const int64_t num_bytes = BytesOf(combiner_, state);
    std::unique_lock lock(mutex_);
    --num_counting_;
    bytes_a_shard_ = num_delivered_++ == 0 ? num_bytes : std::max(bytes_a_shard_, num_bytes);
    waiting_bytes_ += num_bytes;
    moved_.notify_all();
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
      const bool is_first = next_ == 0;
      if (is_first) {
        total_ = std::move(*from);
      } else {
        merged = combiner_.Merge(*from, total_);
      }
      const int64_t merged_bytes = BytesOf(combiner_, *from);
      from.reset();
      const int64_t total_bytes = BytesOf(combiner_, total_);
      lock.lock();
      waiting_bytes_ -= is_first ? total_bytes : merged_bytes;
      total_bytes_ = total_bytes;
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
  /// Of the lock's holder.
  bool HasRoomForAnother() const {
    return total_bytes_ + waiting_bytes_ + (num_counting_ + 1) * bytes_a_shard_ <= memory_limit_;
  }

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
  int64_t num_counting_ = 0;  // Shards begun and not delivered.
  int64_t num_delivered_ = 0;
  int64_t bytes_a_shard_ = 0;  // The most that one took so far.
  int64_t waiting_bytes_ = 0;  // Of delivered states, with the one that is being merged.
  int64_t total_bytes_ = 0;
  int64_t memory_limit_ = std::numeric_limits<int64_t>::max();
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
