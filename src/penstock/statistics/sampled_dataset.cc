#include "penstock/statistics/sampled_dataset.h"

#include <optional>
#include <utility>
#include <vector>

#include "penstock/combine/row_groups.h"

namespace penstock::statistics {

namespace {

/// Even over all 64 bits: the finisher of SplitMix64 (Steele et al. 2014).
uint64_t Mix(uint64_t bits) {
  bits += 0x9e3779b97f4a7c15u;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

class SampledReader : public data::BatchReader {
 public:
  SampledReader(std::unique_ptr<data::BatchReader> reader, int64_t shard, double sample_rate)
      : reader_(std::move(reader)), seed_(Mix(static_cast<uint64_t>(shard))), sample_rate_(sample_rate) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return reader_->schema(); }

  Result<std::optional<data::Batch>> Next() override {
    PENSTOCK_ASSIGN_OR_RETURN(std::optional<data::Batch> batch, reader_->Next());
    if (!batch.has_value()) return batch;
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < (*batch)->num_rows(); ++row) {
      const uint64_t hash = Mix(seed_ ^ static_cast<uint64_t>(next_row_++));
      if (static_cast<double>(hash >> 11) * 0x1p-53 < sample_rate_) rows.push_back(row);
    }
    PENSTOCK_ASSIGN_OR_RETURN(data::Batch sample, combine::TakeRows(*batch, rows));
    return std::optional<data::Batch>(std::move(sample));
  }

 private:
  std::unique_ptr<data::BatchReader> reader_;
  const uint64_t seed_;
  const double sample_rate_;
  int64_t next_row_ = 0;
};

class SampledDataset : public data::Dataset {
 public:
  SampledDataset(const data::Dataset& dataset, double sample_rate)
      : dataset_(dataset), sample_rate_(sample_rate) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return dataset_.schema(); }
  int64_t num_shards() const override { return dataset_.num_shards(); }
  int64_t ShardBytes(int64_t shard) const override { return dataset_.ShardBytes(shard); }

  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override {
    PENSTOCK_ASSIGN_OR_RETURN(auto reader, dataset_.ReadShard(shard));
    return std::make_unique<SampledReader>(std::move(reader), shard, sample_rate_);
  }

 private:
  const data::Dataset& dataset_;
  const double sample_rate_;
};

}  // namespace

std::unique_ptr<data::Dataset> SampleExamples(const data::Dataset& dataset, double sample_rate) {
  return std::make_unique<SampledDataset>(dataset, sample_rate);
}

}  // namespace penstock::statistics
