#include "penstock/model/prediction_values.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include "penstock/base/arrow_status.h"

namespace penstock::model {
namespace {

Result<std::span<const double>> Doubles(const arrow::Array& array, const std::string& column) {
  const auto* values = dynamic_cast<const arrow::DoubleArray*>(&array);
  if (values == nullptr)
    return InvalidArgument("The predictions in column '{}' are {}, not numbers", column,
                           array.type()->ToString());
  if (values->null_count() > 0)
    return InvalidArgument("The predictions in column '{}' have missing values", column);
  return std::span(values->raw_values(), static_cast<size_t>(values->length()));
}

}  // namespace

Result<PredictionNumbers> PredictionValues(const data::Batch& predictions, const std::string& column) {
  const auto found = predictions->GetColumnByName(column);
  if (found == nullptr)
    return InvalidArgument("The predictions have no column '{}' of numbers (columns: {})", column,
                           fmt::join(predictions->schema()->field_names(), ", "));
  PredictionNumbers numbers;
  const auto* lists = dynamic_cast<const arrow::ListArray*>(found.get());
  if (lists == nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(numbers.values, Doubles(*found, column));
    return numbers;
  }
  if (lists->null_count() > 0)
    return InvalidArgument("The predictions in column '{}' have missing values", column);
  PENSTOCK_ASSIGN_OR_RETURN(numbers.values, Doubles(*lists->values(), column));
  if (lists->length() > 0) numbers.width = lists->value_length(0);
  for (int64_t row = 0; row < lists->length(); ++row) {
    if (lists->value_length(row) != numbers.width)
      return InvalidArgument("The predictions in column '{}' differ in length: {} in row 1, {} in row {}",
                             column, numbers.width, lists->value_length(row), row + 1);
  }
  const int64_t first = lists->length() == 0 ? 0 : lists->value_offset(0);
  numbers.values = numbers.values.subspan(static_cast<size_t>(first),
                                          static_cast<size_t>(lists->length() * numbers.width));
  return numbers;
}

Result<data::Batch> WithClassNames(const Signature& signature, const data::Batch& predictions) {
  if (signature.class_names.empty()) return predictions;
  const auto names = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), names, arrow::list(arrow::utf8()));
  for (int64_t row = 0; row < predictions->num_rows(); ++row) {
    PENSTOCK_RETURN_IF_ARROW_ERROR(lists.Append());
    PENSTOCK_RETURN_IF_ARROW_ERROR(names->AppendValues(signature.class_names));
  }
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Array> classes, lists.Finish());
  arrow::ArrayVector columns = predictions->columns();
  columns.push_back(std::move(classes));
  return arrow::RecordBatch::Make(OutputsWithClassNames(signature), predictions->num_rows(),
                                  std::move(columns));
}

std::shared_ptr<arrow::Schema> OutputsWithClassNames(const Signature& signature) {
  const std::shared_ptr<arrow::Schema> outputs = signature.outputs();
  if (signature.class_names.empty()) return outputs;
  arrow::FieldVector fields = outputs->fields();
  fields.push_back(arrow::field(std::string(kClassesColumn), arrow::list(arrow::utf8()), /*nullable=*/false));
  return arrow::schema(std::move(fields));
}

}  // namespace penstock::model
