#include "penstock/model/feature_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <arrow/array.h>

#include "penstock/base/near_miss.h"

namespace penstock::model {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr int32_t kMaxColumns = 1 << 24;

template <class Value>
float ToFloat(Value value) {
  if constexpr (std::is_same_v<Value, float>) {
    return std::isinf(value) ? std::copysign(kLargest, value) : value;
  } else if constexpr (std::is_same_v<Value, double>) {
    // A cast of what is out of range is undefined; NaN passes through both comparisons.
    return value > kLargest ? kLargest : value < -kLargest ? -kLargest : static_cast<float>(value);
  } else {
    return static_cast<float>(value);
  }
}

/// Writes `count` values from `first` on to every stride-th place of `out`.
template <class ArrayType>
void CopyNumbers(const ArrayType& array, int64_t first, int64_t count, int64_t stride, float* out) {
  if (array.null_count() == 0) {
    for (int64_t i = 0; i < count; ++i) out[i * stride] = ToFloat(array.Value(first + i));
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    out[i * stride] = array.IsNull(first + i) ? kMissing : ToFloat(array.Value(first + i));
  }
}

/// False where the values are no numbers.
bool CopyAnyNumbers(const arrow::Array& array, int64_t first, int64_t count, int64_t stride, float* out) {
  switch (array.type_id()) {
    case arrow::Type::NA:  // A column whose every value is missing may come back from a file without a type.
      for (int64_t i = 0; i < count; ++i) out[i * stride] = kMissing;
      return true;
    case arrow::Type::BOOL:
      CopyNumbers(static_cast<const arrow::BooleanArray&>(array), first, count, stride, out);
      return true;
    case arrow::Type::INT32:
      CopyNumbers(static_cast<const arrow::Int32Array&>(array), first, count, stride, out);
      return true;
    case arrow::Type::INT64:
      CopyNumbers(static_cast<const arrow::Int64Array&>(array), first, count, stride, out);
      return true;
    case arrow::Type::FLOAT:
      CopyNumbers(static_cast<const arrow::FloatArray&>(array), first, count, stride, out);
      return true;
    case arrow::Type::DOUBLE:
      CopyNumbers(static_cast<const arrow::DoubleArray&>(array), first, count, stride, out);
      return true;
    default:
      return false;
  }
}

/// `Lists` is ListArray or FixedSizeListArray.
template <class Lists>
Status CopyVectors(const Lists& lists, const std::string& name, int64_t width, int64_t stride, float* out) {
  for (int64_t row = 0; row < lists.length(); ++row) {
    if (lists.IsNull(row) || lists.value_length(row) != width) {
      return InvalidArgument("Feature '{}' is not a vector of {} numbers in row {} of the batch", name, width,
                             row + 1);
    }
    if (!CopyAnyNumbers(*lists.values(), lists.value_offset(row), width, 1, out + row * stride)) {
      return InvalidArgument("Feature '{}' is {}, but a vector of {} numbers was expected", name,
                             lists.type()->ToString(), width);
    }
  }
  return OkStatus();
}

}  // namespace

Result<FeatureMatrix> FeatureMatrix::ForFeatures(const std::vector<transform::FeatureSchema>& features) {
  FeatureMatrix matrix;
  for (const transform::FeatureSchema& feature : features) {
    if (feature.width < 1 || feature.width > kMaxColumns - matrix.num_columns_) {
      return InvalidArgument("The features take more than {} columns together, from '{}' on, which takes {}",
                             kMaxColumns, feature.name, feature.width);
    }
    const auto width = static_cast<int32_t>(feature.width);
    const bool is_vector = feature.kind == transform::FeatureKind::kVector;
    matrix.features_.push_back({feature.name, matrix.num_columns_, width, is_vector});
    matrix.num_columns_ += width;
  }
  return matrix;
}

Status FeatureMatrix::Fill(const data::Batch& batch, std::span<float> rows) const {
  if (static_cast<int64_t>(rows.size()) != batch->num_rows() * num_columns_) {
    return Internal("The matrix has {} values for {} rows of {}", rows.size(), batch->num_rows(),
                    num_columns_);
  }
  for (const Feature& feature : features_) {
    const std::shared_ptr<arrow::Array> array = batch->GetColumnByName(feature.name);
    if (array == nullptr) {
      return InvalidArgument("The examples lack the feature '{}'{}", feature.name,
                             DidYouMean(feature.name, batch->schema()->field_names()));
    }
    float* first = rows.data() + feature.first_column;
    if (feature.is_vector && array->type_id() == arrow::Type::FIXED_SIZE_LIST) {
      PENSTOCK_RETURN_IF_ERROR(CopyVectors(static_cast<const arrow::FixedSizeListArray&>(*array),
                                           feature.name, feature.width, num_columns_, first));
    } else if (feature.is_vector && array->type_id() == arrow::Type::LIST) {
      PENSTOCK_RETURN_IF_ERROR(CopyVectors(static_cast<const arrow::ListArray&>(*array), feature.name,
                                           feature.width, num_columns_, first));
    } else if (feature.is_vector || !CopyAnyNumbers(*array, 0, array->length(), num_columns_, first)) {
      return InvalidArgument(
          "Feature '{}' is {}, but {} was expected", feature.name, array->type()->ToString(),
          feature.is_vector ? fmt::format("a vector of {} numbers", feature.width) : "a number");
    }
  }
  return OkStatus();
}

}  // namespace penstock::model
