#include "penstock/evaluation/evaluation_run.h"

#include <algorithm>
#include <memory>

#include <arrow/type.h>

#include "penstock/base/near_miss.h"
#include "penstock/evaluation/analysis/example_sample.h"
#include "penstock/evaluation/predicted_dataset.h"

namespace penstock::evaluation {
namespace {

// Examples that say what is usual, for attributions.
constexpr int64_t kNumBackground = 10'000;

Resampling ResamplingOf(const tfma::EvalConfig& config, uint64_t seed) {
  Resampling resampling;
  if (!config.options().compute_confidence_intervals().value()) return resampling;
  resampling.seed = seed;
  resampling.num_lanes = Interval::kDegreesOfFreedom + 1;
  resampling.method =
      config.options().confidence_intervals().method() == tfma::ConfidenceIntervalOptions::JACKKNIFE
          ? Resampling::Method::kJackknife
          : Resampling::Method::kPoissonBootstrap;
  return resampling;
}

// Whether some model spec leaves the label to the model.
bool ReadsModelLabel(const tfma::EvalConfig& config) {
  return std::any_of(
      config.model_specs().begin(), config.model_specs().end(),
      [](const tfma::ModelSpec& spec) { return spec.label_key().empty() && spec.label_keys().empty(); });
}

Result<TargetColumns> ColumnsOf(const EvaluationRequest& request, const tfma::ModelSpec& spec,
                                const std::string& output) {
  PENSTOCK_ASSIGN_OR_RETURN(TargetColumns columns, TargetOfSpec(spec, output));
  if (request.model != nullptr) {
    if (request.models.count(spec.name()) > 0) {
      columns.prediction = PredictionOf(spec.name());
    } else if (columns.prediction.empty() || spec.is_baseline()) {
      columns.prediction =
          spec.is_baseline() && request.baseline != nullptr ? kBaselinePrediction : kModelPrediction;
    }
    if (columns.label.empty()) columns.label = kModelLabel;
  }
  const char* const name = spec.name().empty() ? "the model" : spec.name().c_str();
  if (columns.prediction.empty())
    return InvalidArgument("model_specs give no prediction_key of {}; give one, --predictions, or --model",
                           name);
  if (columns.label.empty()) return InvalidArgument("model_specs give no label_key of {}", name);
  return columns;
}

Status CheckColumns(const EvaluationPlan& plan, const arrow::Schema& schema) {
  const std::vector<std::string> names = schema.field_names();
  ExampleRows known;
  for (const std::string& name : names) known.columns[name] = nullptr;
  for (const std::string& column : plan.columns)
    if (known.columns.count(column) == 0) return known.Find(column).status();
  return OkStatus();
}

// The config with a spec for each model that was given by name.
Result<tfma::EvalConfig> WithModels(const EvaluationRequest& request) {
  tfma::EvalConfig config = request.config;
  if (request.models.empty()) return config;
  // A nameless spec says where labels and weights are, for all of them.
  tfma::ModelSpec common;
  if (config.model_specs_size() == 1 && config.model_specs(0).name().empty()) {
    common = config.model_specs(0);
    config.clear_model_specs();
  }
  std::vector<std::string> names;
  for (const tfma::ModelSpec& spec : config.model_specs()) names.push_back(spec.name());
  for (const auto& [name, model] : request.models) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (!names.empty())
      return InvalidArgument("model_specs name no model '{}'{}", name, DidYouMean(name, names));
    tfma::ModelSpec& spec = *config.add_model_specs();
    spec = common;
    spec.set_name(name);
  }
  return config;
}

// The columns of the data, and those of attributions that the model can give.
std::vector<std::string> ColumnsToAttribute(const EvaluationRequest& request, const data::Dataset& examples) {
  std::vector<std::string> columns = examples.schema()->field_names();
  if (request.model == nullptr) return columns;
  for (const std::string& feature : ForestAttributions::FeaturesOf(*request.model))
    columns.push_back(std::string(kAttributionPrefix) + feature);
  return columns;
}

// Lets the model's predictions have attributions, where the plan reads any that the data do not have.
Status AddAttributions(const EvaluationPlan& plan, const EvaluationRequest& request,
                       const data::Dataset& examples, const ExecutionOptions& execution,
                       PredictedDataset& predicted) {
  const bool is_wanted =
      std::any_of(plan.columns.begin(), plan.columns.end(), [&](const std::string& column) {
        return column.starts_with(kAttributionPrefix) && examples.schema()->GetFieldIndex(column) < 0;
      });
  if (!is_wanted) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch background,
                            SampleExamples(examples, kNumBackground, request.seed, execution));
  PENSTOCK_ASSIGN_OR_RETURN(auto attributions, ForestAttributions::Make(*request.model, background));
  predicted.AddAttributions(std::move(attributions));
  return OkStatus();
}

void AddNotes(const SliceStates& states, Evaluation& evaluation) {
  if (evaluation.num_examples_left_out > 0) {
    evaluation.notes.push_back(fmt::format("{} examples have no label or no prediction and were left out",
                                           evaluation.num_examples_left_out));
  }
  if (states.num_rows_without_query > 0)
    evaluation.notes.push_back(
        fmt::format("{} examples have no query and were left out", states.num_rows_without_query));
}

}  // namespace

Result<Evaluation> RunEvaluation(const EvaluationRequest& request, const data::Dataset& examples,
                                 const ExecutionOptions& execution) {
  PENSTOCK_ASSIGN_OR_RETURN(const tfma::EvalConfig given, WithModels(request));
  PENSTOCK_ASSIGN_OR_RETURN(const tfma::EvalConfig config,
                            CompleteEvalConfig(given, request.baseline != nullptr, request.is_first_run));
  const TargetOf target_of = [&](const tfma::ModelSpec& spec, const std::string& output) {
    return ColumnsOf(request, spec, output);
  };
  PENSTOCK_ASSIGN_OR_RETURN(EvaluationPlan plan, PlanEvaluation(config, target_of, request.compatibility,
                                                                ColumnsToAttribute(request, examples)));
  const data::Dataset* dataset = &examples;
  std::unique_ptr<PredictedDataset> predicted;
  if (request.model != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(predicted, PredictedDataset::Make(examples, *request.model, request.baseline,
                                                                ReadsModelLabel(config)));
    for (const auto& [name, model] : request.models)
      PENSTOCK_RETURN_IF_ERROR(predicted->AddModel(name, *model));
    PENSTOCK_RETURN_IF_ERROR(AddAttributions(plan, request, examples, execution, *predicted));
    dataset = predicted.get();
  }
  PENSTOCK_RETURN_IF_ERROR(CheckColumns(plan, *dataset->schema()));
  PENSTOCK_ASSIGN_OR_RETURN(
      const std::vector<Slicing> slicings,
      SlicingsOf(config, dataset->schema()->field_names(), request.compatibility == Compatibility::kTfma));
  AccumulationOptions options;
  options.resampling = ResamplingOf(config, request.seed);
  options.max_slices = request.max_slices;
  PENSTOCK_ASSIGN_OR_RETURN(SliceStates states,
                            AccumulateSlices(plan, slicings, *dataset, options, execution));
  const int64_t num_without_label = predicted == nullptr ? 0 : predicted->num_without_label();
  if (states.num_rows == 0) {
    return InvalidArgument("There are no examples to evaluate{}",
                           num_without_label == 0
                               ? std::string("; check how the examples are split")
                               : fmt::format(": none of the {} has a label", num_without_label));
  }
  Evaluation evaluation;
  evaluation.config = config;
  evaluation.num_examples = states.num_rows;
  evaluation.num_examples_left_out = states.num_rows_left_out + num_without_label;
  evaluation.directions = plan.directions;
  AddNotes(states, evaluation);
  PENSTOCK_ASSIGN_OR_RETURN(evaluation.slices,
                            FinishSlices(plan, std::move(states), options.resampling, execution));
  const auto& disabled = config.options().disabled_outputs().values();
  if (request.compatibility == Compatibility::kDocumentation &&
      std::find(disabled.begin(), disabled.end(), "plots") != disabled.end())
    for (SliceResult& slice : evaluation.slices) slice.plots.clear();
  evaluation.has_thresholds = !plan.thresholds.empty();
  if (evaluation.has_thresholds) {
    PENSTOCK_ASSIGN_OR_RETURN(Validation validation, ValidateSlices(plan, evaluation.slices));
    evaluation.validation = std::move(validation.result);
    evaluation.checks = std::move(validation.checks);
  }
  return evaluation;
}

Result<WorstSlices> SearchWorstSlices(const EvaluationRequest& request, WorstSliceOptions options,
                                      const data::Dataset& examples, const ExecutionOptions& execution) {
  PENSTOCK_ASSIGN_OR_RETURN(const tfma::EvalConfig config,
                            CompleteEvalConfig(request.config, request.baseline != nullptr, true));
  for (const tfma::ModelSpec& spec : config.model_specs()) {
    if (spec.is_baseline()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(options.target, ColumnsOf(request, spec, ""));
    if (request.model == nullptr) return FindWorstSlices(examples, options, execution);
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto predicted,
        PredictedDataset::Make(examples, *request.model, request.baseline, ReadsModelLabel(config)));
    if (options.columns.empty())
      for (const auto& field : request.model->signature().inputs->fields())
        options.columns.push_back(field->name());
    return FindWorstSlices(*predicted, options, execution);
  }
  return InvalidArgument("model_specs have a baseline only");
}

}  // namespace penstock::evaluation
