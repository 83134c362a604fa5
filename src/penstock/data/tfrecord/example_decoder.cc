#include "penstock/data/tfrecord/example_decoder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <arrow/util/utf8.h>

#include "penstock/data/csv/tokenizer.h"
#include "penstock/data/row_builder.h"

namespace penstock::data::tfrecord {
namespace {

std::shared_ptr<arrow::DataType> ElementType(const FeatureColumnType& column) {
  switch (column.kind) {
    case ValueKind::kInteger:
      return arrow::int64();
    case ValueKind::kFloat:
      return arrow::float32();
    case ValueKind::kBytes:
    case ValueKind::kUnset:
      break;
  }
  return column.is_utf8 ? arrow::utf8() : arrow::binary();
}

std::shared_ptr<arrow::DataType> ColumnType(const FeatureColumnType& column) {
  return column.is_list ? arrow::list(ElementType(column)) : ElementType(column);
}

}  // namespace

class FeatureBuilder {
 public:
  explicit FeatureBuilder(const FeatureColumnType& column) : column_(column) {
    std::shared_ptr<arrow::ArrayBuilder> values;
    switch (column.kind) {
      case ValueKind::kInteger:
        values = integers_ = std::make_shared<arrow::Int64Builder>();
        break;
      case ValueKind::kFloat:
        values = floats_ = std::make_shared<arrow::FloatBuilder>();
        break;
      case ValueKind::kBytes:
      case ValueKind::kUnset:
        bytes_ = column.is_utf8 ? std::make_shared<arrow::StringBuilder>()
                                : std::make_shared<arrow::BinaryBuilder>();
        values = bytes_;
        break;
    }
    rows_.emplace(std::move(values), column.is_list, ColumnType(column));
  }

  Status Append(const FeatureView& feature) {
    if (feature.kind == ValueKind::kUnset) {
      PENSTOCK_RETURN_IF_ARROW_ERROR(rows_->AppendNullRow());
      return OkStatus();
    }
    if (feature.kind != column_.kind)
      return InvalidArgument("feature '{}' is a {}, not a {}", column_.name, KindName(feature.kind),
                             KindName(column_.kind));
    PENSTOCK_RETURN_IF_ARROW_ERROR(rows_->BeginRow());
    const int64_t num_before = rows_->num_values();
    PENSTOCK_RETURN_IF_ERROR(AppendValues(feature));
    const int64_t num_added = rows_->num_values() - num_before;
    if (!rows_->is_list() && num_added != 1)
      return InvalidArgument("feature '{}' has {} values, not one", column_.name, num_added);
    return OkStatus();
  }

  Result<std::shared_ptr<arrow::Array>> Finish() { return rows_->Finish(); }

 private:
  Status AppendValues(const FeatureView& feature) {
    arrow::Status status;
    bool is_utf8 = true;
    auto keep = [&](arrow::Status appended) {
      if (!appended.ok()) status = std::move(appended);
    };
    bool is_well_formed = false;
    switch (feature.kind) {
      case ValueKind::kInteger:
        is_well_formed = ForEachInteger(feature.list, [&](int64_t value) { keep(integers_->Append(value)); });
        break;
      case ValueKind::kFloat:
        is_well_formed = ForEachFloat(feature.list, [&](float value) { keep(floats_->Append(value)); });
        break;
      case ValueKind::kBytes:
      case ValueKind::kUnset:
        is_well_formed = ForEachBytes(feature.list, [&](std::string_view value) {
          // The file may have changed since its types were inferred.
          if (column_.is_utf8 && !csv::IsAscii(value)) is_utf8 = is_utf8 && arrow::util::ValidateUTF8(value);
          keep(bytes_->Append(value));
        });
        break;
    }
    if (!is_well_formed) return InvalidArgument("the values of feature '{}' are malformed", column_.name);
    if (!is_utf8) return InvalidArgument("feature '{}' holds a text that is not UTF-8", column_.name);
    PENSTOCK_RETURN_IF_ARROW_ERROR(status);
    return OkStatus();
  }

  const FeatureColumnType column_;
  std::shared_ptr<arrow::Int64Builder> integers_;  // One of these three is filled.
  std::shared_ptr<arrow::FloatBuilder> floats_;
  std::shared_ptr<arrow::BinaryBuilder> bytes_;
  std::optional<RowBuilder> rows_;
};

std::shared_ptr<arrow::Schema> BatchSchema(const std::vector<FeatureColumnType>& columns) {
  arrow::FieldVector fields;
  for (const FeatureColumnType& column : columns)
    fields.push_back(arrow::field(column.name, ColumnType(column)));
  return arrow::schema(std::move(fields));
}

ExampleDecoder::ExampleDecoder(const std::vector<FeatureColumnType>& columns,
                               std::shared_ptr<arrow::Schema> schema)
    : schema_(std::move(schema)), features_(columns.size()) {
  for (const FeatureColumnType& column : columns) {
    index_.Add(column.name);
    builders_.push_back(std::make_unique<FeatureBuilder>(column));
  }
}

ExampleDecoder::~ExampleDecoder() = default;

Status ExampleDecoder::Append(std::string_view record) {
  std::fill(features_.begin(), features_.end(), FeatureView{});
  index_.StartRecord();
  const char* const fault = ParseExample(record, [&](std::string_view name, const FeatureView& feature) {
    const int number = index_.Find(name);
    if (number >= 0) features_[static_cast<size_t>(number)] = feature;
  });
  if (fault != nullptr) return InvalidArgument("{}", fault);
  for (size_t i = 0; i < builders_.size(); ++i) PENSTOCK_RETURN_IF_ERROR(builders_[i]->Append(features_[i]));
  ++num_rows_;
  return OkStatus();
}

Result<Batch> ExampleDecoder::Finish() {
  return FinishBatch(schema_, std::exchange(num_rows_, 0), builders_);
}

}  // namespace penstock::data::tfrecord
