#include "penstock/combine/example_column.h"

#include <charconv>
#include <numeric>

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type_traits.h>

#include "penstock/base/arrow_status.h"
#include "penstock/combine/column_numbers.h"

namespace penstock::combine {
namespace {

bool IsText(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return true;
    default:
      return false;
  }
}

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || type.id() == arrow::Type::FLOAT ||
         type.id() == arrow::Type::DOUBLE || type.id() == arrow::Type::BOOL;
}

Status AppendValues(std::shared_ptr<arrow::Array> values, ExampleColumn& column) {
  const arrow::DataType& type = *values->type();
  if (IsText(type)) {
    column.is_text = true;
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(values, arrow::compute::Cast(*values, arrow::large_binary()));
    const auto& texts = static_cast<const arrow::LargeBinaryArray&>(*values);
    column.texts.reserve(static_cast<size_t>(texts.length()));
    for (int64_t i = 0; i < texts.length(); ++i) column.texts.emplace_back(texts.GetView(i));
    return OkStatus();
  }
  if (!IsNumber(type) && type.id() != arrow::Type::NA) {
    return InvalidArgument(
        "Column '{}' is of type {}; numbers, booleans, texts and lists of them can be used", column.name,
        type.ToString());
  }
  column.is_integer = arrow::is_integer(type.id()) || type.id() == arrow::Type::BOOL;
  if (type.id() == arrow::Type::BOOL) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(values, arrow::compute::Cast(*values, arrow::int64()));
  }
  if (values->type_id() != arrow::Type::DOUBLE) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(
        values, arrow::compute::Cast(*values, arrow::float64(), arrow::compute::CastOptions::Unsafe()));
  }
  const auto& numbers = static_cast<const arrow::DoubleArray&>(*values);
  column.numbers.assign(numbers.raw_values(), numbers.raw_values() + numbers.length());
  return OkStatus();
}

Status ReadLists(std::shared_ptr<arrow::Array> values, ExampleColumn& column) {
  const int64_t num_rows = values->length();
  column.offsets.resize(static_cast<size_t>(num_rows) + 1);
  std::iota(column.offsets.begin(), column.offsets.end(), int64_t{0});
  // Lists of lists (boxes, masks) are laid flat.
  while (values->type_id() == arrow::Type::LIST) {
    const auto& lists = static_cast<const arrow::ListArray&>(*values);
    std::vector<int64_t> ends{0};
    for (int64_t i = 0; i < lists.length(); ++i)
      ends.push_back(ends.back() + (lists.IsValid(i) ? lists.value_length(i) : 0));
    for (int64_t& offset : column.offsets) offset = ends[static_cast<size_t>(offset)];
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(values, lists.Flatten());
    if (values->null_count() > 0) {
      return InvalidArgument("Column '{}' has a list with a null in it; only whole rows may be null",
                             column.name);
    }
  }
  return AppendValues(values, column);
}

}  // namespace

Result<ColumnPointer> ReadExampleColumn(const data::Batch& batch, const std::string& name) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> array, FindColumn(batch, name));
  auto column = std::make_shared<ExampleColumn>();
  column->name = name;
  const int64_t num_rows = array->length();
  if (array->type_id() == arrow::Type::LIST) {
    PENSTOCK_RETURN_IF_ERROR(ReadLists(array, *column));
    return column;
  }
  if (array->null_count() == 0) {
    PENSTOCK_RETURN_IF_ERROR(AppendValues(array, *column));
    return column;
  }
  PENSTOCK_RETURN_IF_ERROR(AppendValues(array, *column));
  ExampleColumn dense = *column;
  column->numbers.clear();
  column->texts.clear();
  column->offsets.assign(1, 0);
  for (int64_t row = 0; row < num_rows; ++row) {
    if (array->IsValid(row)) {
      if (dense.is_text) {
        column->texts.push_back(std::move(dense.texts[static_cast<size_t>(row)]));
      } else {
        column->numbers.push_back(dense.numbers[static_cast<size_t>(row)]);
      }
    }
    column->offsets.push_back(column->offsets.back() + (array->IsValid(row) ? 1 : 0));
  }
  return column;
}

Result<ColumnPointer> AsNumbers(ColumnPointer column) {
  if (!column->is_text) return column;
  auto numbers = std::make_shared<ExampleColumn>();
  numbers->name = column->name;
  numbers->offsets = column->offsets;
  for (const std::string& text : column->texts) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
      return InvalidArgument("Column '{}' must hold numbers, but it has the text '{}'", column->name,
                             text.substr(0, 60));
    }
    numbers->numbers.push_back(value);
  }
  return numbers;
}

}  // namespace penstock::combine
