#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/data/batch.h"

namespace tensorflow::metadata::v0 {
class Schema;
}

namespace penstock::data {

enum class DataFormat { kAuto, kCsv, kParquet, kTfRecord, kJsonLines, kArrow, kAvro };

struct CsvOptions {
  char delimiter = ',';
  /// Column names; empty: the first line of each file holds them (and must be the same in all).
  std::vector<std::string> column_names;
  /// Unquoted cells that mean a missing value, besides the empty one: {"NA"}.
  std::vector<std::string> null_values;
};

struct DatasetOptions {
  DataFormat format = DataFormat::kAuto;  ///< kAuto: by file name, then by the first bytes.
  CsvOptions csv;
  /// Only these columns, in this order; empty: all.
  std::vector<std::string> columns;
  /// Types and shapes to read by, not owned; null: inferred over all of the data.
  const tensorflow::metadata::v0::Schema* schema = nullptr;
  int64_t max_batch_rows = 65536;
};

/// Examples that lie somewhere, cut into shards that can be read at the same time.
///
/// Number, bounds and order of the shards depend on the data and its files alone, never
/// on threads: who folds per shard and merges in shard order gets the same bits on any
/// machine. Immutable; every call is safe from any thread.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  virtual int64_t num_shards() const = 0;
  /// Memory in use is bounded by a few batches a reader.
  virtual Result<std::unique_ptr<BatchReader>> ReadShard(int64_t shard) const = 0;
  /// About how many bytes the shard takes where it lies, for sharing out work. A function of the data
  /// alone, like the bounds.
  virtual int64_t ShardBytes(int64_t shard) const { return static_cast<void>(shard), int64_t{4} << 20; }
};

/// Opens the files that `patterns` name (files, folders, globs; see fs::Glob). For formats
/// without types (CSV) this is where types are inferred, in one parallel pass over all
/// bytes; every format's structural faults that show up front are reported here.
Result<std::unique_ptr<Dataset>> OpenDataset(std::span<const std::string> patterns,
                                             const DatasetOptions& options,
                                             const ExecutionOptions& execution);

/// All shards one after the other.
std::unique_ptr<BatchReader> ReadSequentially(const Dataset& dataset);

/// Batches in memory; each is a shard.
std::unique_ptr<Dataset> MakeInMemoryDataset(std::shared_ptr<arrow::Schema> schema,
                                             std::vector<Batch> batches);

}  // namespace penstock::data
