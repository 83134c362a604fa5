#include "penstock/evaluation/prediction_dataset.h"

#include <cmath>

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "penstock/base/near_miss.h"
#include "penstock/combine/column_numbers.h"
#include "penstock/combine/row_groups.h"
#include "penstock/evaluation/prediction_metrics.h"

namespace penstock::evaluation {
namespace {

class PredictionReader : public data::BatchReader {
 public:
  PredictionReader(const PredictionDataset& dataset, std::unique_ptr<data::BatchReader> raw, int64_t shard)
      : dataset_(dataset), raw_(std::move(raw)), shard_(shard) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return dataset_.schema(); }
  Result<std::optional<data::Batch>> Next() override {
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<data::Batch> raw, raw_->Next());
    if (!raw.has_value()) return std::optional<data::Batch>();
    PENSTOCK_ASSIGN_OR_RETURN(data::Batch batch, dataset_.Convert(*raw, shard_, num_rows_));
    num_rows_ += (*raw)->num_rows();
    return std::optional<data::Batch>(std::move(batch));
  }

 private:
  const PredictionDataset& dataset_;
  std::unique_ptr<data::BatchReader> raw_;
  int64_t shard_;
  int64_t num_rows_ = 0;
};

std::string PlaceOf(int64_t shard, int64_t row) {
  return fmt::format("example {} of shard {}", row + 1, shard + 1);
}

Status CheckPrediction(double prediction, bool is_null, Task task, std::string_view what) {
  if (is_null) return InvalidArgument("There is no {}", what);
  if (!std::isfinite(prediction))
    return InvalidArgument("The {} is {}, not a finite number", what, prediction);
  if (task == Task::kBinaryClassification && (prediction < 0 || prediction > 1)) {
    return InvalidArgument("The {} is {}; the probability of a class lies from 0 to 1", what, prediction);
  }
  return OkStatus();
}

Status CheckLabel(double label, Task task) {
  if (!std::isfinite(label)) return InvalidArgument("The label is {}, not a finite number", label);
  if (task == Task::kBinaryClassification && label != 0 && label != 1) {
    return InvalidArgument("The label is {}; labels of binary classification are 0 and 1", label);
  }
  return OkStatus();
}

// Checks what of `column` is in `rows`.
template <class Check>
Status CheckRows(const std::vector<int64_t>& rows, int64_t shard, int64_t first_row, const Check& check) {
  for (int64_t row : rows) {
    const Status status = check(row);
    if (!status.ok()) return InvalidArgument("{} ({})", status.message(), PlaceOf(shard, first_row + row));
  }
  return OkStatus();
}

std::shared_ptr<arrow::Array> Gather(const double* values, const std::vector<int64_t>& rows) {
  std::vector<double> gathered;
  gathered.reserve(rows.size());
  for (int64_t row : rows) gathered.push_back(values[row]);
  const auto size = static_cast<int64_t>(rows.size());
  return std::make_shared<arrow::DoubleArray>(size, arrow::Buffer::FromVector(std::move(gathered)));
}

Result<std::shared_ptr<arrow::Field>> FindField(const arrow::Schema& schema, const std::string& name,
                                                std::string_view what) {
  if (const auto field = schema.GetFieldByName(name); field != nullptr) return field;
  return NotFound("The examples have no column '{}' to {} by{}", name, what,
                  DidYouMean(name, schema.field_names()));
}

}  // namespace

Result<std::unique_ptr<PredictionDataset>> PredictionDataset::Make(const data::Dataset& raw, Task task,
                                                                   PredictBatch predict,
                                                                   std::vector<std::string> slice_columns,
                                                                   std::string weight_column,
                                                                   bool has_baseline) {
  std::unique_ptr<PredictionDataset> dataset(new PredictionDataset(raw, task, std::move(predict)));
  dataset->slice_columns_ = std::move(slice_columns);
  dataset->weight_column_ = std::move(weight_column);
  std::vector<std::shared_ptr<arrow::Field>> fields;
  const auto add_number = [&](std::string_view name) {
    fields.push_back(arrow::field(std::string(name), arrow::float64()));
  };
  add_number(kPrediction);
  if (has_baseline) add_number(kBaselinePrediction);
  add_number(kLabel);
  if (!dataset->weight_column_.empty()) {
    PENSTOCK_RETURN_IF_ERROR(FindField(*raw.schema(), dataset->weight_column_, "weigh").status());
    add_number(kWeight);
  }
  for (const std::string& name : dataset->slice_columns_) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Field> field, FindField(*raw.schema(), name, "slice"));
    fields.push_back(std::move(field));
  }
  dataset->schema_ = arrow::schema(std::move(fields));
  return dataset;
}

Result<std::unique_ptr<data::BatchReader>> PredictionDataset::ReadShard(int64_t shard) const {
  PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<data::BatchReader> raw, raw_.ReadShard(shard));
  return std::unique_ptr<data::BatchReader>(std::make_unique<PredictionReader>(*this, std::move(raw), shard));
}

Result<data::Batch> PredictionDataset::Convert(const data::Batch& raw_examples, int64_t shard,
                                               int64_t first_row) const {
  PENSTOCK_ASSIGN_OR_RETURN(const RawPredictions raw, predict_(raw_examples));
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < raw_examples->num_rows(); ++row) {
    if (raw.labels->IsValid(row)) rows.push_back(row);
  }
  num_without_label_ += raw_examples->num_rows() - static_cast<int64_t>(rows.size());

  std::vector<std::shared_ptr<arrow::Array>> columns;
  const auto add_predictions = [&](const arrow::DoubleArray& predictions, std::string_view what) -> Status {
    PENSTOCK_RETURN_IF_ERROR(CheckRows(rows, shard, first_row, [&](int64_t row) {
      return CheckPrediction(predictions.Value(row), predictions.IsNull(row), task_, what);
    }));
    columns.push_back(Gather(predictions.raw_values(), rows));
    return OkStatus();
  };
  PENSTOCK_RETURN_IF_ERROR(add_predictions(*raw.predictions, "prediction"));
  if (raw.baseline_predictions != nullptr) {
    PENSTOCK_RETURN_IF_ERROR(add_predictions(*raw.baseline_predictions, "prediction of the baseline"));
  }
  PENSTOCK_RETURN_IF_ERROR(CheckRows(rows, shard, first_row,
                                     [&](int64_t row) { return CheckLabel(raw.labels->Value(row), task_); }));
  columns.push_back(Gather(raw.labels->raw_values(), rows));
  if (!weight_column_.empty()) {
    Result<std::vector<double>> weights = combine::ReadWeights(raw_examples, weight_column_);
    if (!weights.ok()) {
      return Annotate(weights.status(), fmt::format("After {} examples of shard {}", first_row, shard + 1));
    }
    columns.push_back(Gather(weights->data(), rows));
  }
  const bool keeps_all = static_cast<int64_t>(rows.size()) == raw_examples->num_rows();
  for (const std::string& name : slice_columns_) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> column, combine::FindColumn(raw_examples, name));
    if (!keeps_all) {
      const auto field = arrow::field(name, column->type());
      const data::Batch single =
          arrow::RecordBatch::Make(arrow::schema({field}), raw_examples->num_rows(), {column});
      PENSTOCK_ASSIGN_OR_RETURN(const data::Batch taken, combine::TakeRows(single, rows));
      column = taken->column(0);
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, static_cast<int64_t>(rows.size()), std::move(columns));
}

}  // namespace penstock::evaluation
