#include "penstock/data/json_lines/line_decoder.h"

#include <optional>
#include <utility>

#include "penstock/data/csv/number_text.h"
#include "penstock/data/row_builder.h"

namespace penstock::data::json_lines {

class ColumnBuilder {
 public:
  explicit ColumnBuilder(const ColumnType& column) {
    std::shared_ptr<arrow::ArrayBuilder> values;
    switch (column.kind) {
      case ColumnKind::kInt64:
        values = integers_ = std::make_shared<arrow::Int64Builder>();
        break;
      case ColumnKind::kDouble:
        values = reals_ = std::make_shared<arrow::DoubleBuilder>();
        break;
      case ColumnKind::kBool:
        values = bools_ = std::make_shared<arrow::BooleanBuilder>();
        break;
      case ColumnKind::kUtf8:
        values = texts_ = std::make_shared<arrow::StringBuilder>();
        break;
    }
    const auto type = ArrowType(column);
    if (!column.is_nested) {
      rows_.emplace(std::move(values), column.is_list, type);
      return;
    }
    inner_.emplace(std::move(values), /*is_list=*/true, type->field(0)->type());
    rows_.emplace(inner_->rows(), /*is_list=*/true, type);
  }

  int64_t num_rows() const { return rows_->num_rows(); }

  const char* Scalar(const JsonValue& value) {
    if (value.kind == JsonKind::kNull) return Kept(rows_->AppendNullRow());
    if (const char* const fault = Kept(rows_->BeginRow())) return fault;
    if (inner_.has_value())
      if (const char* const fault = BeginInnerList()) return fault;
    const char* const fault = Append(value);
    is_in_inner_ = false;
    return fault;
  }
  const char* BeginList() {
    if (!rows_->is_list()) return "a list stands where the schema declares one value";
    return Kept(rows_->BeginRow());
  }
  const char* BeginInnerList() {
    if (!inner_.has_value()) return "a list of lists stands where the schema declares a list";
    is_in_inner_ = true;
    return Kept(inner_->BeginRow());
  }
  void EndInnerList() { is_in_inner_ = false; }
  const char* Append(const JsonValue& value) {
    if (inner_.has_value() && !is_in_inner_) {
      if (value.kind == JsonKind::kNull) return Kept(inner_->AppendNullRow());
      return "a value stands beside lists in one list, or in a list where other rows have lists of lists";
    }
    if (value.kind == JsonKind::kNull) return Kept((inner_ ? *inner_ : *rows_).AppendNullValue());
    if (integers_ != nullptr) return AppendInteger(value);
    if (reals_ != nullptr) return AppendReal(value);
    if (texts_ != nullptr) return AppendText(value);
    if (value.kind != JsonKind::kBool) return "the value is neither true nor false";
    return Kept(bools_->Append(value.text[0] == 't'));
  }
  Status AppendNull() {
    PENSTOCK_RETURN_IF_ARROW_ERROR(rows_->AppendNullRow());
    return OkStatus();
  }

  Result<std::shared_ptr<arrow::Array>> Finish() { return rows_->Finish(); }

 private:
  static const char* Kept(const arrow::Status& status) {
    return status.ok() ? nullptr : "there is no room for the values of a batch";
  }
  const char* AppendInteger(const JsonValue& value) {
    int64_t integer = 0;
    if (value.kind == JsonKind::kBool) {
      integer = value.text[0] == 't' ? 1 : 0;
    } else if (value.kind != JsonKind::kInteger ||
               !csv::ParseInteger(value.text.data(), value.text.data() + value.text.size(), integer)) {
      return "the value is not an integer (of 64 bits), as the schema declares";
    }
    return Kept(integers_->Append(integer));
  }
  const char* AppendReal(const JsonValue& value) {
    double real = 0;
    if (value.kind == JsonKind::kText || value.kind == JsonKind::kBool ||
        !csv::ParseReal(value.text.data(), value.text.data() + value.text.size(), real))
      return "the value is not a number (within the range of double)";
    return Kept(reals_->Append(real));
  }
  const char* AppendText(const JsonValue& value) {
    if (!value.has_escapes) return Kept(texts_->Append(value.text));
    scratch_.clear();
    if (const char* const fault = Unescape(value.text, scratch_)) return fault;
    return Kept(texts_->Append(scratch_));
  }

  std::shared_ptr<arrow::Int64Builder> integers_;  // One of these four is filled.
  std::shared_ptr<arrow::DoubleBuilder> reals_;
  std::shared_ptr<arrow::BooleanBuilder> bools_;
  std::shared_ptr<arrow::StringBuilder> texts_;
  std::optional<RowBuilder> inner_;  // Of lists of lists: the inner ones.
  std::optional<RowBuilder> rows_;
  bool is_in_inner_ = false;
  std::string scratch_;
};

LineDecoder::LineDecoder(const std::vector<ColumnType>& columns, std::shared_ptr<arrow::Schema> schema)
    : schema_(std::move(schema)) {
  for (const ColumnType& column : columns) {
    index_.Add(column.name);
    builders_.push_back(std::make_unique<ColumnBuilder>(column));
  }
}

LineDecoder::~LineDecoder() = default;

const char* LineDecoder::Scalar(int column, const JsonValue& value) {
  ColumnBuilder& builder = *builders_[static_cast<size_t>(column)];
  // The file may have changed since its lines were checked.
  if (builder.num_rows() != num_rows_) return "a name stands twice in the object";
  return builder.Scalar(value);
}

const char* LineDecoder::BeginList(int column) {
  ColumnBuilder& builder = *builders_[static_cast<size_t>(column)];
  if (builder.num_rows() != num_rows_) return "a name stands twice in the object";
  return builder.BeginList();
}

const char* LineDecoder::BeginInnerList(int column) {
  return builders_[static_cast<size_t>(column)]->BeginInnerList();
}

const char* LineDecoder::EndInnerList(int column) {
  builders_[static_cast<size_t>(column)]->EndInnerList();
  return nullptr;
}

const char* LineDecoder::Element(int column, const JsonValue& value) {
  return builders_[static_cast<size_t>(column)]->Append(value);
}

Status LineDecoder::EndLine() {
  ++num_rows_;
  for (const auto& builder : builders_)
    if (builder->num_rows() < num_rows_) PENSTOCK_RETURN_IF_ERROR(builder->AppendNull());
  return OkStatus();
}

Result<Batch> LineDecoder::Finish() { return FinishBatch(schema_, std::exchange(num_rows_, 0), builders_); }

}  // namespace penstock::data::json_lines
