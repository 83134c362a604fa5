#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/buffer.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/status.h"
#include "penstock/transform/column.h"

namespace penstock::transform {

/// A row's values: [begin, end).
struct ValueRange {
  int64_t begin = 0;
  int64_t end = 0;
};

/// Of single values a list of one, or of none where it is missing.
inline ValueRange RangeOf(const Column& x, int64_t row) {
  if (x.is_list()) return {x.offsets()[row], x.offsets()[row + 1]};
  return {row, row + (x.IsPresent(row) ? 1 : 0)};
}

/// Room for num_rows + 1 ends, of which the first is 0.
inline Result<std::shared_ptr<arrow::Buffer>> AllocateOffsets(int64_t num_rows) {
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> offsets,
                                  arrow::AllocateBuffer((num_rows + 1) * int64_t{8}));
  reinterpret_cast<int64_t*>(offsets->mutable_data())[0] = 0;
  return offsets;
}

/// Builds a column of lists row by row. Texts are views: keep alive what they look at.
template <class T>
class ListBuilder {
 public:
  ListBuilder(ValueType type, int64_t num_rows) : type_(type) {
    ends_.reserve(static_cast<size_t>(num_rows));
  }
  void Add(T value, bool is_present = true) {
    values_.push_back(value);
    presence_.push_back(is_present ? 1 : 0);
    has_missing_ |= !is_present;
  }
  void EndRow() { ends_.push_back(static_cast<int64_t>(values_.size())); }
  Result<Column> Finish() {
    const auto num_rows = static_cast<int64_t>(ends_.size());
    PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(type_, static_cast<int64_t>(values_.size())));
    std::copy(values_.begin(), values_.end(), column.MutableValues<T>());
    if (has_missing_) {
      PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
      std::copy(presence_.begin(), presence_.end(), presence);
    }
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> offsets, AllocateOffsets(num_rows));
    std::copy(ends_.begin(), ends_.end(), reinterpret_cast<int64_t*>(offsets->mutable_data()) + 1);
    column.SetOffsets(std::move(offsets), num_rows);
    return column;
  }

 private:
  const ValueType type_;
  bool has_missing_ = false;
  std::vector<T> values_;
  std::vector<uint8_t> presence_;
  std::vector<int64_t> ends_;
};

}  // namespace penstock::transform
