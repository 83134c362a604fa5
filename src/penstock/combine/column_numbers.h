#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/array.h>

#include "penstock/combine/combiner.h"

namespace penstock::combine {

/// The column, or kNotFound with the nearest name there is.
Result<std::shared_ptr<arrow::Array>> FindColumn(const Batch& batch, std::string_view name);

/// The numbers of a column, nulls left out, lists flattened. Keeps what it points into alive.
class ColumnNumbers {
 public:
  /// `name` must be of an integer, float, double or bool type, or a list of those; kInvalidArgument
  /// otherwise. Without a copy for double columns without nulls.
  static Result<ColumnNumbers> Read(const Batch& batch, std::string_view name);

  std::span<const double> values() const { return values_; }
  /// The row (in the batch) of value `i`.
  int64_t RowOf(size_t i) const { return rows_.empty() ? static_cast<int64_t>(i) : rows_[i]; }
  /// Whether value i is of row i for all rows: no nulls, no lists.
  bool is_dense() const { return rows_.empty(); }

 private:
  std::shared_ptr<arrow::Array> array_;  // What values_ may point into.
  std::shared_ptr<std::vector<double>> owned_;
  std::span<const double> values_;
  std::vector<int64_t> rows_;
};

/// One finite-or-not number a row: for labels, predictions, weights. kInvalidArgument names the
/// column and the row (from 1, in the batch) of the first null, and of the first list that has not one value.
Result<std::vector<double>> ReadNumberPerRow(const Batch& batch, std::string_view name);

/// As ReadNumberPerRow; kInvalidArgument names the first weight that is negative or not finite.
/// An empty name means a weight of 1 for every row and gives an empty vector.
Result<std::vector<double>> ReadWeights(const Batch& batch, std::string_view name);

}  // namespace penstock::combine
