#include "penstock/model/foreign/column_tensor.h"

#include <cmath>

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "penstock/base/arrow_status.h"

namespace penstock::model::foreign {
namespace {

bool IsText(const arrow::Array& values) {
  return arrow::is_base_binary_like(values.type_id()) || values.type_id() == arrow::Type::DICTIONARY;
}

template <class T>
void Put(double value, std::string& bytes) {
  const T narrowed = static_cast<T>(value);
  bytes.append(reinterpret_cast<const char*>(&narrowed), sizeof(T));
}

Status AppendTexts(const arrow::Array& values, TensorValue& tensor) {
  if (!IsText(values))
    return InvalidArgument("the model wants text, the column is {}", values.type()->ToString());
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto texts, arrow::compute::Cast(values, arrow::binary()));
  const auto& binary = static_cast<const arrow::BinaryArray&>(*texts);
  for (int64_t i = 0; i < binary.length(); ++i)
    tensor.texts.emplace_back(binary.IsNull(i) ? std::string_view() : binary.GetView(i));
  return OkStatus();
}

Status AppendNumbers(const arrow::Array& values, TensorValue& tensor) {
  if (IsText(values) || SizeOf(tensor.type) == 0) {
    return InvalidArgument("the model wants TensorFlow's type {}, the column is {}", tensor.type,
                           values.type()->ToString());
  }
  if (tensor.type == kInt64 && arrow::is_integer(values.type_id()) && values.null_count() == 0) {
    // Not through doubles: ids may be larger than these count to.
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto whole, arrow::compute::Cast(values, arrow::int64()));
    const auto& integers = static_cast<const arrow::Int64Array&>(*whole);
    tensor.bytes.append(reinterpret_cast<const char*>(integers.raw_values()),
                        static_cast<size_t>(integers.length()) * sizeof(int64_t));
    return OkStatus();
  }
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto cast, arrow::compute::Cast(values, arrow::float64()));
  const auto& numbers = static_cast<const arrow::DoubleArray&>(*cast);
  const bool is_float = tensor.type == kFloat32 || tensor.type == kFloat64;
  for (int64_t i = 0; i < numbers.length(); ++i) {
    const double value = numbers.IsNull(i) ? std::nan("") : numbers.Value(i);
    if (!is_float && !(std::abs(value) < 0x1p63)) {
      return InvalidArgument("the value of row {} is missing or no integer, which the model wants", i + 1);
    }
    switch (tensor.type) {
      case kFloat32:
        Put<float>(value, tensor.bytes);
        break;
      case kFloat64:
        Put<double>(value, tensor.bytes);
        break;
      case kInt32:
        Put<int32_t>(value, tensor.bytes);
        break;
      case kInt64:
        Put<int64_t>(value, tensor.bytes);
        break;
      default:
        Put<uint8_t>(value, tensor.bytes);
        break;
    }
  }
  return OkStatus();
}

/// Of lists that are all as long.
Result<int64_t> WidthOf(const arrow::ListArray& lists) {
  const int64_t width = lists.length() == 0 ? 1 : lists.value_length(0);
  for (int64_t i = 0; i < lists.length(); ++i) {
    if (lists.value_length(i) != width)
      return InvalidArgument("row {} has {} values, the first has {}", i + 1, lists.value_length(i), width);
  }
  return width;
}

template <class T>
void Append(const std::string& bytes, std::vector<double>& numbers) {
  for (size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    numbers.push_back(static_cast<double>(value));
  }
}

}  // namespace

Result<TensorValue> ColumnTensor(const arrow::Array& column, const SignatureTensor& input) {
  TensorValue tensor{input.tensor, input.type, {column.length()}, "", {}};
  const bool is_list = column.type_id() == arrow::Type::LIST;
  const arrow::Array* values = &column;
  std::shared_ptr<arrow::Array> flat;
  if (is_list) {
    const auto& lists = static_cast<const arrow::ListArray&>(column);
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t width, WidthOf(lists));
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(flat, lists.Flatten());
    values = flat.get();
    tensor.dims.push_back(width);
  } else if (input.has_known_rank && input.dims.size() == 2) {
    tensor.dims.push_back(1);
  }
  const int64_t width = tensor.dims.size() == 2 ? tensor.dims[1] : 1;
  if (input.has_known_rank && (input.dims.size() != tensor.dims.size() ||
                               (input.dims.size() == 2 && input.dims[1] >= 0 && input.dims[1] != width))) {
    return InvalidArgument("the model wants the shape [{}], the column gives [{}]",
                           fmt::join(input.dims, ", "), fmt::join(tensor.dims, ", "));
  }
  PENSTOCK_RETURN_IF_ERROR(input.type == kString ? AppendTexts(*values, tensor)
                                                 : AppendNumbers(*values, tensor));
  return tensor;
}

Result<std::vector<double>> NumbersOf(const TensorValue& tensor) {
  std::vector<double> numbers;
  switch (tensor.type) {
    case kFloat32:
      Append<float>(tensor.bytes, numbers);
      break;
    case kFloat64:
      Append<double>(tensor.bytes, numbers);
      break;
    case kInt32:
      Append<int32_t>(tensor.bytes, numbers);
      break;
    case kInt64:
      Append<int64_t>(tensor.bytes, numbers);
      break;
    case kUint8:
    case kBool:
      Append<uint8_t>(tensor.bytes, numbers);
      break;
    default:
      return InvalidArgument("The model answers with TensorFlow's type {}, which is no number", tensor.type);
  }
  size_t count = 1;
  for (const int64_t dim : tensor.dims) count *= static_cast<size_t>(std::max<int64_t>(dim, 0));
  if (numbers.size() != count)
    return DataLoss("The model answers with {} numbers for a shape of {}", numbers.size(), count);
  return numbers;
}

}  // namespace penstock::model::foreign
