#pragma once

#include <memory>
#include <string>

#include <arrow/type.h>

#include "penstock/data/batch.h"

namespace penstock::data {

/// How examples lie at rest. docs/formats/examples.md has the types and null rules of each.
enum class PayloadFormat { kParquet, kTfRecord, kTfRecordGzip, kArrow, kJsonLines, kAvro };

/// Writes examples to one file. Equal batches in equal order give equal bytes. Not for
/// concurrent use; different writers are independent.
class ExampleWriter {
 public:
  /// Without a Close before it, the file is left incomplete.
  virtual ~ExampleWriter() = default;
  /// `batch` must have the writer's schema. Memory in use is bounded by one row group.
  virtual Status Write(const Batch& batch) = 0;
  /// Writes what is still held and syncs a local file. Call once, last. After an error of
  /// either call the file is incomplete and the writer is spent.
  virtual Status Close() = 0;
};

/// Creates (or overwrites) the file `path`, a local path or URI whose folder exists.
///
/// Parquet: zstd, row groups of 131,072 rows, dictionary encoding where it pays.
/// TFRecord: one tf.Example a row, feature names sorted; a null is a feature without a kind; double is
/// stored as float (the only one there is) and bool as int64.
/// Arrow: an IPC file of the batches as they are written. JSON lines: json_lines/json_lines_writer.h.
/// Avro: avro/avro_writer.h.
/// Errors name the path: kPermissionDenied, kNotFound, kResourceExhausted (disk full), and
/// kInvalidArgument for a column type that the format cannot hold.
Result<std::unique_ptr<ExampleWriter>> OpenExampleWriter(const std::string& path,
                                                         const std::shared_ptr<arrow::Schema>& schema,
                                                         PayloadFormat format);

/// By a file's name: .parquet, .tfrecord, .tfrecord.gz (or .gz), .arrow, .feather, .avro, .jsonl,
/// .ndjson. kInvalidArgument lists them.
Result<PayloadFormat> PayloadFormatOf(const std::string& path);

}  // namespace penstock::data
