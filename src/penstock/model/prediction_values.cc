#include "penstock/model/prediction_values.h"

#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>

namespace penstock::model {

Result<std::span<const double>> PredictionValues(const data::Batch& predictions, const std::string& column) {
  const auto values = std::dynamic_pointer_cast<arrow::DoubleArray>(predictions->GetColumnByName(column));
  if (values == nullptr)
    return InvalidArgument("The predictions have no column '{}' of numbers (columns: {})", column,
                           fmt::join(predictions->schema()->field_names(), ", "));
  if (values->null_count() > 0)
    return InvalidArgument("The predictions in column '{}' have missing values", column);
  return std::span(values->raw_values(), static_cast<size_t>(values->length()));
}

}  // namespace penstock::model
