#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/data/dataset.h"

namespace penstock::apps {

/// A dataset that shows on the terminal how many of its shards have been begun, once the
/// work takes longer than a second. Without a terminal it shows nothing. Passes over the
/// same data start the bar anew. Safe from any thread, as the dataset within.
class ShardProgress : public data::Dataset {
 public:
  /// `clock` must outlive the dataset.
  ShardProgress(std::unique_ptr<data::Dataset> dataset, std::string what, const Clock& clock);
  ~ShardProgress() override;

  const std::shared_ptr<arrow::Schema>& schema() const override { return dataset_->schema(); }
  int64_t num_shards() const override { return dataset_->num_shards(); }
  int64_t ShardBytes(int64_t shard) const override { return dataset_->ShardBytes(shard); }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override;

 private:
  void Draw(int64_t num_begun) const;

  // Constant after construction.
  const std::unique_ptr<data::Dataset> dataset_;
  const std::string what_;
  const Clock& clock_;
  const bool is_terminal_;
  const Timestamp started_;

  mutable std::atomic<int64_t> num_begun_{0};
  mutable std::mutex mutex_;
  mutable bool is_drawn_ = false;  // Guarded by mutex_.
};

}  // namespace penstock::apps
