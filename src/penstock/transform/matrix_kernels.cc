#include <algorithm>
#include <cmath>

#include "penstock/transform/kernels.h"
#include "penstock/transform/list_builder.h"

namespace penstock::transform {

Result<Column> RepeatList(const std::vector<double>& values, int64_t num_rows) {
  return ComputeNumbers({.op = Operator::kNumbers, .numbers = values}, num_rows);
}

Result<Column> ComputeFromCovariance(const Node& node, const Analysis& analysis, Inputs inputs) {
  const auto& result = std::get<CovarianceResult>(analysis.result);
  if (node.op == Operator::kCovariance) return RepeatList(result.covariance, inputs[0]->num_rows());
  const auto size = static_cast<size_t>(result.dimension);
  const size_t num_kept = std::min(size, static_cast<size_t>(node.integer));
  std::vector<double> kept;
  for (size_t row = 0; row < size; ++row) {
    for (size_t column = 0; column < num_kept; ++column)
      kept.push_back(result.components[row * size + column]);
  }
  return RepeatList(kept, inputs[0]->num_rows());
}

Result<Column> ComputeMatrixMultiply(Inputs inputs) {
  const Column& x = *inputs[0];
  const Column& matrix = *inputs[1];
  ListBuilder<double> lists(ValueType::kNumber, x.num_rows());
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange left = RangeOf(x, row);
    const ValueRange right = RangeOf(matrix, row);
    const int64_t num_rows = left.end - left.begin;
    const int64_t num_values = right.end - right.begin;
    if (num_rows > 0 && num_values % num_rows != 0) {
      return InvalidArgument(
          "matmul(..) takes a matrix of as many rows as the list has values, but example {} "
          "of a batch has a list of {} and a matrix of {}",
          row + 1, num_rows, num_values);
    }
    const int64_t num_columns = num_rows == 0 ? 0 : num_values / num_rows;
    for (int64_t column = 0; column < num_columns; ++column) {
      double sum = 0;
      for (int64_t k = 0; k < num_rows; ++k)
        sum += x.numbers()[left.begin + k] * matrix.numbers()[right.begin + k * num_columns + column];
      lists.Add(sum);
    }
    lists.EndRow();
  }
  return lists.Finish();
}

Result<Column> Narrow(Column column) {
  if (column.type() != ValueType::kNumber && column.type() != ValueType::kInteger) return column;
  PENSTOCK_ASSIGN_OR_RETURN(Column narrow, Column::Allocate(column.type(), column.size()));
  if (column.type() == ValueType::kNumber) {
    const double* const from = column.numbers();
    auto* const to = narrow.MutableValues<double>();
    for (int64_t i = 0; i < column.size(); ++i) to[i] = static_cast<float>(from[i]);
  } else {
    auto* const to = narrow.MutableValues<int64_t>();
    for (int64_t i = 0; i < column.size(); ++i)
      to[i] = static_cast<int32_t>(static_cast<uint32_t>(column.integers()[i]));
  }
  narrow.SetPresence(column.presence_buffer());
  if (column.is_list()) narrow.SetOffsets(column.offsets_buffer(), column.num_rows());
  return narrow;
}

}  // namespace penstock::transform
