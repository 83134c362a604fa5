#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock::data::tfrecord {

/// Writes a TFRecord file of any records: each with its length and checksums, all gzipped where asked for.
/// Equal records give equal bytes. Not for concurrent use.
class RecordWriter {
 public:
  /// Creates (or overwrites) `path`, a local path or URI whose folder exists.
  static Result<std::unique_ptr<RecordWriter>> Open(const std::string& path, bool is_gzip);
  virtual ~RecordWriter() = default;

  virtual Status Write(std::string_view record) = 0;
  /// Writes what is still held and syncs a local file. Call once, last; without it the file is incomplete.
  virtual Status Close() = 0;
};

/// Appends one record with its frame.
void AppendRecord(std::string_view data, std::string& out);

}  // namespace penstock::data::tfrecord
