#include "penstock/data/csv/column_decoder.h"

#include <array>
#include <cstring>
#include <limits>

#include <arrow/array/data.h>
#include <arrow/buffer_builder.h>
#include <arrow/type.h>

#include "penstock/base/arrow_status.h"

namespace penstock::data::csv {
namespace {

/// Collects which rows have a value.
class Validity {
 public:
  Status Append(const uint8_t* is_valid, int64_t num_rows) {
    PENSTOCK_RETURN_IF_ARROW_ERROR(bits_.Append(is_valid, num_rows));
    return OkStatus();
  }
  /// Null where there are no nulls.
  Result<std::shared_ptr<arrow::Buffer>> Finish(int64_t& num_nulls) {
    num_nulls = bits_.false_count();
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> bits, bits_.Finish());
    return num_nulls == 0 ? nullptr : bits;
  }

 private:
  arrow::TypedBufferBuilder<bool> bits_;
};

template <class Value, bool (*Parse)(const char*, const char*, Value&)>
class NumberDecoder : public ColumnDecoder {
 public:
  explicit NumberDecoder(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

  Result<std::optional<int64_t>> Append(const CellGrid& grid, int column) override {
    PENSTOCK_RETURN_IF_ARROW_ERROR(values_.Append(grid.num_rows, Value{}));
    is_valid_.resize(static_cast<size_t>(grid.num_rows));
    Value* const values = values_.mutable_data() + values_.length() - grid.num_rows;
    for (int64_t row = 0; row < grid.num_rows; ++row) {
      const Cell cell = grid.Value(row, column);
      const bool is_valid = cell.begin != cell.end;
      is_valid_[static_cast<size_t>(row)] = is_valid;
      if (!is_valid || Parse(cell.begin, cell.end, values[row])) continue;
      if (!IsBlank(cell)) return row;
      is_valid_[static_cast<size_t>(row)] = false;
    }
    PENSTOCK_RETURN_IF_ERROR(validity_.Append(is_valid_.data(), grid.num_rows));
    return std::nullopt;
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    const int64_t length = values_.length();
    int64_t num_nulls = 0;
    PENSTOCK_ASSIGN_OR_RETURN(auto validity, validity_.Finish(num_nulls));
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> values, values_.Finish());
    return arrow::MakeArray(arrow::ArrayData::Make(type_, length, {validity, values}, num_nulls));
  }

 private:
  static bool IsBlank(Cell cell) {
    TrimBlanks(cell.begin, cell.end);
    return cell.begin == cell.end;
  }

  const std::shared_ptr<arrow::DataType> type_;
  arrow::TypedBufferBuilder<Value> values_;
  Validity validity_;
  std::vector<uint8_t> is_valid_;
};

class Utf8Decoder : public ColumnDecoder {
 public:
  Result<std::optional<int64_t>> Append(const CellGrid& grid, int column) override {
    is_valid_.resize(static_cast<size_t>(grid.num_rows));
    int64_t num_bytes = 0;
    for (int64_t row = 0; row < grid.num_rows; ++row) num_bytes += grid.At(row, column).size();
    if (bytes_.length() + num_bytes > std::numeric_limits<int32_t>::max() - kCopyUnit)
      return ResourceExhausted("A batch holds more than 2 GiB of text in one column");
    PENSTOCK_RETURN_IF_ARROW_ERROR(bytes_.Reserve(num_bytes + kCopyUnit));
    PENSTOCK_RETURN_IF_ARROW_ERROR(offsets_.Reserve(grid.num_rows + 1));
    char* const begin = reinterpret_cast<char*>(bytes_.mutable_data());
    char* out = begin + bytes_.length();
    for (int64_t row = 0; row < grid.num_rows; ++row) {
      offsets_.UnsafeAppend(static_cast<int32_t>(out - begin));
      const Cell cell = grid.At(row, column);
      const Cell inner = grid.Value(row, column);
      is_valid_[static_cast<size_t>(row)] = inner.begin != inner.end;
      out = cell.begin == inner.begin ? CopyPlain(inner, out) : CopyQuoted(inner, out);
    }
    bytes_.UnsafeAdvance(out - begin - bytes_.length());
    PENSTOCK_RETURN_IF_ERROR(validity_.Append(is_valid_.data(), grid.num_rows));
    return std::nullopt;
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    const int64_t length = offsets_.length();
    PENSTOCK_RETURN_IF_ARROW_ERROR(offsets_.Append(static_cast<int32_t>(bytes_.length())));
    int64_t num_nulls = 0;
    PENSTOCK_ASSIGN_OR_RETURN(auto validity, validity_.Finish(num_nulls));
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> offsets, offsets_.Finish());
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> bytes, bytes_.Finish());
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow::utf8(), length, {validity, offsets, bytes}, num_nulls));
  }

 private:
  static constexpr int64_t kCopyUnit = 16;

  // Both sides have room for a whole unit beyond their end, and a copy of fixed size needs no call.
  static char* CopyPlain(Cell cell, char* out) {
    if (cell.size() <= kCopyUnit) {
      std::memcpy(out, cell.begin, kCopyUnit);
    } else {
      std::memcpy(out, cell.begin, static_cast<size_t>(cell.size()));
    }
    return out + cell.size();
  }
  static char* CopyQuoted(Cell cell, char* out) {
    for (const char* from = cell.begin; from < cell.end; ++from) {
      *out++ = *from;
      if (*from == '"') ++from;
    }
    return out;
  }

  arrow::TypedBufferBuilder<int32_t> offsets_;
  arrow::BufferBuilder bytes_;
  Validity validity_;
  std::vector<uint8_t> is_valid_;
};

}  // namespace

std::shared_ptr<arrow::DataType> ArrowType(ColumnType type) {
  switch (type) {
    case ColumnType::kInt64:
      return arrow::int64();
    case ColumnType::kDouble:
      return arrow::float64();
    case ColumnType::kUtf8:
      break;
  }
  return arrow::utf8();
}

std::unique_ptr<ColumnDecoder> MakeColumnDecoder(ColumnType type) {
  switch (type) {
    case ColumnType::kInt64:
      return std::make_unique<NumberDecoder<int64_t, ParseInteger>>(arrow::int64());
    case ColumnType::kDouble:
      return std::make_unique<NumberDecoder<double, ParseReal>>(arrow::float64());
    case ColumnType::kUtf8:
      break;
  }
  return std::make_unique<Utf8Decoder>();
}

}  // namespace penstock::data::csv
