#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace arrow::ipc {
class RecordBatchWriter;
}

namespace penstock::data::sql {

/// Keeps a stream of batches for reading it again: the first bytes in memory as they came, the rest in a
/// temporary file. Cut into shards by rows alone, wherever the batches end. Not for concurrent use.
class ResultStore {
 public:
  ResultStore(std::string name, std::shared_ptr<arrow::Schema> schema, int64_t memory_bytes);
  ~ResultStore();

  Status Add(const Batch& batch);
  /// All rows added, in order. Call once, last.
  Result<std::unique_ptr<Dataset>> Finish(const DatasetOptions& options, const ExecutionOptions& execution);

 private:
  struct Spill;

  Status CloseShard();
  Status WriteToFile(const std::vector<Batch>& shard);

  const std::string name_;
  const std::shared_ptr<arrow::Schema> schema_;
  const int64_t memory_bytes_;
  int64_t used_bytes_ = 0;
  std::vector<Batch> open_;  // Of the shard being filled.
  int64_t open_rows_ = 0;
  std::vector<std::vector<Batch>> shards_;
  std::unique_ptr<Spill> spill_;  // Null while memory holds all.
};

}  // namespace penstock::data::sql
