#pragma once

// For tests only: evaluations of batches from literals.

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/evaluation/evaluation_run.h"

namespace penstock::evaluation {

/// The batch with one more column, of lists of numbers.
inline data::Batch WithLists(const data::Batch& batch, const std::string& name,
                             const std::vector<std::vector<double>>& rows) {
  const auto inner = std::make_shared<arrow::DoubleBuilder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), inner);
  for (const auto& row : rows)
    if (!builder.Append().ok() || !inner->AppendValues(row).ok()) std::abort();
  const auto array = *builder.Finish();
  if (batch == nullptr)
    return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, array->type())}), array->length(),
                                    {array});
  return *batch->AddColumn(batch->num_columns(), name, array);
}

inline Result<Evaluation> EvaluateBatches(const std::string& config, std::vector<data::Batch> batches,
                                          EvaluationRequest request = {}, int num_threads = 1) {
  PENSTOCK_ASSIGN_OR_RETURN(request.config, ParseEvalConfig(config, "test.yaml"));
  auto schema = batches.front()->schema();
  const auto dataset = data::MakeInMemoryDataset(std::move(schema), std::move(batches));
  return RunEvaluation(request, *dataset, {.num_threads = num_threads});
}

/// The value of `metric` overall; the first of this name.
inline MetricValue ValueOf(const Evaluation& evaluation, const std::string& metric, SubKey sub_key = {}) {
  for (const auto& [key, value] : evaluation.slices.at(0).metrics)
    if (key.name == metric && key.sub_key == sub_key && !key.is_diff) return value;
  ADD_FAILURE() << "no metric " << metric;
  return std::nan("");
}
inline double NumberOf(const Evaluation& evaluation, const std::string& metric, SubKey sub_key = {}) {
  const MetricValue value = ValueOf(evaluation, metric, sub_key);
  const double* number = std::get_if<double>(&value);
  return number != nullptr ? *number : std::nan("");
}

/// A config of one metric in the long form; `arguments` is JSON without braces, `model` is YAML.
inline std::string ConfigOf(const std::string& metric, const std::string& arguments,
                            const std::string& model) {
  std::string escaped;
  for (const char c : arguments) escaped += c == '"' ? "\\\"" : std::string(1, c);
  return fmt::format(
      "model_specs: [{{{}}}]\nmetrics_specs: [{{metrics: [{{class_name: {}, config: \"{}\"}}]}}]\n", model,
      metric, escaped);
}

}  // namespace penstock::evaluation
