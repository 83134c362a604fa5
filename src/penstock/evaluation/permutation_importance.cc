#include "penstock/evaluation/permutation_importance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/near_miss.h"

namespace penstock::evaluation {
namespace {

Result<data::Batch> ReadFirst(const data::Dataset& examples, int64_t max_examples) {
  std::vector<data::Batch> batches;
  int64_t num_rows = 0;
  const auto reader = data::ReadSequentially(examples);
  while (num_rows < max_examples) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch.has_value()) break;
    batches.push_back((*batch)->Slice(0, max_examples - num_rows));
    num_rows += batches.back()->num_rows();
  }
  if (num_rows == 0) return InvalidArgument("There are no examples to evaluate");
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto table, arrow::Table::FromRecordBatches(batches));
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto batch, table->CombineChunksToBatch());
  return batch;
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

Result<data::Batch> Permute(const data::Batch& batch, int column, uint64_t seed) {
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
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto permuted,
                                  batch->SetColumn(column, batch->schema()->field(column), taken));
  return permuted;
}

}  // namespace

Result<std::vector<ColumnImportance>> PermutationImportance(const EvaluationRequest& given,
                                                            const ImportanceOptions& options,
                                                            const data::Dataset& examples,
                                                            const ExecutionOptions& execution) {
  if (given.model == nullptr) return InvalidArgument("Permutation importance asks a model: give --model");
  EvaluationRequest request = given;
  request.baseline = nullptr;
  request.is_first_run = true;
  // Only all examples, no intervals and no verdict: what is asked many times over.
  request.config.clear_slicing_specs();
  request.config.clear_cross_slicing_specs();
  request.config.mutable_options()->clear_compute_confidence_intervals();
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch batch, ReadFirst(examples, options.max_examples));
  PENSTOCK_ASSIGN_OR_RETURN(const double real, Measure(request, options.metric, batch, execution));
  std::vector<ColumnImportance> importances;
  for (const auto& field : given.model->signature().inputs->fields()) {
    const int column = batch->schema()->GetFieldIndex(field->name());
    if (column < 0) continue;
    std::vector<double> changes;
    for (int repeat = 0; repeat < options.num_repeats; ++repeat) {
      PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
      const uint64_t seed =
          options.seed * 1'000'003 + static_cast<uint64_t>(column) * 101 + static_cast<uint64_t>(repeat);
      PENSTOCK_ASSIGN_OR_RETURN(const data::Batch permuted, Permute(batch, column, seed));
      PENSTOCK_ASSIGN_OR_RETURN(const double value, Measure(request, options.metric, permuted, execution));
      changes.push_back(value - real);
    }
    ColumnImportance& importance = importances.emplace_back();
    importance.column = field->name();
    const auto n = static_cast<double>(changes.size());
    importance.change = std::accumulate(changes.begin(), changes.end(), 0.0) / n;
    for (const double change : changes)
      importance.deviation += (change - importance.change) * (change - importance.change);
    importance.deviation = n > 1 ? std::sqrt(importance.deviation / (n - 1)) : 0;
  }
  std::stable_sort(importances.begin(), importances.end(),
                   [](const ColumnImportance& a, const ColumnImportance& b) {
                     return std::fabs(a.change) > std::fabs(b.change);
                   });
  return importances;
}

}  // namespace penstock::evaluation
