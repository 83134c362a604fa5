#pragma once

#include <memory>
#include <optional>
#include <string>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "penstock/base/status.h"

namespace penstock::data {

/// Some examples (rows) of a dataset, column by column. Immutable.
///
/// Columns are plain nullable Arrow arrays: int64, float, double, utf8, binary or bool
/// for one value an example; list<those> for several; lists of lists and structs for what is nested
/// (the steps of a sequence). A null is a missing feature; an empty list is a present feature without values.
using Batch = std::shared_ptr<arrow::RecordBatch>;

/// A pull stream of batches, all of one schema. Not for concurrent use.
class BatchReader {
 public:
  virtual ~BatchReader() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// The next batch, or nothing at the end. An empty batch is not the end. After an
  /// error the reader is spent. Errors name file, row and column.
  virtual Result<std::optional<Batch>> Next() = 0;
};

}  // namespace penstock::data
