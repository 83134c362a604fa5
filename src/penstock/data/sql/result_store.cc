#include "penstock/data/sql/result_store.h"

#include <algorithm>

#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/arrow_ipc/ipc_dataset.h"
#include "penstock/data/temporary_file.h"

namespace penstock::data::sql {
namespace {

constexpr int64_t kShardRows = 65536;

int64_t BytesOf(const std::vector<Batch>& shard) {
  int64_t bytes = 0;
  for (const Batch& batch : shard) bytes += arrow::util::TotalBufferSize(*batch) + 1;
  return bytes;
}

/// Batches one after the other, none longer than asked for.
class PiecesReader : public BatchReader {
 public:
  PiecesReader(std::shared_ptr<arrow::Schema> schema, const std::vector<Batch>& batches, int64_t max_rows)
      : schema_(std::move(schema)), batches_(batches), max_rows_(max_rows) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::optional<Batch>> Next() override {
    if (next_ == batches_.size()) return std::optional<Batch>();
    Batch part = batches_[next_]->Slice(row_, max_rows_);
    row_ += part->num_rows();
    if (row_ == batches_[next_]->num_rows()) {
      ++next_;
      row_ = 0;
    }
    return std::optional<Batch>(std::move(part));
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<Batch>& batches_;
  const int64_t max_rows_;
  size_t next_ = 0;
  int64_t row_ = 0;
};

/// Shards in memory, and behind them those of a file.
class StoredDataset : public Dataset {
 public:
  StoredDataset(std::shared_ptr<arrow::Schema> schema, std::vector<std::vector<Batch>> shards,
                std::unique_ptr<Dataset> rest, int64_t max_batch_rows)
      : schema_(std::move(schema)),
        shards_(std::move(shards)),
        rest_(std::move(rest)),
        max_batch_rows_(max_batch_rows) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return num_own() + (rest_ == nullptr ? 0 : rest_->num_shards()); }
  Result<std::unique_ptr<BatchReader>> ReadShard(int64_t shard) const override {
    if (shard >= num_own()) return rest_->ReadShard(shard - num_own());
    return std::make_unique<PiecesReader>(schema_, shards_[static_cast<size_t>(shard)], max_batch_rows_);
  }
  /// By rows alone: how drivers lay out a batch must not change what follows from these numbers.
  int64_t ShardBytes(int64_t) const override { return kShardRows * 8 * std::max(1, schema_->num_fields()); }

 private:
  int64_t num_own() const { return static_cast<int64_t>(shards_.size()); }

  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<std::vector<Batch>> shards_;
  const std::unique_ptr<Dataset> rest_;
  const int64_t max_batch_rows_;
};

}  // namespace

struct ResultStore::Spill {
  FileSource source;
  std::shared_ptr<arrow::io::FileOutputStream> stream;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
};

ResultStore::ResultStore(std::string name, std::shared_ptr<arrow::Schema> schema, int64_t memory_bytes)
    : name_(std::move(name)), schema_(std::move(schema)), memory_bytes_(memory_bytes) {}

ResultStore::~ResultStore() = default;

Status ResultStore::Add(const Batch& batch) {
  for (int64_t begin = 0; begin < batch->num_rows();) {
    open_.push_back(batch->Slice(begin, kShardRows - open_rows_));
    begin += open_.back()->num_rows();
    open_rows_ += open_.back()->num_rows();
    if (open_rows_ == kShardRows) PENSTOCK_RETURN_IF_ERROR(CloseShard());
  }
  return OkStatus();
}

Status ResultStore::CloseShard() {
  std::vector<Batch> shard = std::exchange(open_, {});
  open_rows_ = 0;
  if (spill_ != nullptr) return WriteToFile(shard);
  // Batches that reach into the next shard are counted twice: rather too early to the disk than too late.
  used_bytes_ += BytesOf(shard);
  if (used_bytes_ > memory_bytes_) return WriteToFile(shard);
  shards_.push_back(std::move(shard));
  return OkStatus();
}

Status ResultStore::WriteToFile(const std::vector<Batch>& shard) {
  if (spill_ == nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(const TemporaryFile file, TemporaryFile::Make(name_));
    auto stream = file.Append();
    if (!stream.ok()) return stream.status();
    auto writer = arrow::ipc::MakeFileWriter(*stream, schema_);
    if (!writer.ok()) return file.CannotWrite(writer.status().message());
    spill_ = std::make_unique<Spill>(Spill{file.source(), *std::move(stream), *std::move(writer)});
  }
  // One batch a shard: what lies in the file does not depend on how the driver cut its batches.
  auto whole = arrow::ConcatenateRecordBatches(shard);
  if (!whole.ok()) return FromArrow(whole.status());
  const arrow::Status written = spill_->writer->WriteRecordBatch(**whole);
  return written.ok() ? OkStatus() : TemporaryFile::CannotWrite(name_, written.message());
}

Result<std::unique_ptr<Dataset>> ResultStore::Finish(const DatasetOptions& options,
                                                     const ExecutionOptions& execution) {
  if (open_rows_ > 0) PENSTOCK_RETURN_IF_ERROR(CloseShard());
  std::unique_ptr<Dataset> rest;
  if (spill_ != nullptr) {
    arrow::Status closed = spill_->writer->Close();
    const auto size = spill_->stream->Tell();
    if (closed.ok()) closed = spill_->stream->Close();
    if (!closed.ok() || !size.ok()) return TemporaryFile::CannotWrite(name_, closed.message());
    spill_->source.SetOpenFileSize(*size);
    DatasetOptions plain;
    plain.max_batch_rows = options.max_batch_rows;
    PENSTOCK_ASSIGN_OR_RETURN(rest, arrow_ipc::OpenIpcDataset({spill_->source}, plain, execution));
  }
  return std::make_unique<StoredDataset>(schema_, std::move(shards_), std::move(rest),
                                         options.max_batch_rows);
}

}  // namespace penstock::data::sql
