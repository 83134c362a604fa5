#include "penstock/transform/column.h"

#include <algorithm>
#include <cstring>

#include <arrow/array/builder_binary.h>
#include <arrow/util/bit_util.h>

#include "penstock/base/arrow_status.h"

namespace penstock::transform {
namespace {

int64_t BytesOf(ValueType type) {
  switch (type) {
    case ValueType::kInteger:
      return sizeof(int64_t);
    case ValueType::kNumber:
      return sizeof(double);
    case ValueType::kText:
      return sizeof(std::string_view);
    case ValueType::kVector:
      return sizeof(float);
    default:
      return sizeof(uint8_t);
  }
}

/// Arrow's bitmap of a column's presence; null where all are present.
Result<std::shared_ptr<arrow::Buffer>> ToBitmap(const Column& column) {
  if (!column.has_missing()) return std::shared_ptr<arrow::Buffer>();
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> bitmap,
                                  arrow::AllocateEmptyBitmap(column.size()));
  uint8_t* const bits = bitmap->mutable_data();
  const uint8_t* const presence = column.presence();
  for (int64_t i = 0; i < column.size(); ++i) bits[i / 8] |= static_cast<uint8_t>(presence[i] << (i % 8));
  return bitmap;
}

Result<std::shared_ptr<arrow::Array>> VectorsToArrow(const Column& column) {
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(
      std::shared_ptr<arrow::Buffer> offsets,
      arrow::AllocateBuffer((column.size() + 1) * static_cast<int64_t>(sizeof(int32_t))));
  if (column.size() * column.width() > INT32_MAX) {
    return InvalidArgument(
        "A batch of {} examples is too large for a one_hot of depth {}; use smaller batches", column.size(),
        column.width());
  }
  auto* const ends = reinterpret_cast<int32_t*>(offsets->mutable_data());
  for (int64_t i = 0; i <= column.size(); ++i) ends[i] = static_cast<int32_t>(i * column.width());
  auto floats = std::make_shared<arrow::FloatArray>(column.size() * column.width(), column.values_buffer());
  return std::static_pointer_cast<arrow::Array>(
      std::make_shared<arrow::ListArray>(ArrowTypeOf(ValueType::kVector), column.size(), offsets, floats));
}

Result<std::shared_ptr<arrow::Array>> TextsToArrow(const Column& column) {
  arrow::StringBuilder builder;
  for (int64_t i = 0; i < column.size(); ++i) {
    PENSTOCK_RETURN_IF_ARROW_ERROR(column.IsPresent(i) ? builder.Append(column.texts()[i])
                                                       : builder.AppendNull());
  }
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Array> array, builder.Finish());
  return array;
}

Result<std::shared_ptr<arrow::Array>> ListsToArrow(const Column& column) {
  if (column.size() > INT32_MAX)
    return InvalidArgument("A batch of {} values in lists is too large; use smaller batches", column.size());
  Column values = column;
  values.SetOffsets(nullptr, 0);
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> array, ToArrow(values));
  const int64_t num_rows = column.num_rows();
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(
      std::shared_ptr<arrow::Buffer> ends,
      arrow::AllocateBuffer((num_rows + 1) * static_cast<int64_t>(sizeof(int32_t))));
  auto* const to = reinterpret_cast<int32_t*>(ends->mutable_data());
  for (int64_t i = 0; i <= num_rows; ++i) to[i] = static_cast<int32_t>(column.offsets()[i]);
  return std::static_pointer_cast<arrow::Array>(
      std::make_shared<arrow::ListArray>(arrow::list(array->type()), num_rows, ends, array));
}

}  // namespace

Result<Column> Column::Allocate(ValueType type, int64_t size, int64_t width) {
  Column column;
  column.type_ = type;
  column.size_ = size;
  column.width_ = width;
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(column.values_, arrow::AllocateBuffer(size * width * BytesOf(type)));
  return column;
}

Result<uint8_t*> Column::AllocatePresence(uint8_t value) {
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(presence_, arrow::AllocateBuffer(size_));
  uint8_t* const bytes = presence_->mutable_data();
  if (size_ > 0) std::memset(bytes, value, static_cast<size_t>(size_));
  return bytes;
}

Status Column::MissingWhereAny(std::span<const Column* const> inputs) {
  presence_ = nullptr;
  uint8_t* own = nullptr;
  for (const Column* input : inputs) {
    if (!input->has_missing()) continue;
    if (presence_ == nullptr) {
      presence_ = input->presence_;
      continue;
    }
    if (own == nullptr) {
      const std::shared_ptr<arrow::Buffer> first = presence_;
      PENSTOCK_ASSIGN_OR_RETURN(own, AllocatePresence(1));
      if (size_ > 0) std::memcpy(own, first->data(), static_cast<size_t>(size_));
    }
    const uint8_t* const other = input->presence();
    for (int64_t i = 0; i < size_; ++i) own[i] &= other[i];
  }
  return OkStatus();
}

std::shared_ptr<arrow::DataType> ArrowTypeOf(ValueType type, bool is_list) {
  if (is_list) return arrow::list(ArrowTypeOf(type));
  if (type == ValueType::kVector) return arrow::list(arrow::float32());
  if (type == ValueType::kText) return arrow::utf8();
  return type == ValueType::kNumber ? arrow::float64() : arrow::int64();
}

Result<std::shared_ptr<arrow::Array>> ToArrow(const Column& column) {
  if (column.is_list()) return ListsToArrow(column);
  if (column.type() == ValueType::kVector) return VectorsToArrow(column);
  if (column.type() == ValueType::kText) return TextsToArrow(column);
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Buffer> bitmap, ToBitmap(column));
  if (column.type() == ValueType::kNumber) {
    return std::static_pointer_cast<arrow::Array>(
        std::make_shared<arrow::DoubleArray>(column.size(), column.values_buffer(), bitmap));
  }
  std::shared_ptr<arrow::Buffer> values = column.values_buffer();
  if (column.type() == ValueType::kBoolean) {
    PENSTOCK_ASSIGN_OR_RETURN(Column integers, Column::Allocate(ValueType::kInteger, column.size()));
    std::copy_n(column.booleans(), column.size(), integers.MutableValues<int64_t>());
    values = integers.values_buffer();
  }
  return std::static_pointer_cast<arrow::Array>(
      std::make_shared<arrow::Int64Array>(column.size(), values, bitmap));
}

}  // namespace penstock::transform
