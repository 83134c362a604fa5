#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "penstock/data/dataset.h"

namespace penstock::data {

/// The dataset of every file format: shards of one layout, each read by a `Reader`.
///
/// `Layout` is constant once opened and outlives the readers, which share it. It has `schema`,
/// `shards` (a vector) and `ShardBytes(shard)`; a `Reader` is made of a
/// `std::shared_ptr<const Layout>` and one of its shards.
template <class Layout, class Reader>
class ShardedDataset : public Dataset {
 public:
  explicit ShardedDataset(std::shared_ptr<const Layout> layout) : layout_(std::move(layout)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return layout_->schema; }
  int64_t num_shards() const override { return static_cast<int64_t>(layout_->shards.size()); }
  int64_t ShardBytes(int64_t shard) const override {
    return layout_->ShardBytes(layout_->shards[static_cast<size_t>(shard)]);
  }
  Result<std::unique_ptr<BatchReader>> ReadShard(int64_t shard) const override {
    return std::make_unique<Reader>(layout_, layout_->shards[static_cast<size_t>(shard)]);
  }

 private:
  const std::shared_ptr<const Layout> layout_;
};

/// The shards of all files in the files' order, each file cut by `cut(source, place)` beside others.
template <class Shard, class Cut>
Result<std::vector<Shard>> CutFiles(const std::vector<FileSource>& files, const ExecutionOptions& execution,
                                    const Cut& cut) {
  std::vector<std::vector<Shard>> by_file(files.size());
  PENSTOCK_RETURN_IF_ERROR(
      ParallelFor(static_cast<int64_t>(files.size()), execution, [&](int64_t i) -> Status {
        const auto place = static_cast<size_t>(i);
        PENSTOCK_ASSIGN_OR_RETURN(by_file[place], cut(files[place], static_cast<int>(i)));
        return OkStatus();
      }));
  std::vector<Shard> shards;
  for (const auto& of_file : by_file) shards.insert(shards.end(), of_file.begin(), of_file.end());
  return shards;
}

/// What is known of each column after a look at every shard: `profile(shard)` gives a map from name to a
/// profile whose MergeFrom does not mind the order, or something that has such a MergeFrom itself.
template <class Profiles, class Shard, class Profile>
Result<Profiles> ProfileShards(const std::vector<Shard>& shards, const ExecutionOptions& execution,
                               const Profile& profile) {
  std::mutex mutex;
  Profiles merged;  // Guarded by mutex.
  PENSTOCK_RETURN_IF_ERROR(
      ParallelFor(static_cast<int64_t>(shards.size()), execution, [&](int64_t i) -> Status {
        PENSTOCK_ASSIGN_OR_RETURN(const Profiles profiles, profile(shards[static_cast<size_t>(i)]));
        std::lock_guard lock(mutex);
        if constexpr (requires { merged.MergeFrom(profiles); }) {
          merged.MergeFrom(profiles);
        } else {
          for (const auto& [name, column] : profiles) merged[name].MergeFrom(column);
        }
        return OkStatus();
      }));
  return merged;
}

}  // namespace penstock::data
