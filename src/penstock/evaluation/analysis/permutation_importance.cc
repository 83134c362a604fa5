#include "penstock/evaluation/analysis/permutation_importance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <span>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/near_miss.h"
#include "penstock/evaluation/predicted_dataset.h"

namespace penstock::evaluation {
namespace {

// The request on columns of predictions and labels, all examples together, without intervals and verdict:
// what is asked many times over.
Result<EvaluationRequest> OnColumns(const EvaluationRequest& given) {
  EvaluationRequest request = given;
  request.model = request.baseline = nullptr;
  request.is_first_run = true;
  request.config.clear_slicing_specs();
  request.config.clear_cross_slicing_specs();
  request.config.mutable_options()->clear_compute_confidence_intervals();
  request.config.clear_model_specs();
  for (auto& metrics : *request.config.mutable_metrics_specs()) {
    metrics.clear_model_names();
    // Attributions ask the model itself.
    auto& all = *metrics.mutable_metrics();
    all.erase(
        std::remove_if(all.begin(), all.end(),
                       [](const auto& metric) { return metric.class_name().ends_with("Attributions"); }),
        all.end());
  }
  tfma::ModelSpec& columns = *request.config.add_model_specs();
  for (const tfma::ModelSpec& spec : given.config.model_specs()) {
    if (spec.is_baseline()) continue;
    columns = spec;
    columns.clear_name();
    break;
  }
  if (!columns.label_keys().empty())
    return InvalidArgument("Permutation importance is for models of one output; the config has label_keys");
  columns.clear_prediction_keys();
  columns.set_prediction_key(kModelPrediction);
  if (columns.label_key().empty()) columns.set_label_key(kModelLabel);
  return request;
}

// The metric of the candidate over all examples.
Result<double> Measure(const EvaluationRequest& request, const std::string& metric, const data::Batch& batch,
                       const ExecutionOptions& execution) {
  const auto dataset = data::MakeInMemoryDataset(batch->schema(), {batch});
  PENSTOCK_ASSIGN_OR_RETURN(const Evaluation evaluation, RunEvaluation(request, *dataset, execution));
  std::vector<std::string> names;
  for (const auto& [key, value] : evaluation.slices.at(0).metrics) {
    const double* number = std::get_if<double>(&value);
    if (number == nullptr || key.is_diff) continue;
    if (key.name == metric) return *number;
    names.push_back(key.name);
  }
  return InvalidArgument("There is no metric '{}' that is a single number{}", metric,
                         DidYouMean(metric, names));
}

// The examples with one column dealt out anew, and what the model says of them then.
Result<data::Batch> Permute(const model::Model& model, const data::Batch& batch, int column, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(batch->num_rows()));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::mt19937_64 random(seed);
  // Fisher and Yates' by hand: std::shuffle differs between libraries.
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  arrow::Int64Builder builder;
  PENSTOCK_RETURN_IF_ARROW_ERROR(builder.AppendValues(order));
  std::shared_ptr<arrow::Array> indices;
  PENSTOCK_RETURN_IF_ARROW_ERROR(builder.Finish(&indices));
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto taken, arrow::compute::Take(*batch->column(column), *indices));
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const data::Batch permuted,
                                  batch->SetColumn(column, batch->schema()->field(column), taken));
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch predicted, model.Predict(permuted));
  const int at = batch->schema()->GetFieldIndex(kModelPrediction);
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(
      auto measured, permuted->SetColumn(at, batch->schema()->field(at),
                                         predicted->GetColumnByName(model.signature().prediction_column)));
  return measured;
}

}  // namespace

Result<Importances> PermutationImportance(const EvaluationRequest& given, const ImportanceOptions& options,
                                          const data::Batch& examples, const ExecutionOptions& execution) {
  if (given.model == nullptr) return InvalidArgument("Permutation importance asks a model: give --model");
  PENSTOCK_ASSIGN_OR_RETURN(const EvaluationRequest request, OnColumns(given));
  const auto raw = data::MakeInMemoryDataset(examples->schema(), {examples});
  PENSTOCK_ASSIGN_OR_RETURN(const auto predicted,
                            PredictedDataset::Make(*raw, *given.model, nullptr,
                                                   request.config.model_specs(0).label_key() == kModelLabel));
  // The labels stay what they are, also where they follow from a column that is permuted.
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch batch, predicted->AddColumns(examples));
  PENSTOCK_ASSIGN_OR_RETURN(const double real, Measure(request, options.metric, batch, execution));
  std::vector<int> columns;
  for (const auto& field : given.model->signature().inputs->fields())
    if (const int column = batch->schema()->GetFieldIndex(field->name()); column >= 0)
      columns.push_back(column);
  const auto num_repeats = static_cast<int64_t>(options.num_repeats);
  std::vector<double> changes(columns.size() * static_cast<size_t>(num_repeats));
  // Each measurement is one batch, so they share the threads among them.
  ExecutionOptions alone = execution;
  alone.num_threads = 1;
  PENSTOCK_RETURN_IF_ERROR(
      ParallelFor(static_cast<int64_t>(changes.size()), execution, [&](int64_t i) -> Status {
        const int column = columns[static_cast<size_t>(i / num_repeats)];
        const uint64_t seed = options.seed * 1'000'003 + static_cast<uint64_t>(column) * 101 +
                              static_cast<uint64_t>(i % num_repeats);
        PENSTOCK_ASSIGN_OR_RETURN(const data::Batch permuted, Permute(*given.model, batch, column, seed));
        PENSTOCK_ASSIGN_OR_RETURN(const double value, Measure(request, options.metric, permuted, alone));
        changes[static_cast<size_t>(i)] = value - real;
        return OkStatus();
      }));
  Importances importances{real, {}};
  for (size_t c = 0; c < columns.size(); ++c) {
    const std::span<const double> mine(changes.data() + c * static_cast<size_t>(num_repeats),
                                       static_cast<size_t>(num_repeats));
    ColumnImportance importance{batch->schema()->field(columns[c])->name()};
    const auto n = static_cast<double>(mine.size());
    importance.change = std::accumulate(mine.begin(), mine.end(), 0.0) / n;
    for (const double change : mine)
      importance.deviation += (change - importance.change) * (change - importance.change);
    importance.deviation = n > 1 ? std::sqrt(importance.deviation / (n - 1)) : 0;
    importances.columns.push_back(std::move(importance));
  }
  std::stable_sort(importances.columns.begin(), importances.columns.end(),
                   [](const ColumnImportance& a, const ColumnImportance& b) {
                     return std::fabs(a.change) > std::fabs(b.change);
                   });
  return importances;
}

}  // namespace penstock::evaluation
