#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <arrow/array.h>

#include "penstock/base/status.h"
#include "penstock/data/csv/column_types.h"
#include "penstock/data/csv/tokenizer.h"

namespace penstock::data::csv {

/// Turns one column's cells into an Arrow array, grid by grid. Not for concurrent use.
class ColumnDecoder {
 public:
  virtual ~ColumnDecoder() = default;
  /// Appends the cells of `column`. Returns the first row whose cell does not parse; the decoder is then
  /// spent.
  virtual Result<std::optional<int64_t>> Append(const CellGrid& grid, int column) = 0;
  /// The array so far; starts anew.
  virtual Result<std::shared_ptr<arrow::Array>> Finish() = 0;
};

/// Empty cells are null; so are blank ones for numbers.
std::unique_ptr<ColumnDecoder> MakeColumnDecoder(ColumnType type);

std::shared_ptr<arrow::DataType> ArrowType(ColumnType type);

}  // namespace penstock::data::csv
