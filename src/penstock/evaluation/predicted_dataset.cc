#include "penstock/evaluation/predicted_dataset.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include "penstock/base/arrow_status.h"
#include "penstock/combine/row_groups.h"
#include "penstock/evaluation/metric_class.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::evaluation {
namespace {

class PredictedReader : public data::BatchReader {
 public:
  PredictedReader(const PredictedDataset& dataset, std::unique_ptr<data::BatchReader> raw)
      : dataset_(dataset), raw_(std::move(raw)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return dataset_.schema(); }
  Result<std::optional<data::Batch>> Next() override {
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, raw_->Next());
    if (!batch.has_value()) return std::optional<data::Batch>();
    PENSTOCK_ASSIGN_OR_RETURN(data::Batch predicted, dataset_.AddColumns(*batch));
    return std::optional<data::Batch>(std::move(predicted));
  }

 private:
  const PredictedDataset& dataset_;
  std::unique_ptr<data::BatchReader> raw_;
};

Result<std::shared_ptr<arrow::Array>> Predict(const model::Model& model, const data::Batch& raw) {
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch predicted, model.Predict(raw));
  const auto column = predicted->GetColumnByName(model.signature().prediction_column);
  if (column == nullptr)
    return Internal("The model gave no column '{}'", model.signature().prediction_column);
  return column;
}

std::shared_ptr<arrow::DataType> PredictionType(const model::Signature& signature) {
  return signature.outputs()->GetFieldByName(signature.prediction_column)->type();
}

}  // namespace

Result<std::unique_ptr<PredictedDataset>> PredictedDataset::Make(const data::Dataset& raw,
                                                                 const model::Model& model,
                                                                 const model::Model* baseline,
                                                                 bool reads_label) {
  if (reads_label && !model.transform().has_label())
    return FailedPrecondition(
        "The model cannot be evaluated: its transform defines no label; give a label_key");
  if (baseline != nullptr && baseline->signature().task != model.signature().task) {
    return InvalidArgument("The model does {}, but the baseline does {}; compare models of one task",
                           model::TaskName(model.signature().task),
                           model::TaskName(baseline->signature().task));
  }
  std::unique_ptr<PredictedDataset> dataset(new PredictedDataset(raw, model, baseline, reads_label));
  auto fields = raw.schema()->fields();
  const model::Signature& signature = model.signature();
  if (baseline != nullptr && baseline->signature().class_names != signature.class_names)
    return InvalidArgument(
        "The model tells the classes [{}] apart, the baseline [{}]; compare models of the same classes",
        fmt::join(signature.class_names, ", "), fmt::join(baseline->signature().class_names, ", "));
  const std::shared_ptr<arrow::DataType> prediction = PredictionType(signature);
  const bool has_indicators = signature.task == model::Task::kMultilabelClassification;
  if (reads_label)
    fields.push_back(
        arrow::field(kModelLabel, has_indicators ? arrow::list(arrow::float32()) : arrow::float64()));
  if (dataset->reads_query()) fields.push_back(arrow::field(kModelQuery, arrow::int64()));
  fields.push_back(arrow::field(kModelPrediction, prediction));
  if (baseline != nullptr) fields.push_back(arrow::field(kBaselinePrediction, prediction));
  dataset->schema_ = arrow::schema(std::move(fields));
  return dataset;
}

Status PredictedDataset::AddModel(const std::string& name, const model::Model& model) {
  if (model.signature().task != model_.signature().task) {
    return InvalidArgument("The model {} does {}, but another one does {}; compare models of one task", name,
                           model::TaskName(model.signature().task), model::TaskName(model_.signature().task));
  }
  if (model.signature().class_names != model_.signature().class_names)
    return InvalidArgument("The model {} tells other classes apart; compare models of the same classes",
                           name);
  auto fields = schema_->fields();
  fields.push_back(arrow::field(PredictionOf(name), PredictionType(model.signature())));
  schema_ = arrow::schema(std::move(fields));
  others_.emplace_back(name, &model);
  return OkStatus();
}

void PredictedDataset::AddAttributions(std::shared_ptr<const ForestAttributions> attributions) {
  auto fields = schema_->fields();
  for (const std::string& feature : attributions->features())
    fields.push_back(arrow::field(std::string(kAttributionPrefix) + feature, arrow::float64()));
  schema_ = arrow::schema(std::move(fields));
  attributions_ = std::move(attributions);
}

Result<std::unique_ptr<data::BatchReader>> PredictedDataset::ReadShard(int64_t shard) const {
  PENSTOCK_ASSIGN_OR_RETURN(auto raw, raw_.ReadShard(shard));
  return std::make_unique<PredictedReader>(*this, std::move(raw));
}

Result<data::Batch> PredictedDataset::AddColumns(const data::Batch& all) const {
  data::Batch raw = all;
  std::shared_ptr<arrow::Array> label;
  if (reads_label_) {
    PENSTOCK_ASSIGN_OR_RETURN(label, model_.transform().Label(raw));
    if (label->null_count() > 0) {
      std::vector<int64_t> labelled;
      for (int64_t row = 0; row < label->length(); ++row)
        if (label->IsValid(row)) labelled.push_back(row);
      num_without_label_ += raw->num_rows() - static_cast<int64_t>(labelled.size());
      PENSTOCK_ASSIGN_OR_RETURN(raw, combine::TakeRows(raw, labelled));
      PENSTOCK_ASSIGN_OR_RETURN(label, model_.transform().Label(raw));
    }
  }
  auto columns = raw->columns();
  if (reads_label_) columns.push_back(std::move(label));
  if (reads_query()) {
    PENSTOCK_ASSIGN_OR_RETURN(auto query, model_.transform().Query(raw));
    columns.push_back(std::move(query));
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto prediction, Predict(model_, raw));
  columns.push_back(std::move(prediction));
  if (baseline_ != nullptr) {
    auto predicted = Predict(*baseline_, raw);
    if (!predicted.ok())
      return Annotate(predicted.status(), "The baseline model cannot predict these examples");
    columns.push_back(*std::move(predicted));
  }
  for (const auto& [name, model] : others_) {
    auto predicted = Predict(*model, raw);
    if (!predicted.ok())
      return Annotate(predicted.status(), fmt::format("The model {} cannot predict these examples", name));
    columns.push_back(*std::move(predicted));
  }
  if (attributions_ != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(auto by_feature, attributions_->Attribute(raw));
    for (std::vector<double>& numbers : by_feature)
      columns.push_back(std::make_shared<arrow::DoubleArray>(raw->num_rows(),
                                                             arrow::Buffer::FromVector(std::move(numbers))));
  }
  return arrow::RecordBatch::Make(schema_, raw->num_rows(), std::move(columns));
}

}  // namespace penstock::evaluation
