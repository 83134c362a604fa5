#include "penstock/apps/explain_command.h"

#include <nlohmann/json.hpp>

#include "penstock/apps/csv_flags.h"
#include "penstock/apps/shard_progress.h"
#include "penstock/base/filesystem.h"
#include "penstock/evaluation/analysis/model_analysis.h"
#include "penstock/evaluation/result_json.h"
#include "penstock/model/model_versions.h"

namespace penstock::apps {
namespace {

struct Options {
  std::vector<std::string> data, background;
  std::string model, config, output;
  CsvFlags csv;
  evaluation::AnalysisOptions analysis;
  bool as_json = false;
  int num_threads = 0;
};

Result<evaluation::EvaluationRequest> MakeRequest(const Options& options) {
  evaluation::EvaluationRequest request;
  if (options.analysis.metric.empty()) return request;
  if (options.config.empty())
    return InvalidArgument("--importance {} needs --config: the metrics and where the label is",
                           options.analysis.metric);
  PENSTOCK_ASSIGN_OR_RETURN(request.config, evaluation::ReadEvalConfig(options.config));
  return request;
}

Result<int> Explain(const Application& application, const Options& options) {
  const auto& asked = options.analysis;
  if (asked.metric.empty() && asked.columns.empty() && !asked.has_contributions && options.background.empty())
    return InvalidArgument("Say what to explain: --importance METRIC, --dependence COLUMNS, --contributions");
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  PENSTOCK_ASSIGN_OR_RETURN(evaluation::EvaluationRequest request, MakeRequest(options));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(options.model));
  PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(folder));
  request.model = model.get();
  data::DatasetOptions reading;
  PENSTOCK_ASSIGN_OR_RETURN(reading.csv, options.csv.Options());
  PENSTOCK_ASSIGN_OR_RETURN(auto opened, data::OpenDataset(options.data, reading, compute));
  const auto dataset = std::make_unique<ShardProgress>(std::move(opened), "explain", application.clock);
  evaluation::AnalysisOptions analysis_options = asked;
  std::unique_ptr<data::Dataset> background;
  if (!options.background.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(background, data::OpenDataset(options.background, reading, compute));
    analysis_options.background = background.get();
    analysis_options.has_contributions = true;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto analysis,
                            evaluation::AnalyzeModel(request, analysis_options, *dataset, compute));
  const std::string json = evaluation::JsonText(evaluation::AnalysisToJson(analysis));
  if (!options.output.empty()) {
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(options.output));
    PENSTOCK_RETURN_IF_ERROR(
        fs::WriteFileAtomically(fs::Join(options.output, evaluation::kAnalysisFile), json));
  }
  if (options.as_json) {
    fmt::print("{}\n", json);
  } else {
    fmt::print("{}", evaluation::FormatAnalysis(analysis));
  }
  return kExitSucceeded;
}

}  // namespace

void AddExplainCommand(CLI::App& eval, Application& application) {
  auto* command = eval.add_subcommand("explain", "What a model's predictions depend on");
  command->footer(
      "Example: penstock eval explain --model model --data examples.csv --config eval.yaml --importance auc "
      "\\\n"
      "             --dependence age,education --contributions -o evaluation\n"
      "         penstock eval show evaluation --html page.html");
  auto options = std::make_shared<Options>();
  evaluation::AnalysisOptions& analysis = options->analysis;
  command->add_option("--model", options->model, "Model folder, or a folder of versions")->required();
  command->add_option("--data", options->data, "Raw examples: files, folders or globs of any format")
      ->required();
  command->add_option("--config", options->config, "EvalConfig with the metric of --importance");
  command->add_option("--importance", analysis.metric,
                      "How much this metric changes when a column is permuted, for each column");
  command
      ->add_option("--dependence", analysis.columns,
                   "How the prediction moves with these columns, on average and for single examples")
      ->delimiter(',');
  command->add_flag("--contributions", analysis.has_contributions,
                    "What each feature adds to predictions: exact SHAP values, for models of trees");
  command->add_option(
      "--background", options->background,
      "Examples to hold others against: --contributions are then interventional SHAP values, which "
      "credit only features that the trees look at; files, folders or globs");
  command
      ->add_option("--background-examples", analysis.max_background,
                   "Size of the sample of --background; the cost grows with it")
      ->check(CLI::Range(1, 100'000));
  command->add_option("--examples", analysis.max_examples, "Size of the sample that is looked at")
      ->check(CLI::Range(1, 10'000'000));
  command
      ->add_option("--points", analysis.dependence.num_points, "Values of a column that --dependence tries")
      ->check(CLI::Range(2, 1000));
  command->add_option("--repeats", analysis.num_repeats, "Permutations of each column")
      ->check(CLI::Range(1, 1000));
  command->add_option("--seed", analysis.seed, "Of the sample and the permutations");
  command->add_option("-o,--output", options->output,
                      "Folder for analysis.json; of an evaluation: its page shows it");
  options->csv.AddOptions(command);
  command->add_flag("--json", options->as_json, "All numbers as JSON");
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Explain(application, *options); };
  });
}

}  // namespace penstock::apps
