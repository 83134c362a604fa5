#include <nlohmann/json.hpp>

#include "penstock/apps/command.h"
#include "penstock/apps/csv_flags.h"
#include "penstock/apps/shard_progress.h"
#include "penstock/data/dataset.h"
#include "penstock/evaluation/evaluation_output.h"
#include "penstock/evaluation/evaluation_run.h"
#include "penstock/evaluation/result_json.h"
#include "penstock/evaluation/result_text.h"
#include "penstock/evaluation/validation.h"
#include "penstock/evaluation/worst_slices.h"
#include "penstock/model/model.h"
#include "penstock/model/model_versions.h"

namespace penstock::apps {
namespace {

struct Options {
  std::vector<std::string> data, models;
  std::string predictions, config, baseline, output, compatibility;
  CsvFlags csv;
  bool as_json = false, is_first_run = false;
  int64_t max_slices = 100'000;
  uint64_t seed = 0;
  int64_t num_worst_slices = 0;
  std::vector<std::string> worst_columns;
  int num_threads = 0;
};

Result<std::shared_ptr<const model::Model>> ReadModel(const std::string& path) {
  if (path.empty()) return std::shared_ptr<const model::Model>();
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(path));
  return model::LoadModel(folder);
}

/// Models by name; one without a name is called "".
using Models = std::map<std::string, std::shared_ptr<const model::Model>>;

/// Of `--model DIR`, or of several `--model NAME=DIR`.
Result<Models> ReadModels(const std::vector<std::string>& given) {
  Models models;
  for (const std::string& each : given) {
    const size_t sign = each.find('=');
    const bool has_name = sign != std::string::npos && sign > 0 && each.find('/') > sign;
    const std::string name = has_name ? each.substr(0, sign) : "";
    PENSTOCK_ASSIGN_OR_RETURN(auto model, ReadModel(has_name ? each.substr(sign + 1) : each));
    if (!models.emplace(name, std::move(model)).second)
      return InvalidArgument("Two models are called '{}'; give each a name: --model NAME=DIR", name);
  }
  if (models.size() > 1 && models.count("") > 0)
    return InvalidArgument("Of several models each needs a name: --model NAME=DIR");
  return models;
}

Result<evaluation::EvaluationRequest> MakeRequest(const Options& options) {
  evaluation::EvaluationRequest request;
  PENSTOCK_ASSIGN_OR_RETURN(request.config, evaluation::ReadEvalConfig(options.config));
  request.compatibility = options.compatibility == "tfma" ? evaluation::Compatibility::kTfma
                                                          : evaluation::Compatibility::kDocumentation;
  request.is_first_run = options.is_first_run;
  request.max_slices = options.max_slices;
  request.seed = options.seed;
  if (!options.predictions.empty()) {
    if (request.config.model_specs().empty()) request.config.add_model_specs();
    for (auto& spec : *request.config.mutable_model_specs())
      if (!spec.is_baseline()) spec.set_prediction_key(options.predictions);
  }
  return request;
}

nlohmann::json WorstSlicesJson(const evaluation::WorstSlices& worst) {
  nlohmann::json found = nlohmann::json::array();
  for (const auto& slice : worst.found) {
    nlohmann::json features = nlohmann::json::object();
    for (const auto& feature : slice.slice) features[feature.name] = feature.value;
    found.push_back({{"slice", features},
                     {"examples", slice.num_examples},
                     {"loss", slice.loss},
                     {"loss_elsewhere", slice.other_loss},
                     {"p_value", slice.p_value}});
  }
  return {{"loss", worst.loss_name}, {"found", found}, {"slices_looked_at", worst.num_candidates}};
}

/// The search for slices that nobody asked about; of the first model spec.
Result<evaluation::WorstSlices> SearchWorst(const Options& options,
                                            const evaluation::EvaluationRequest& request,
                                            const data::Dataset& dataset, const ExecutionOptions& compute) {
  evaluation::WorstSliceOptions search;
  search.max_found = options.num_worst_slices;
  search.columns = options.worst_columns;
  return evaluation::SearchWorstSlices(request, search, dataset, compute);
}

/// What was measured, and what was asked for besides.
struct Answer {
  evaluation::Evaluation evaluation;
  std::optional<evaluation::WorstSlices> worst;
};

Result<Answer> Measure(const Options& options, const evaluation::EvaluationRequest& request,
                       const data::Dataset& dataset, const ExecutionOptions& compute) {
  Answer answer;
  PENSTOCK_ASSIGN_OR_RETURN(answer.evaluation, evaluation::RunEvaluation(request, dataset, compute));
  if (options.num_worst_slices > 0) {
    PENSTOCK_ASSIGN_OR_RETURN(answer.worst, SearchWorst(options, request, dataset, compute));
  }
  return answer;
}

void Print(const Answer& answer, const Options& options) {
  const evaluation::Evaluation& evaluation = answer.evaluation;
  if (options.as_json) {
    fmt::print("{{\"metrics\":");
    evaluation::PrintResults(evaluation.slices, stdout);
    nlohmann::json verdict;
    if (evaluation.has_thresholds) {
      verdict = evaluation::ValidationToJson(evaluation.validation);
      fmt::print(",\"checks\":{}", evaluation::JsonText(evaluation::ChecksToJson(evaluation.checks)));
    }
    fmt::print(",\"validation\":{}", evaluation::JsonText(verdict));
    if (answer.worst)
      fmt::print(",\"worst_slices\":{}", evaluation::JsonText(WorstSlicesJson(*answer.worst)));
    fmt::print("}}\n");
    return;
  }
  fmt::print("{}", evaluation::FormatResults(evaluation.slices, evaluation.directions, {}));
  if (answer.worst) fmt::print("\n{}", evaluation::FormatWorstSlices(*answer.worst));
  if (evaluation.has_thresholds && evaluation.IsBlessed()) fmt::print("Every threshold is met.\n");
}

Result<int> Evaluate(const Application& application, const Options& options) {
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  PENSTOCK_ASSIGN_OR_RETURN(evaluation::EvaluationRequest request, MakeRequest(options));
  PENSTOCK_ASSIGN_OR_RETURN(const Models models, ReadModels(options.models));
  PENSTOCK_ASSIGN_OR_RETURN(const auto baseline, ReadModel(options.baseline));
  if (baseline != nullptr && models.size() > 1)
    return InvalidArgument("--baseline compares with one model; name the baseline among model_specs instead");
  if (baseline != nullptr && models.empty())
    return InvalidArgument(
        "--baseline compares with the model of --model; give both, or prediction_keys for both");
  if (!models.empty()) request.model = models.begin()->second.get();
  for (const auto& [name, model] : models)
    if (!name.empty()) request.models[name] = model.get();
  request.baseline = baseline.get();
  data::DatasetOptions reading;
  PENSTOCK_ASSIGN_OR_RETURN(reading.csv, options.csv.Options());
  PENSTOCK_ASSIGN_OR_RETURN(auto opened, data::OpenDataset(options.data, reading, compute));
  const auto dataset = std::make_unique<ShardProgress>(std::move(opened), "evaluate", application.clock);
  PENSTOCK_ASSIGN_OR_RETURN(const Answer answer, Measure(options, request, *dataset, compute));
  const evaluation::Evaluation& evaluation = answer.evaluation;
  if (!options.output.empty())
    PENSTOCK_RETURN_IF_ERROR(evaluation::WriteEvaluationFiles(evaluation, options.output));
  Print(answer, options);
  for (const std::string& note : evaluation.notes) fmt::print(stderr, "Note: {}\n", note);
  if (evaluation.IsBlessed()) return kExitSucceeded;
  for (const std::string& reason : evaluation::ExplainValidation(evaluation.validation))
    fmt::print(stderr, "refused: {}\n", reason);
  return kExitRefused;
}

}  // namespace

void AddEvaluateCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand(
      "evaluate", "Measure predictions overall and by slice; hold thresholds against them");
  command->footer(
      "Example: penstock evaluate --data predictions.jsonl --predictions score --config eval.yaml -o "
      "evaluation\n"
      "Exit code 3 where a threshold is not met.");
  auto options = std::make_shared<Options>();
  command->add_option("--data", options->data, "Examples: files, folders or globs of any format")->required();
  auto* model = command->add_option("--model", options->models,
                                    "Model folder, or a folder of versions; several side by side: --model "
                                    "NAME=DIR, the names of model_specs");
  command->add_option("--predictions", options->predictions, "Column with predictions made already")
      ->excludes(model);
  command->add_option("--config", options->config, "EvalConfig: .pbtxt, .json or .yaml, or the short form")
      ->required();
  command->add_option("--baseline", options->baseline, "Model folder to compare with");
  command->add_option("-o,--output", options->output,
                      "Folder for metrics, plots, validation (TFMA's files and Parquet)");
  command
      ->add_option("--compat", options->compatibility,
                   "tfma: TFMA's numbers also where it contradicts its own documentation")
      ->check(CLI::IsMember({"tfma"}));
  command->add_flag("--first-run", options->is_first_run,
                    "There is no baseline yet: leave thresholds on changes out");
  command->add_option("--max-slices", options->max_slices, "More are an error")
      ->check(CLI::Range(1, 10'000'000));
  command
      ->add_option("--worst-slices", options->num_worst_slices,
                   "Search so many slices and pairs of slices on which the model is worst")
      ->check(CLI::Range(1, 1000));
  command->add_option("--worst-columns", options->worst_columns, "Search in these columns only")
      ->delimiter(',');
  command->add_option("--seed", options->seed, "Of the resamples behind confidence intervals");
  options->csv.AddOptions(command);
  command->add_flag("--json", options->as_json, "Metrics and validation as JSON");
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Evaluate(application, *options); };
  });
}

}  // namespace penstock::apps
