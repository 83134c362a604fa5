#include "penstock/apps/shard_progress.h"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

namespace penstock::apps {

ShardProgress::ShardProgress(std::unique_ptr<data::Dataset> dataset, std::string what, const Clock& clock)
    : dataset_(std::move(dataset)),
      what_(std::move(what)),
      clock_(clock),
      is_terminal_(::isatty(2) == 1),
      started_(clock.Now()) {}

ShardProgress::~ShardProgress() {
  if (is_drawn_) fmt::print(stderr, "\r\x1b[2K");
}

Result<std::unique_ptr<data::BatchReader>> ShardProgress::ReadShard(int64_t shard) const {
  const int64_t num_begun = ++num_begun_;
  constexpr int64_t kQuietMicros = 1'000'000;
  if (is_terminal_ && clock_.Now().micros - started_.micros > kQuietMicros) Draw(num_begun);
  return dataset_->ReadShard(shard);
}

void ShardProgress::Draw(int64_t num_begun) const {
  constexpr int64_t kWidth = 30;
  const int64_t num_shards = std::max<int64_t>(1, dataset_->num_shards());
  const int64_t place = (num_begun - 1) % num_shards + 1;
  const int64_t filled = place * kWidth / num_shards;
  std::lock_guard lock(mutex_);
  fmt::print(stderr, "\r\x1b[2K{} [{:#<{}}{: <{}}] {}%", what_, "", filled, "", kWidth - filled,
             place * 100 / num_shards);
  std::fflush(stderr);
  is_drawn_ = true;
}

}  // namespace penstock::apps
