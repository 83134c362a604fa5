#include "penstock/data/parquet/column_conversion.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/util/utf8.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/csv/tokenizer.h"

namespace penstock::data::parquet_format {
namespace {

using arrow::Type;

/// Null where a batch has no room for such values.
std::shared_ptr<arrow::DataType> ScalarBatchType(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
      return arrow::boolean();
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
    case Type::DURATION:
      return arrow::int64();
    case Type::HALF_FLOAT:
    case Type::FLOAT:
      return arrow::float32();
    case Type::DOUBLE:
      return arrow::float64();
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
    case Type::NA:
      return arrow::utf8();
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return arrow::binary();
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      if (static_cast<const arrow::DecimalType&>(type).scale() == 0) return arrow::int64();
      return arrow::float64();
    case Type::DICTIONARY:
      return ScalarBatchType(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default:
      return nullptr;
  }
}

bool IsList(const arrow::DataType& type) {
  return type.id() == Type::LIST || type.id() == Type::MAP || type.id() == Type::LARGE_LIST ||
         type.id() == Type::FIXED_SIZE_LIST;
}

// Times are numbers of their unit: the same bits under an integer type.
std::shared_ptr<arrow::DataType> IntegerOfTime(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::DATE32:
    case Type::TIME32:
      return arrow::int32();
    case Type::DATE64:
    case Type::TIME64:
    case Type::TIMESTAMP:
    case Type::DURATION:
      return arrow::int64();
    default:
      return nullptr;
  }
}

Status CheckUtf8(const arrow::Array& array) {
  if (array.type_id() != Type::STRING) return OkStatus();
  const auto& text = static_cast<const arrow::StringArray&>(array);
  if (text.length() == 0) return OkStatus();
  const int64_t begin = text.value_offset(0);
  const std::string_view all(reinterpret_cast<const char*>(text.raw_data()) + begin,
                             static_cast<size_t>(text.value_offset(text.length()) - begin));
  if (csv::IsAscii(all)) return OkStatus();
  for (int64_t row = 0; row < text.length(); ++row)
    if (text.IsValid(row) && !arrow::util::ValidateUTF8(text.GetView(row)))
      return InvalidArgument("a text value is not valid UTF-8 (store the column as binary)");
  return OkStatus();
}

Result<std::shared_ptr<arrow::Array>> Cast(const arrow::Array& array,
                                           const std::shared_ptr<arrow::DataType>& target) {
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto result, arrow::compute::Cast(array, target));
  return result;
}

/// Far above what data have, and far below what the stack holds.
constexpr int kMaxDepth = 32;

/// Null where examples cannot hold the type.
std::shared_ptr<arrow::DataType> NestedBatchType(const arrow::DataType& type, int depth) {
  if (type.id() == Type::EXTENSION)
    return NestedBatchType(*static_cast<const arrow::ExtensionType&>(type).storage_type(), depth);
  if (auto scalar = ScalarBatchType(type)) return scalar;
  if (depth == kMaxDepth) return nullptr;
  if (IsList(type)) {
    auto element = NestedBatchType(*static_cast<const arrow::BaseListType&>(type).value_type(), depth + 1);
    return element == nullptr ? nullptr : arrow::list(std::move(element));
  }
  if (type.id() != Type::STRUCT) return nullptr;
  arrow::FieldVector fields;
  for (const auto& field : type.fields()) {
    auto field_type = NestedBatchType(*field->type(), depth + 1);
    if (field_type == nullptr) return nullptr;
    fields.push_back(arrow::field(field->name(), std::move(field_type)));
  }
  return arrow::struct_(std::move(fields));
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> BatchType(const arrow::DataType& type, const std::string& column) {
  if (auto converted = NestedBatchType(type, 0)) return converted;
  return InvalidArgument(
      "column '{}' has type {}, which examples cannot hold (cast it to int64, double, string, or lists or "
      "structs of those)",
      column, type.ToString());
}

Result<std::shared_ptr<arrow::Array>> ConvertToBatchType(std::shared_ptr<arrow::Array> array,
                                                         const std::shared_ptr<arrow::DataType>& target) {
  if (array->type_id() == Type::EXTENSION)
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  if (IsList(*array->type())) {
    const auto& element = static_cast<const arrow::BaseListType&>(*array->type()).value_type();
    // A map lies in memory as the list of its entries that it is.
    if (array->type_id() != Type::LIST && array->type_id() != Type::MAP) {
      PENSTOCK_ASSIGN_OR_RETURN(array, Cast(*array, arrow::list(element)));
    }
    const auto& list = static_cast<const arrow::ListArray&>(*array);
    const auto& target_element = static_cast<const arrow::ListType&>(*target).value_type();
    PENSTOCK_ASSIGN_OR_RETURN(auto values, ConvertToBatchType(list.values(), target_element));
    auto data = array->data()->Copy();
    data->type = target;
    data->child_data = {values->data()};
    return arrow::MakeArray(data);
  }
  if (array->type_id() == Type::STRUCT) {
    auto data = array->data()->Copy();
    data->type = target;
    for (size_t i = 0; i < data->child_data.size(); ++i) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto field,
                                ConvertToBatchType(arrow::MakeArray(data->child_data[i]),
                                                   target->field(static_cast<int>(i))->type()));
      data->child_data[i] = field->data();
    }
    return arrow::MakeArray(data);
  }
  if (array->type_id() == Type::NA) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto nulls, arrow::MakeArrayOfNull(target, array->length()));
    return nulls;
  }
  if (array->type_id() == Type::DICTIONARY) {
    const auto& values = static_cast<const arrow::DictionaryType&>(*array->type()).value_type();
    PENSTOCK_ASSIGN_OR_RETURN(array, Cast(*array, values));
  }
  if (const auto integer = IntegerOfTime(*array->type())) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(array, array->View(integer));
  }
  if (!array->type()->Equals(*target)) {
    PENSTOCK_ASSIGN_OR_RETURN(array, Cast(*array, target));
  }
  PENSTOCK_RETURN_IF_ERROR(CheckUtf8(*array));
  return array;
}

}  // namespace penstock::data::parquet_format
