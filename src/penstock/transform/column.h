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
  /// Number of values: of all lists together where this holds lists.
  int64_t size() const { return size_; }
  /// Number of examples.
  int64_t num_rows() const { return is_list() ? num_rows_ : size_; }
  /// Whether an example has any number of values, none too, instead of one.
  bool is_list() const { return offsets_ != nullptr; }
  /// Of lists: those of row i are values [offsets()[i], offsets()[i + 1]).
  const int64_t* offsets() const { return reinterpret_cast<const int64_t*>(offsets_->data()); }
  const std::shared_ptr<arrow::Buffer>& offsets_buffer() const { return offsets_; }
  /// Makes lists of the values; null makes them single again. `offsets` has num_rows + 1 entries.
  void SetOffsets(std::shared_ptr<arrow::Buffer> offsets, int64_t num_rows) {
    offsets_ = std::move(offsets);
    num_rows_ = num_rows;
  }
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
  int64_t num_rows_ = 0;  // Of lists.
  std::shared_ptr<arrow::Buffer> values_;
  std::shared_ptr<arrow::Buffer> presence_;
  std::shared_ptr<arrow::Buffer> offsets_;
  std::vector<std::shared_ptr<const void>> owners_;
};

/// `array` read as `wanted`; `name` is for messages. Shares memory where the type is the
/// same. kInvalidArgument where a value does not fit, with its row from 1.
Result<Column> ReadColumn(const std::shared_ptr<arrow::Array>& array, ValueType wanted,
                          std::string_view name);

/// The same for lists of any width of offsets: a null list is an empty one.
Result<Column> ReadListColumn(const std::shared_ptr<arrow::Array>& array, ValueType wanted,
                              std::string_view name);

/// As Arrow: int64 (booleans too), float64, string, or list<float> for vectors; lists of these for lists.
/// Shares memory where it can.
Result<std::shared_ptr<arrow::Array>> ToArrow(const Column& column);
std::shared_ptr<arrow::DataType> ArrowTypeOf(ValueType type, bool is_list = false);

}  // namespace penstock::transform
