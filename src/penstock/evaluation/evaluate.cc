#include "penstock/evaluation/evaluate.h"

#include <algorithm>
#include <set>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/util/utf8.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/near_miss.h"
#include "penstock/combine/column_numbers.h"
#include "penstock/combine/fold.h"
#include "penstock/combine/keyed_fold.h"
#include "penstock/evaluation/prediction_dataset.h"
#include "penstock/evaluation/prediction_metrics.h"
#include "penstock/evaluation/threshold_checks.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::evaluation {
namespace {

using Slices = combine::KeyedFold<PredictionMetrics>::Output;

// The metrics to measure: those configured or the default ones, and those that thresholds ask for.
Result<std::vector<MetricSpec>> MetricsFor(const EvaluationConfig& config, Task task) {
  std::vector<MetricSpec> metrics = config.metrics.empty() ? DefaultMetrics(task) : config.metrics;
  for (const SliceThresholds& slice : config.thresholds) {
    for (const MetricThresholds& thresholds : slice.thresholds) {
      if (std::find(metrics.begin(), metrics.end(), thresholds.metric) == metrics.end())
        metrics.push_back(thresholds.metric);
    }
  }
  for (const MetricSpec& metric : metrics) {
    if (metric.definition->binary_only && task != Task::kBinaryClassification) {
      return InvalidArgument("Metric '{}' is for binary classification; the model's task is {}", metric.name,
                             model::TaskName(task));
    }
  }
  return metrics;
}

// All examples first; then the configured slicings and those of thresholds, each set of columns once.
std::vector<std::vector<std::string>> SlicingsFor(const EvaluationConfig& config) {
  std::vector<std::vector<std::string>> slicings{{}};
  std::set<std::set<std::string>> known{{}};
  const auto add = [&](std::vector<std::string> columns) {
    if (known.emplace(columns.begin(), columns.end()).second) slicings.push_back(std::move(columns));
  };
  for (const std::vector<std::string>& columns : config.slices) add(columns);
  for (const SliceThresholds& slice : config.thresholds) {
    std::vector<std::string> columns;
    for (const auto& [name, value] : slice.features) columns.push_back(name);
    add(std::move(columns));
  }
  return slicings;
}

std::vector<std::string> ColumnsOf(const std::vector<std::vector<std::string>>& slicings) {
  std::set<std::string> columns;
  for (const std::vector<std::string>& slicing : slicings) columns.insert(slicing.begin(), slicing.end());
  return {columns.begin(), columns.end()};
}

// Proto strings must be UTF-8; bytes that are not are written out.
std::string ReadableText(const std::string& text) {
  arrow::util::InitializeUTF8();
  if (arrow::util::ValidateUTF8(text)) return text;
  std::string readable;
  for (char byte : text) {
    if (static_cast<unsigned char>(byte) < 0x80) {
      readable.push_back(byte);
    } else {
      readable += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
  }
  return readable;
}

void AppendSlice(const combine::SliceKey& key, const PredictionMetrics::Output& measured,
                 const std::vector<MetricSpec>& metrics, EvaluationResult& result) {
  SliceMetrics& slice = *result.add_slices();
  for (const auto& [name, value] : key.features) {
    v1::SliceFeature& feature = *slice.add_features();
    feature.set_name(ReadableText(name));
    feature.set_value(ReadableText(value));
  }
  slice.set_num_examples(measured.num_examples);
  slice.set_weighted_num_examples(measured.weighted_num_examples);
  for (size_t i = 0; i < metrics.size(); ++i) {
    MetricValue& metric = *slice.add_metrics();
    metric.set_name(metrics[i].name);
    metric.set_value(measured.values[0][i].value);
    metric.set_error_bound(measured.values[0][i].error_bound);
    if (measured.values.size() > 1) metric.set_baseline(measured.values[1][i].value);
  }
}

Result<EvaluationResult> Measure(const data::Dataset& raw, Task task, PredictBatch predict, bool has_baseline,
                                 const EvaluationConfig& config, const ExecutionOptions& execution) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<MetricSpec> metrics, MetricsFor(config, task));
  const std::vector<std::vector<std::string>> slicings = SlicingsFor(config);
  PENSTOCK_ASSIGN_OR_RETURN(const std::unique_ptr<PredictionDataset> dataset,
                            PredictionDataset::Make(raw, task, std::move(predict), ColumnsOf(slicings),
                                                    config.example_weight, has_baseline));
  std::vector<std::string> columns{std::string(kPrediction)};
  if (has_baseline) columns.emplace_back(kBaselinePrediction);
  // One more slice than configured, for all examples.
  const combine::KeyedFold<PredictionMetrics> fold(PredictionMetrics(task, metrics, columns), slicings,
                                                   config.max_slices + 1);
  PENSTOCK_ASSIGN_OR_RETURN(const Slices slices, combine::Compute(fold, *dataset, execution));

  EvaluationResult result;
  result.set_format_version(1);
  result.set_task(std::string(model::TaskName(task)));
  result.set_split(config.split);
  result.set_num_examples_without_label(dataset->num_without_label());
  result.set_min_slice_size(config.min_slice_size);
  result.set_has_baseline(has_baseline);
  if (slices.empty() || slices.front().second.num_examples == 0) {
    return InvalidArgument(
        "The split '{}' has no examples to evaluate{}", config.split,
        result.num_examples_without_label() == 0
            ? std::string("; check how the examples are split")
            : fmt::format(": none of its {} has a label", result.num_examples_without_label()));
  }
  result.set_num_examples(slices.front().second.num_examples);
  for (const auto& [key, measured] : slices) {
    if (!key.IsOverall() && measured.num_examples < config.min_slice_size) {
      result.set_num_small_slices(result.num_small_slices() + 1);
    } else {
      AppendSlice(key, measured, metrics, result);
    }
  }
  AppendThresholdChecks(config, result);
  return result;
}

// A raw column as doubles, nulls kept.
Result<std::shared_ptr<arrow::DoubleArray>> ReadNullable(const data::Batch& batch, const std::string& name) {
  PENSTOCK_ASSIGN_OR_RETURN(const combine::ColumnNumbers numbers, combine::ColumnNumbers::Read(batch, name));
  arrow::DoubleBuilder builder;
  PENSTOCK_RETURN_IF_ARROW_ERROR(builder.Reserve(batch->num_rows()));
  int64_t next_row = 0;
  for (size_t i = 0; i < numbers.values().size(); ++i) {
    const int64_t row = numbers.RowOf(i);
    if (row < next_row)
      return InvalidArgument("Column '{}' has several values in row {}; each example needs one", name,
                             row + 1);
    for (; next_row < row; ++next_row) builder.UnsafeAppendNull();
    builder.UnsafeAppend(numbers.values()[i]);
    ++next_row;
  }
  for (; next_row < batch->num_rows(); ++next_row) builder.UnsafeAppendNull();
  std::shared_ptr<arrow::DoubleArray> array;
  PENSTOCK_RETURN_IF_ARROW_ERROR(builder.Finish(&array));
  return array;
}

Result<std::shared_ptr<arrow::DoubleArray>> Predict(const model::Model& model,
                                                    const data::Batch& raw_examples) {
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch predicted, model.Predict(raw_examples));
  return ReadNullable(predicted, model.signature().prediction_column);
}

Status CheckSchema(const data::Dataset& dataset, const std::string& column, std::string_view what) {
  if (dataset.schema()->GetFieldByName(column) != nullptr) return OkStatus();
  return NotFound("The {} column '{}' is not in the predictions{}", what, column,
                  DidYouMean(column, dataset.schema()->field_names()));
}

}  // namespace

Result<EvaluationResult> EvaluatePredictions(const data::Dataset& predictions,
                                             const PredictionColumns& columns, const EvaluationConfig& config,
                                             const ExecutionOptions& execution) {
  const bool has_baseline = !columns.baseline_prediction.empty();
  PENSTOCK_RETURN_IF_ERROR(CheckSchema(predictions, columns.prediction, "prediction"));
  PENSTOCK_RETURN_IF_ERROR(CheckSchema(predictions, columns.label, "label"));
  if (has_baseline)
    PENSTOCK_RETURN_IF_ERROR(CheckSchema(predictions, columns.baseline_prediction, "baseline prediction"));
  const auto read = [&](const data::Batch& batch) -> Result<RawPredictions> {
    RawPredictions raw;
    PENSTOCK_ASSIGN_OR_RETURN(raw.predictions, ReadNullable(batch, columns.prediction));
    PENSTOCK_ASSIGN_OR_RETURN(raw.labels, ReadNullable(batch, columns.label));
    if (has_baseline) {
      PENSTOCK_ASSIGN_OR_RETURN(raw.baseline_predictions, ReadNullable(batch, columns.baseline_prediction));
    }
    return raw;
  };
  return Measure(predictions, columns.task, read, has_baseline, config, execution);
}

Result<EvaluationResult> Evaluate(const model::Model& model, const model::Model* baseline,
                                  const data::Dataset& raw_examples, const EvaluationConfig& config,
                                  const ExecutionOptions& execution) {
  const Task task = model.signature().task;
  if (!model.transform().has_label()) {
    return FailedPrecondition("The model cannot be evaluated: its transform defines no label");
  }
  if (baseline != nullptr && baseline->signature().task != task) {
    return InvalidArgument("The model does {}, but the baseline does {}; compare models of one task",
                           model::TaskName(task), model::TaskName(baseline->signature().task));
  }
  const auto predict = [&](const data::Batch& batch) -> Result<RawPredictions> {
    RawPredictions raw;
    PENSTOCK_ASSIGN_OR_RETURN(raw.labels, model.transform().Label(batch));
    PENSTOCK_ASSIGN_OR_RETURN(raw.predictions, Predict(model, batch));
    if (baseline == nullptr) return raw;
    Result<std::shared_ptr<arrow::DoubleArray>> predicted = Predict(*baseline, batch);
    if (!predicted.ok())
      return Annotate(predicted.status(), "The baseline model cannot predict these examples");
    raw.baseline_predictions = *std::move(predicted);
    return raw;
  };
  return Measure(raw_examples, task, predict, baseline != nullptr, config, execution);
}

}  // namespace penstock::evaluation
