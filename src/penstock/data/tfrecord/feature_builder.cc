#include "penstock/data/tfrecord/feature_builder.h"

#include <utility>

#include <arrow/util/utf8.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/csv/tokenizer.h"

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

}  // namespace

std::shared_ptr<arrow::DataType> ColumnType(const FeatureColumnType& column) {
  return column.is_list ? arrow::list(ElementType(column)) : ElementType(column);
}

FeatureBuilder::FeatureBuilder(const FeatureColumnType& column) : column_(column) {
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

Status FeatureBuilder::Append(const FeatureView& feature) {
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

Result<std::shared_ptr<arrow::Array>> FeatureBuilder::Finish() { return rows_->Finish(); }

Status FeatureBuilder::AppendValues(const FeatureView& feature) {
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

SequenceBuilder::SequenceBuilder(const FeatureColumnType& column)
    : features_(column),
      list_(arrow::default_memory_pool(), features_.rows(), arrow::list(ColumnType(column))) {}

Status SequenceBuilder::Append(std::string_view feature_list) {
  PENSTOCK_RETURN_IF_ARROW_ERROR(list_.Append());
  Status status;
  const bool is_well_formed = ForEachFeature(feature_list, [&](const FeatureView& feature) {
    if (status.ok()) status = features_.Append(feature);
  });
  PENSTOCK_RETURN_IF_ERROR(status);
  if (!is_well_formed) return InvalidArgument("a feature list is malformed");
  return OkStatus();
}

Status SequenceBuilder::AppendNull() {
  PENSTOCK_RETURN_IF_ARROW_ERROR(list_.AppendNull());
  return OkStatus();
}

Result<std::shared_ptr<arrow::Array>> SequenceBuilder::Finish() {
  std::shared_ptr<arrow::Array> array;
  PENSTOCK_RETURN_IF_ARROW_ERROR(list_.Finish(&array));
  return array;
}

}  // namespace penstock::data::tfrecord
