#include "penstock/data/file_schema.h"

#include <algorithm>

#include <arrow/record_batch.h>

#include "penstock/base/near_miss.h"
#include "penstock/data/parquet/column_conversion.h"

namespace penstock::data {

Status CheckColumnNamesDiffer(const std::string& path, const std::vector<std::string>& names) {
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    return InvalidArgument("Two columns of {} have the same name: '{}'", path, *twice);
  return OkStatus();
}

Status CheckSameSchema(const arrow::Schema& first, const std::string& first_path, const arrow::Schema& other,
                       const std::string& path) {
  for (const auto& field : first.fields()) {
    const auto same = other.GetFieldByName(field->name());
    if (same == nullptr)
      return InvalidArgument("{} has no column '{}', {} has{}", path, field->name(), first_path,
                             DidYouMean(field->name(), other.field_names()));
    if (!same->type()->Equals(*field->type()))
      return InvalidArgument("Column '{}' is {} in {}, but {} in {}", field->name(),
                             field->type()->ToString(), first_path, same->type()->ToString(), path);
  }
  for (const auto& field : other.fields())
    if (first.GetFieldByName(field->name()) == nullptr)
      return InvalidArgument("{} has a column '{}' that {} does not have", path, field->name(), first_path);
  return OkStatus();
}

Status CheckBatchFits(const Batch& batch, const arrow::Schema& schema, const std::string& path) {
  if (batch->schema()->Equals(schema, /*check_metadata=*/false)) return OkStatus();
  return InvalidArgument("Cannot write {}: the batch has other columns than the file: {}", path,
                         batch->schema()->ToString());
}

Result<Batch> ConvertToSchema(const std::string& path, const Batch& raw,
                              const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& field : schema->fields()) {
    auto array = raw->GetColumnByName(field->name());
    if (array == nullptr)
      return DataLoss("{} has lost its column '{}' while it was being read", path, field->name());
    auto column = parquet_format::ConvertToBatchType(std::move(array), field->type());
    if (!column.ok()) return Annotate(column.status(), fmt::format("{}, column '{}'", path, field->name()));
    columns.push_back(*std::move(column));
  }
  return Batch(arrow::RecordBatch::Make(schema, raw->num_rows(), std::move(columns)));
}

}  // namespace penstock::data
