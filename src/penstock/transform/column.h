#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>

#include "penstock/base/status.h"
#include "penstock/transform/value_type.h"

namespace penstock::transform {

/// The values of one node for one batch: flat memory that loops run over. Copies share
/// it. Immutable once filled.
///
/// Presence is a byte a value, not a bit: loops combine it as they do values.
class Column {
 public:
  Column() = default;
  /// `width` floats a row for kVector, else 1. Contents are to be filled in.
  static Result<Column> Allocate(ValueType type, int64_t size, int64_t width = 1);
  /// Around memory of Arrow's: `values` begins at the first value.
  Column(ValueType type, int64_t size, std::shared_ptr<arrow::Buffer> values)
      : type_(type), size_(size), values_(std::move(values)) {}

  ValueType type() const { return type_; }
  int64_t size() const { return size_; }
  int64_t width() const { return width_; }

  const int64_t* integers() const { return Values<int64_t>(); }
  const double* numbers() const { return Values<double>(); }
  const std::string_view* texts() const { return Values<std::string_view>(); }
  const uint8_t* booleans() const { return Values<uint8_t>(); }  ///< 0 or 1.
  const float* vectors() const { return Values<float>(); }
  template <class T>
  const T* Values() const {
    return reinterpret_cast<const T*>(values_->data());
  }
  template <class T>
  T* MutableValues() {
    return reinterpret_cast<T*>(values_->mutable_data());
  }
  const std::shared_ptr<arrow::Buffer>& values_buffer() const { return values_; }

  bool has_missing() const { return presence_ != nullptr; }
  /// 1 where there is a value, else 0. Null where all are there.
  const uint8_t* presence() const { return presence_ == nullptr ? nullptr : presence_->data(); }
  bool IsPresent(int64_t row) const { return presence_ == nullptr || presence_->data()[row] != 0; }
  const std::shared_ptr<arrow::Buffer>& presence_buffer() const { return presence_; }
  void SetPresence(std::shared_ptr<arrow::Buffer> presence) { presence_ = std::move(presence); }
  /// A presence of its own to write, initially all `value`.
  Result<uint8_t*> AllocatePresence(uint8_t value);
  /// Missing where any of `inputs` is.
  Status MissingWhereAny(std::span<const Column* const> inputs);

  /// Keeps the characters alive that texts() looks at.
  void KeepAlive(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }
  void KeepAliveAllOf(const Column& other) {
    owners_.insert(owners_.end(), other.owners_.begin(), other.owners_.end());
  }

 private:
  ValueType type_ = ValueType::kNumber;
  int64_t size_ = 0;
  int64_t width_ = 1;
  std::shared_ptr<arrow::Buffer> values_;
  std::shared_ptr<arrow::Buffer> presence_;
  std::vector<std::shared_ptr<const void>> owners_;
};

/// `array` read as `wanted`; `name` is for messages. Shares memory where the type is the
/// same. kInvalidArgument where a value does not fit, with its row from 1.
Result<Column> ReadColumn(const std::shared_ptr<arrow::Array>& array, ValueType wanted,
                          std::string_view name);

/// As Arrow: int64 (booleans too), float64, or list<float>. Shares memory.
Result<std::shared_ptr<arrow::Array>> ToArrow(const Column& column);
std::shared_ptr<arrow::DataType> ArrowTypeOf(ValueType type);

}  // namespace penstock::transform
