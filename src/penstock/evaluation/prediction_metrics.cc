#include "penstock/evaluation/prediction_metrics.h"

#include <algorithm>
#include <cmath>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "penstock/combine/column_numbers.h"

namespace penstock::evaluation {
namespace {

// Keras' epsilon, so that one confident mistake does not make the mean infinite.
constexpr double kProbabilityMargin = 1e-7;

Result<const double*> ReadPrepared(const Batch& batch, std::string_view name) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> column, combine::FindColumn(batch, name));
  if (column->type_id() != arrow::Type::DOUBLE || column->null_count() != 0) {
    return InvalidArgument("Column '{}' must be of doubles without nulls", name);
  }
  return static_cast<const arrow::DoubleArray&>(*column).raw_values();
}

std::vector<CompensatedSum*> SumsOf(PredictionSums& sums) {
  return {&sums.weight,        &sums.label,          &sums.prediction,
          &sums.squared_error, &sums.absolute_error, &sums.log_loss};
}

void MergeState(const PredictionState& from, PredictionState& into) {
  into.sums.num_examples += from.sums.num_examples;
  PredictionSums from_sums = from.sums;
  const std::vector<CompensatedSum*> sources = SumsOf(from_sums), targets = SumsOf(into.sums);
  for (size_t i = 0; i < targets.size(); ++i) targets[i]->Merge(*sources[i]);
  for (size_t i = 0; i < into.above.size(); ++i) {
    into.above[i].positive.Merge(from.above[i].positive);
    into.above[i].negative.Merge(from.above[i].negative);
  }
  into.scores.Merge(from.scores);
}

void EncodeState(const PredictionState& state, combine::StateWriter& writer) {
  writer.Varint(static_cast<uint64_t>(state.sums.num_examples));
  PredictionSums sums = state.sums;
  for (const CompensatedSum* sum : SumsOf(sums)) sum->Encode(writer);
  for (const ScoresAbove& above : state.above) {
    above.positive.Encode(writer);
    above.negative.Encode(writer);
  }
  state.scores.Encode(writer);
}

Status DecodeState(combine::StateReader& reader, PredictionState& state) {
  state.sums.num_examples = reader.NonNegative();
  if (state.sums.num_examples > int64_t{1} << 58) reader.Fail("a count is too large");
  for (CompensatedSum* sum : SumsOf(state.sums)) sum->Decode(reader);
  for (ScoresAbove& above : state.above) {
    above.positive.Decode(reader);
    above.negative.Decode(reader);
  }
  PENSTOCK_ASSIGN_OR_RETURN(state.scores, ScoreDistribution::Decode(reader));
  return OkStatus();
}

}  // namespace

struct PredictionMetrics::Columns {
  std::vector<const double*> predictions;  // Of each model.
  const double* labels;
  const double* weights;  // Null: all 1.
};

PredictionMetrics::PredictionMetrics(Task task, std::vector<MetricSpec> metrics,
                                     std::vector<std::string> prediction_columns, int64_t max_exact_scores)
    : task_(task),
      metrics_(std::move(metrics)),
      prediction_columns_(std::move(prediction_columns)),
      max_exact_scores_(max_exact_scores) {
  for (const MetricSpec& metric : metrics_) {
    if (metric.definition->at_threshold) thresholds_.push_back(metric.threshold);
    needs_scores_ = needs_scores_ || metric.definition->name.starts_with("auc");
  }
  std::sort(thresholds_.begin(), thresholds_.end());
  thresholds_.erase(std::unique(thresholds_.begin(), thresholds_.end()), thresholds_.end());
}

PredictionMetrics::State PredictionMetrics::NewState() const {
  return State(prediction_columns_.size(), {.sums = {},
                                            .above = std::vector<ScoresAbove>(thresholds_.size()),
                                            .scores = ScoreDistribution(max_exact_scores_)});
}

Result<PredictionMetrics::Columns> PredictionMetrics::ReadColumns(const Batch& batch) const {
  Columns columns{};
  PENSTOCK_ASSIGN_OR_RETURN(columns.labels, ReadPrepared(batch, kLabel));
  if (batch->schema()->GetFieldIndex(std::string(kWeight)) >= 0) {
    PENSTOCK_ASSIGN_OR_RETURN(columns.weights, ReadPrepared(batch, kWeight));
  }
  for (const std::string& name : prediction_columns_) {
    PENSTOCK_ASSIGN_OR_RETURN(const double* predictions, ReadPrepared(batch, name));
    columns.predictions.push_back(predictions);
  }
  return columns;
}

void PredictionMetrics::AddExample(double prediction, double label, double weight,
                                   PredictionState& state) const {
  PredictionSums& sums = state.sums;
  const double error = prediction - label;
  ++sums.num_examples;
  sums.weight.Add(weight);
  sums.label.Add(weight * label);
  sums.prediction.Add(weight * prediction);
  sums.squared_error.Add(weight * error * error);
  sums.absolute_error.Add(weight * std::fabs(error));
  if (task_ != Task::kBinaryClassification) return;
  const bool is_positive = label > 0.5;
  const double kept = std::clamp(prediction, kProbabilityMargin, 1 - kProbabilityMargin);
  sums.log_loss.Add(weight * -(is_positive ? std::log(kept) : std::log1p(-kept)));
  for (size_t i = 0; i < thresholds_.size() && prediction > thresholds_[i]; ++i) {
    (is_positive ? state.above[i].positive : state.above[i].negative).Add(weight);
  }
  if (needs_scores_) state.scores.Add(prediction, is_positive, weight);
}

Status PredictionMetrics::Add(const Batch& batch, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Columns columns, ReadColumns(batch));
  for (size_t model = 0; model < state.size(); ++model) {
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      const double weight = columns.weights == nullptr ? 1 : columns.weights[row];
      AddExample(columns.predictions[model][row], columns.labels[row], weight, state[model]);
    }
  }
  return OkStatus();
}

Status PredictionMetrics::AddRows(const Batch& batch, std::span<const int64_t> rows, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Columns columns, ReadColumns(batch));
  for (size_t model = 0; model < state.size(); ++model) {
    for (int64_t row : rows) {
      const double weight = columns.weights == nullptr ? 1 : columns.weights[row];
      AddExample(columns.predictions[model][row], columns.labels[row], weight, state[model]);
    }
  }
  return OkStatus();
}

Status PredictionMetrics::Merge(const State& from, State& into) const {
  for (size_t model = 0; model < into.size(); ++model) MergeState(from[model], into[model]);
  return OkStatus();
}

BoundedValue PredictionMetrics::Measure(const MetricSpec& metric, const PredictionState& state) const {
  MetricSums of{.sums = state.sums,
                .true_positives = 0,
                .false_positives = 0,
                .true_negatives = 0,
                .false_negatives = 0,
                .scores = &state.scores};
  if (metric.definition->at_threshold) {
    const auto at =
        std::lower_bound(thresholds_.begin(), thresholds_.end(), metric.threshold) - thresholds_.begin();
    const ScoresAbove& above = state.above[static_cast<size_t>(at)];
    // Labels are 0 or 1, so their sum is the weight of the positives. Differences may round below 0.
    const double positives = state.sums.label.value();
    const double negatives = state.sums.weight.value() - positives;
    of.true_positives = above.positive.value();
    of.false_positives = above.negative.value();
    of.false_negatives = std::max(0.0, positives - of.true_positives);
    of.true_negatives = std::max(0.0, negatives - of.false_positives);
  }
  return metric.definition->compute(of);
}

Result<PredictionMetrics::Output> PredictionMetrics::Finish(const State& state) const {
  Output output{.num_examples = state[0].sums.num_examples,
                .weighted_num_examples = state[0].sums.weight.value(),
                .values = {}};
  for (const PredictionState& model : state) {
    std::vector<BoundedValue>& values = output.values.emplace_back();
    for (const MetricSpec& metric : metrics_) values.push_back(Measure(metric, model));
  }
  return output;
}

combine::Bytes PredictionMetrics::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(1);
  for (const PredictionState& model : state) EncodeState(model, writer);
  return std::move(writer).Take();
}

Result<PredictionMetrics::State> PredictionMetrics::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "prediction metrics");
  reader.Version(1);
  State state = NewState();
  for (PredictionState& model : state) PENSTOCK_RETURN_IF_ERROR(DecodeState(reader, model));
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest PredictionMetrics::Fingerprint() const {
  DigestBuilder digest;
  digest.Add("prediction-metrics/1").Add(model::TaskName(task_)).Add(max_exact_scores_);
  for (const MetricSpec& metric : metrics_) digest.Add(std::string_view(metric.name));
  digest.Add("of");
  for (const std::string& column : prediction_columns_) digest.Add(std::string_view(column));
  return digest.Finish();
}

}  // namespace penstock::evaluation
