#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type.h>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::data {

/// Hashes rows by their content: 64 bits that do not depend on the place of the row, the order of the
/// columns, the cut into batches or the machine. Stored splits depend on it: never change it.
///
///   row  = H(cell hashes of the row's columns that are not null, each 8 bytes little-endian,
///            in the order of the columns' names as bytes, seed 0)
///   cell = H(value, seed = H(column name, seed 0) + type)
///
/// H is XXH3-64 (Hash64). Types and values: 1 int64, 8 bytes little-endian two's complement; 2 float and
/// double, 8 bytes of the double, -0 as +0 and every NaN as 0x7FF8000000000000; 3 utf8 and binary, their
/// bytes; 4 bool, 1 byte 0 or 1; lists are 16 + the type of their elements, and their value is the
/// elements' hashes one after the other, 8 bytes each, where an element hashes as a cell of the same
/// column and of its own type, and a null element as 8 zero bytes; structs are type 64, and their value is
/// that of a row of their fields. A null contributes nothing, so it differs from an empty text or list, and a
/// column of nulls alone changes no hash.
class RowHasher {
 public:
  /// kInvalidArgument names a column whose type is not of batch.h.
  static Result<RowHasher> Make(const arrow::Schema& schema);
  /// Hashes rows by one column alone: equal values, equal hashes.
  static Result<RowHasher> MakeOfColumn(const arrow::Schema& schema, const std::string& column);

  /// One hash a row of `batch`, which has the schema of Make. Safe from any thread.
  std::vector<uint64_t> Hash(const arrow::RecordBatch& batch) const;

 private:
  struct Column {
    int place = 0;
    std::string name;
    uint64_t seed = 0;  // Of the column's own type.
    uint64_t element_seed = 0;
    bool is_nested = false;  // Deeper than a list of scalars.
  };
  std::vector<Column> columns_;  // By name.
};

}  // namespace penstock::data
