#include "penstock/model/saved_model/dense_examples.h"

#include <cmath>

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/map_batches.h"
#include "penstock/transform/feature_schema.h"

namespace penstock::model {
namespace {

/// Missing values as the transform's SavedModel has them; examples without a label left out.
Result<data::Batch> WithoutGaps(const data::Batch& batch) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  std::shared_ptr<arrow::Array> has_label;
  for (int i = 0; i < batch->num_columns(); ++i) {
    arrow::Datum column = batch->column(i);
    const auto& field = batch->schema()->field(i);
    if (field->name() == transform::kLabelColumn) {
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(const arrow::Datum valid, arrow::compute::IsValid(column));
      has_label = valid.make_array();
    } else if (batch->column(i)->null_count() > 0 && field->type()->id() == arrow::Type::DOUBLE) {
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(
          column,
          arrow::compute::CallFunction(
              "coalesce", {column, arrow::Datum(std::make_shared<arrow::DoubleScalar>(std::nan("")))}));
    } else if (batch->column(i)->null_count() > 0 && field->type()->id() == arrow::Type::INT64) {
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(
          column, arrow::compute::CallFunction(
                      "coalesce", {column, arrow::Datum(std::make_shared<arrow::Int64Scalar>(-1))}));
    }
    fields.push_back(arrow::field(field->name(), column.type()));
    columns.push_back(column.make_array());
  }
  const auto whole = arrow::RecordBatch::Make(arrow::schema(fields), batch->num_rows(), columns);
  if (has_label == nullptr) return whole;
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const arrow::Datum labelled, arrow::compute::Filter(whole, has_label));
  return labelled.record_batch();
}

}  // namespace

Status WriteDenseExamples(const data::Dataset& dataset, const std::string& path,
                          const ExecutionOptions& options) {
  std::unique_ptr<data::ExampleWriter> writer;
  PENSTOCK_RETURN_IF_ERROR(
      data::MapBatches(dataset, options, WithoutGaps, [&](const data::Batch& batch) -> Status {
        if (writer == nullptr) {
          PENSTOCK_ASSIGN_OR_RETURN(
              writer, data::OpenExampleWriter(path, batch->schema(), data::PayloadFormat::kTfRecordGzip));
        }
        return writer->Write(batch);
      }));
  if (writer == nullptr) return InvalidArgument("There are no examples to train on");
  return writer->Close();
}

}  // namespace penstock::model
