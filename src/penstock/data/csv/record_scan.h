#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/data/file_access.h"

namespace penstock::data::csv {

/// Where the records of one file may be cut for parallel work.
struct RecordRanges {
  /// Rising offsets of record starts; the last is the end of the file. Range i is [bounds[i], bounds[i + 1]).
  std::vector<int64_t> bounds;
  /// Offset of a quote that is never closed, or -1.
  int64_t unterminated_quote = -1;
};

/// Finds record starts about every `block_bytes` from `begin` (a record start) on: the first one at or
/// after each multiple of `block_bytes` in the file, so they depend on the bytes alone. Quoted line ends
/// are no record ends: every block is scanned for its quotes as if it began outside and as if it began
/// inside a quoted cell, in parallel, and the truth is then chained from the first block on.
Result<RecordRanges> FindRecordRanges(const FileSource& source, int64_t begin, char delimiter,
                                      int64_t block_bytes, const ExecutionOptions& execution);

}  // namespace penstock::data::csv
