#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include <arrow/array/array_dict.h>
#include <arrow/util/bit_util.h>

#include "penstock/base/arrow_status.h"
#include "penstock/transform/column.h"
#include "penstock/transform/program_builder.h"

namespace penstock::transform {
namespace {

Status SetPresenceFrom(const arrow::Array& array, Column& column) {
  if (array.null_count() == 0) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(0));
  if (array.type_id() == arrow::Type::NA) return OkStatus();
  const uint8_t* const bits = array.null_bitmap_data();
  for (int64_t i = 0; i < array.length(); ++i)
    presence[i] = arrow::bit_util::GetBit(bits, i + array.offset()) ? 1 : 0;
  return OkStatus();
}

Status DoesNotFit(std::string_view name, int64_t row, std::string_view wanted, std::string_view value) {
  return InvalidArgument(
      "Column '{}' held {} where the transform was made, but example {} of this batch holds {}", name, wanted,
      row + 1, value);
}

/// Values of `Array` through `convert(value, out) -> bool`; false: it does not fit.
template <class Array, class To, class Function>
Result<Column> Convert(const arrow::Array& array, ValueType wanted, std::string_view name,
                       std::string_view wanted_words, Function&& convert) {
  const auto& typed = static_cast<const Array&>(array);
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(wanted, array.length()));
  PENSTOCK_RETURN_IF_ERROR(SetPresenceFrom(array, column));
  To* const out = column.MutableValues<To>();
  for (int64_t i = 0; i < array.length(); ++i) {
    // What lies below a null is anything: it must not make an error.
    if (!column.IsPresent(i)) {
      out[i] = To{};
    } else if (!convert(typed.Value(i), out[i])) {
      return DoesNotFit(name, i, wanted_words, fmt::format("{}", typed.Value(i)));
    }
  }
  return column;
}

template <class Array>
Result<Column> ReadIntegers(const arrow::Array& array, ValueType wanted, std::string_view name) {
  using From = typename Array::value_type;
  switch (wanted) {
    case ValueType::kInteger:
      return Convert<Array, int64_t>(array, wanted, name, "integers", [](From value, int64_t& out) {
        out = static_cast<int64_t>(value);
        return std::in_range<int64_t>(value);
      });
    case ValueType::kNumber:
      return Convert<Array, double>(array, wanted, name, "numbers", [](From value, double& out) {
        out = static_cast<double>(value);
        return true;
      });
    case ValueType::kBoolean:
      return Convert<Array, uint8_t>(array, wanted, name, "true and false", [](From value, uint8_t& out) {
        out = static_cast<uint8_t>(value);
        return value == 0 || value == 1;
      });
    default: {
      auto characters = std::make_shared<std::vector<char>>(static_cast<size_t>(array.length()) * 20);
      char* at = characters->data();
      PENSTOCK_ASSIGN_OR_RETURN(Column column,
                                (Convert<Array, std::string_view>(
                                    array, wanted, name, "text", [&at](From value, std::string_view& out) {
                                      char* const end = std::to_chars(at, at + 20, value).ptr;
                                      out = std::string_view(at, static_cast<size_t>(end - at));
                                      at = end;
                                      return true;
                                    })));
      column.KeepAlive(std::move(characters));
      return column;
    }
  }
}

/// The decimal number of at most seven digits that `value` stands for, where there is one: 0.1f
/// becomes 0.1 and not 0.10000000149. What was written 2.45 then equals 12.25 * 0.2, whether the
/// data was stored in 32 bits or 64, and `x <= 0.1` holds for it as it does in TensorFlow.
double Widen(float value) {
  constexpr double kMaxDigits = 9'999'999;
  const double wide = value;
  double power = 1;
  for (int digits = 0; digits < 10; ++digits, power *= 10) {
    const double scaled = wide * power;
    if (!(std::fabs(scaled) <= kMaxDigits)) break;
    const double decimal =
        static_cast<double>(static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5))) / power;
    // -0.0 is no other decimal than 0.0, but keeps its sign.
    if (static_cast<float>(decimal) == value) return decimal == 0 ? wide : decimal;
  }
  return wide;
}
double Widen(double value) { return value; }

template <class Array>
Result<Column> ReadFloats(const arrow::Array& array, ValueType wanted, std::string_view name) {
  using From = typename Array::value_type;
  if (wanted == ValueType::kNumber) {
    return Convert<Array, double>(array, wanted, name, "numbers", [](From value, double& out) {
      out = Widen(value);
      return true;
    });
  }
  const std::string_view words = wanted == ValueType::kBoolean ? "true and false" : "integers";
  if (wanted == ValueType::kInteger) {
    return Convert<Array, int64_t>(array, wanted, name, words, [](From value, int64_t& out) {
      const auto number = static_cast<double>(value);
      if (!(number >= -0x1p63 && number < 0x1p63) || number != std::floor(number)) return false;
      out = static_cast<int64_t>(number);
      return true;
    });
  }
  if (wanted == ValueType::kBoolean) {
    return Convert<Array, uint8_t>(array, wanted, name, words, [](From value, uint8_t& out) {
      out = value == 1 ? 1 : 0;
      return value == 0 || value == 1;
    });
  }
  return InvalidArgument("Column '{}' held text where the transform was made, and is now of type {}", name,
                         array.type()->ToString());
}

template <class Array>
Result<Column> ReadTexts(const std::shared_ptr<arrow::Array>& array, ValueType wanted,
                         std::string_view name) {
  if (wanted != ValueType::kText && array->null_count() != array->length()) {
    return InvalidArgument("Column '{}' held {}s where the transform was made, and is now of type {}", name,
                           NameOf(wanted), array->type()->ToString());
  }
  const auto& typed = static_cast<const Array&>(*array);
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(wanted, array->length()));
  PENSTOCK_RETURN_IF_ERROR(SetPresenceFrom(*array, column));
  if (wanted != ValueType::kText)
    return ReadColumn(std::make_shared<arrow::NullArray>(array->length()), wanted, name);
  auto* const out = column.MutableValues<std::string_view>();
  for (int64_t i = 0; i < array->length(); ++i) out[i] = typed.GetView(i);
  column.KeepAlive(array);
  return column;
}

Result<Column> ReadBooleans(const arrow::Array& array, ValueType wanted, std::string_view name) {
  switch (wanted) {
    case ValueType::kBoolean:
      return Convert<arrow::BooleanArray, uint8_t>(array, wanted, name, "", [](bool value, uint8_t& out) {
        out = value ? 1 : 0;
        return true;
      });
    case ValueType::kInteger:
      return Convert<arrow::BooleanArray, int64_t>(array, wanted, name, "", [](bool value, int64_t& out) {
        out = value ? 1 : 0;
        return true;
      });
    case ValueType::kNumber:
      return Convert<arrow::BooleanArray, double>(array, wanted, name, "", [](bool value, double& out) {
        out = value ? 1 : 0;
        return true;
      });
    default:
      return Convert<arrow::BooleanArray, std::string_view>(array, wanted, name, "",
                                                            [](bool value, std::string_view& out) {
                                                              out = value ? "true" : "false";
                                                              return true;
                                                            });
  }
}

/// A dictionary's values, taken out of it.
Result<std::shared_ptr<arrow::Array>> Decode(const std::shared_ptr<arrow::Array>& array) {
  const auto& encoded = static_cast<const arrow::DictionaryArray&>(*array);
  std::unique_ptr<arrow::ArrayBuilder> builder;
  PENSTOCK_RETURN_IF_ARROW_ERROR(
      arrow::MakeBuilder(arrow::default_memory_pool(), encoded.dictionary()->type(), &builder));
  for (int64_t i = 0; i < encoded.length(); ++i) {
    if (encoded.IsNull(i)) {
      PENSTOCK_RETURN_IF_ARROW_ERROR(builder->AppendNull());
      continue;
    }
    const arrow::ArraySpan dictionary(*encoded.dictionary()->data());
    PENSTOCK_RETURN_IF_ARROW_ERROR(builder->AppendArraySlice(dictionary, encoded.GetValueIndex(i), 1));
  }
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Array> decoded, builder->Finish());
  return decoded;
}

/// The lists of `array`, without the null ones, as offsets from 0.
template <class Lists>
Result<Column> ReadLists(const arrow::Array& array, ValueType wanted, std::string_view name) {
  const auto& lists = static_cast<const Lists&>(array);
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const std::shared_ptr<arrow::Array> values, lists.Flatten());
  PENSTOCK_ASSIGN_OR_RETURN(Column column, ReadColumn(values, wanted, name));
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(
      std::shared_ptr<arrow::Buffer> offsets,
      arrow::AllocateBuffer((array.length() + 1) * static_cast<int64_t>(sizeof(int64_t))));
  auto* const ends = reinterpret_cast<int64_t*>(offsets->mutable_data());
  ends[0] = 0;
  for (int64_t i = 0; i < array.length(); ++i)
    ends[i + 1] = ends[i] + (lists.IsNull(i) ? 0 : static_cast<int64_t>(lists.value_length(i)));
  column.SetOffsets(std::move(offsets), array.length());
  return column;
}

/// The same type in the same width: no copy.
template <class Array>
Result<Column> Share(const arrow::Array& array, ValueType type) {
  using T = typename Array::value_type;
  const auto& values = array.data()->buffers[1];
  const int64_t size = static_cast<int64_t>(sizeof(T));
  std::shared_ptr<arrow::Buffer> slice = values;
  if (values == nullptr || array.length() == 0) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(slice, arrow::AllocateBuffer(0));
  } else if (array.offset() != 0) {
    slice = arrow::SliceBuffer(values, array.offset() * size, array.length() * size);
  }
  Column column(type, array.length(), std::move(slice));
  PENSTOCK_RETURN_IF_ERROR(SetPresenceFrom(array, column));
  return column;
}

}  // namespace

Result<Column> ReadColumn(const std::shared_ptr<arrow::Array>& array, ValueType wanted,
                          std::string_view name) {
  switch (array->type_id()) {
    case arrow::Type::INT8:
      return ReadIntegers<arrow::Int8Array>(*array, wanted, name);
    case arrow::Type::INT16:
      return ReadIntegers<arrow::Int16Array>(*array, wanted, name);
    case arrow::Type::INT32:
      return ReadIntegers<arrow::Int32Array>(*array, wanted, name);
    case arrow::Type::INT64:
      if (wanted == ValueType::kInteger) return Share<arrow::Int64Array>(*array, wanted);
      return ReadIntegers<arrow::Int64Array>(*array, wanted, name);
    case arrow::Type::UINT8:
      return ReadIntegers<arrow::UInt8Array>(*array, wanted, name);
    case arrow::Type::UINT16:
      return ReadIntegers<arrow::UInt16Array>(*array, wanted, name);
    case arrow::Type::UINT32:
      return ReadIntegers<arrow::UInt32Array>(*array, wanted, name);
    case arrow::Type::UINT64:
      return ReadIntegers<arrow::UInt64Array>(*array, wanted, name);
    case arrow::Type::FLOAT:
      return ReadFloats<arrow::FloatArray>(*array, wanted, name);
    case arrow::Type::DOUBLE:
      if (wanted == ValueType::kNumber) return Share<arrow::DoubleArray>(*array, wanted);
      return ReadFloats<arrow::DoubleArray>(*array, wanted, name);
    case arrow::Type::STRING:
      return ReadTexts<arrow::StringArray>(array, wanted, name);
    case arrow::Type::LARGE_STRING:
      return ReadTexts<arrow::LargeStringArray>(array, wanted, name);
    case arrow::Type::BINARY:
      return ReadTexts<arrow::BinaryArray>(array, wanted, name);
    case arrow::Type::LARGE_BINARY:
      return ReadTexts<arrow::LargeBinaryArray>(array, wanted, name);
    case arrow::Type::BOOL:
      return ReadBooleans(*array, wanted, name);
    case arrow::Type::NA: {
      PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(wanted, array->length()));
      if (wanted == ValueType::kText)
        std::fill_n(column.MutableValues<std::string_view>(), array->length(), "");
      PENSTOCK_RETURN_IF_ERROR(SetPresenceFrom(*array, column));
      return column;
    }
    case arrow::Type::DICTIONARY: {
      PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> decoded, Decode(array));
      return ReadColumn(decoded, wanted, name);
    }
    default:
      return InvalidArgument("Column '{}' held {}s where the transform was made, and is now of type {}", name,
                             NameOf(wanted), array->type()->ToString());
  }
}

Result<Column> ReadListColumn(const std::shared_ptr<arrow::Array>& array, ValueType wanted,
                              std::string_view name) {
  switch (array->type_id()) {
    case arrow::Type::LIST:
      return ReadLists<arrow::ListArray>(*array, wanted, name);
    case arrow::Type::LARGE_LIST:
      return ReadLists<arrow::LargeListArray>(*array, wanted, name);
    case arrow::Type::FIXED_SIZE_LIST:
      return ReadLists<arrow::FixedSizeListArray>(*array, wanted, name);
    default:
      break;
  }
  // One value an example is a list of one, a missing one an empty list.
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> offsets,
                                  arrow::AllocateBuffer((array->length() + 1) * int64_t{8}));
  auto* const ends = reinterpret_cast<int64_t*>(offsets->mutable_data());
  ends[0] = 0;
  for (int64_t i = 0; i < array->length(); ++i) ends[i + 1] = ends[i] + (array->IsNull(i) ? 0 : 1);
  std::shared_ptr<arrow::Array> present = array;
  if (array->null_count() > 0) {
    std::unique_ptr<arrow::ArrayBuilder> builder;
    PENSTOCK_RETURN_IF_ARROW_ERROR(arrow::MakeBuilder(arrow::default_memory_pool(), array->type(), &builder));
    const arrow::ArraySpan all(*array->data());
    for (int64_t i = 0; i < array->length(); ++i) {
      if (array->IsValid(i)) PENSTOCK_RETURN_IF_ARROW_ERROR(builder->AppendArraySlice(all, i, 1));
    }
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(present, builder->Finish());
  }
  PENSTOCK_ASSIGN_OR_RETURN(Column column, ReadColumn(present, wanted, name));
  column.SetOffsets(std::move(offsets), array->length());
  return column;
}

}  // namespace penstock::transform
