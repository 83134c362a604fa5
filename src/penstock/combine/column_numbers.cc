#include "penstock/combine/column_numbers.h"

#include <algorithm>
#include <cmath>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include "penstock/base/near_miss.h"

namespace penstock::combine {
namespace {

using arrow::Type;

// Calls visit(value, index) for every value of `array` in [from, to) that is not null.
template <class ArrayType, class Visit>
void VisitTyped(const arrow::Array& untyped, int64_t from, int64_t to, const Visit& visit) {
  const auto& array = static_cast<const ArrayType&>(untyped);
  if (array.null_count() == 0) {
    for (int64_t i = from; i < to; ++i) visit(static_cast<double>(array.Value(i)), i);
  } else {
    for (int64_t i = from; i < to; ++i) {
      if (array.IsValid(i)) visit(static_cast<double>(array.Value(i)), i);
    }
  }
}

template <class Visit>
bool VisitNumbers(const arrow::Array& array, int64_t from, int64_t to, const Visit& visit) {
  switch (array.type_id()) {
    case Type::DOUBLE:
      VisitTyped<arrow::DoubleArray>(array, from, to, visit);
      return true;
    case Type::FLOAT:
      VisitTyped<arrow::FloatArray>(array, from, to, visit);
      return true;
    case Type::INT64:
      VisitTyped<arrow::Int64Array>(array, from, to, visit);
      return true;
    case Type::INT32:
      VisitTyped<arrow::Int32Array>(array, from, to, visit);
      return true;
    case Type::INT16:
      VisitTyped<arrow::Int16Array>(array, from, to, visit);
      return true;
    case Type::INT8:
      VisitTyped<arrow::Int8Array>(array, from, to, visit);
      return true;
    case Type::UINT64:
      VisitTyped<arrow::UInt64Array>(array, from, to, visit);
      return true;
    case Type::UINT32:
      VisitTyped<arrow::UInt32Array>(array, from, to, visit);
      return true;
    case Type::UINT16:
      VisitTyped<arrow::UInt16Array>(array, from, to, visit);
      return true;
    case Type::UINT8:
      VisitTyped<arrow::UInt8Array>(array, from, to, visit);
      return true;
    case Type::BOOL:
      VisitTyped<arrow::BooleanArray>(array, from, to, visit);
      return true;
    case Type::NA:
      return true;
    default:
      return false;
  }
}

Status NotNumeric(std::string_view name, const arrow::Array& array) {
  return InvalidArgument("Column '{}' is not numeric but of type {}", name, array.type()->ToString());
}

// Values of all lists, with their rows.
template <class ListArray>
bool ReadLists(const arrow::Array& untyped, std::vector<double>& values, std::vector<int64_t>& rows) {
  const auto& lists = static_cast<const ListArray&>(untyped);
  for (int64_t row = 0; row < lists.length(); ++row) {
    if (lists.IsNull(row)) continue;
    const int64_t from = lists.value_offset(row);
    const bool is_numeric =
        VisitNumbers(*lists.values(), from, from + lists.value_length(row), [&](double value, int64_t) {
          values.push_back(value);
          rows.push_back(row);
        });
    if (!is_numeric) return false;
  }
  return VisitNumbers(*lists.values(), 0, 0, [](double, int64_t) {});
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> FindColumn(const Batch& batch, std::string_view name) {
  const std::vector<int> at = batch->schema()->GetAllFieldIndices(std::string(name));
  if (at.size() == 1) return batch->column(at[0]);
  if (at.size() > 1)
    return InvalidArgument("Column '{}' is there {} times; column names must differ", name, at.size());
  const std::vector<std::string> names = batch->schema()->field_names();
  return NotFound("There is no column '{}'{}", name, DidYouMean(name, names));
}

Result<ColumnNumbers> ColumnNumbers::Read(const Batch& batch, std::string_view name) {
  ColumnNumbers column;
  PENSTOCK_ASSIGN_OR_RETURN(column.array_, FindColumn(batch, name));
  const arrow::Array& array = *column.array_;
  if (array.type_id() == Type::DOUBLE && array.null_count() == 0) {
    column.values_ = {static_cast<const arrow::DoubleArray&>(array).raw_values(),
                      static_cast<size_t>(array.length())};
    return column;
  }
  column.owned_ = std::make_shared<std::vector<double>>();
  std::vector<double>& values = *column.owned_;
  bool is_numeric = true;
  switch (array.type_id()) {
    case Type::LIST:
      is_numeric = ReadLists<arrow::ListArray>(array, values, column.rows_);
      break;
    case Type::LARGE_LIST:
      is_numeric = ReadLists<arrow::LargeListArray>(array, values, column.rows_);
      break;
    case Type::FIXED_SIZE_LIST:
      is_numeric = ReadLists<arrow::FixedSizeListArray>(array, values, column.rows_);
      break;
    default: {
      values.reserve(static_cast<size_t>(array.length() - array.null_count()));
      const bool has_nulls = array.null_count() > 0;
      if (has_nulls) column.rows_.reserve(values.capacity());
      is_numeric = VisitNumbers(array, 0, array.length(), [&](double value, int64_t row) {
        values.push_back(value);
        if (has_nulls) column.rows_.push_back(row);
      });
    }
  }
  if (!is_numeric) return NotNumeric(name, array);
  column.values_ = values;
  return column;
}

Result<std::vector<double>> ReadNumberPerRow(const Batch& batch, std::string_view name) {
  PENSTOCK_ASSIGN_OR_RETURN(const ColumnNumbers column, ColumnNumbers::Read(batch, name));
  const std::span<const double> values = column.values();
  const auto num_rows = static_cast<size_t>(batch->num_rows());
  for (size_t i = 0; i < std::min(values.size(), num_rows); ++i) {
    const auto row = static_cast<size_t>(column.RowOf(i));
    if (row > i)
      return InvalidArgument("Column '{}' has no value in row {}; each example needs one", name, i + 1);
    if (row < i)
      return InvalidArgument("Column '{}' has several values in row {}; each example needs one", name,
                             row + 1);
  }
  if (values.size() < num_rows) {
    return InvalidArgument("Column '{}' has no value in row {}; each example needs one", name,
                           values.size() + 1);
  }
  if (values.size() > num_rows) {
    return InvalidArgument("Column '{}' has several values in row {}; each example needs one", name,
                           num_rows);
  }
  return std::vector<double>(values.begin(), values.end());
}

Result<std::vector<double>> ReadWeights(const Batch& batch, std::string_view name) {
  if (name.empty()) return std::vector<double>();
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<double> weights, ReadNumberPerRow(batch, name));
  for (size_t row = 0; row < weights.size(); ++row) {
    if (!(std::isfinite(weights[row]) && weights[row] >= 0)) {
      return InvalidArgument("Weight column '{}' holds {} in row {}; weights are finite and not negative",
                             name, weights[row], row + 1);
    }
  }
  return weights;
}

}  // namespace penstock::combine
