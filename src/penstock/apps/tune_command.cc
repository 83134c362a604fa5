#include <algorithm>
#include <cstdio>

#include "penstock/apps/command.h"
#include "penstock/apps/training_data.h"
#include "penstock/apps/training_progress.h"
#include "penstock/base/filesystem.h"
#include "penstock/learning/tuning/tuner.h"

namespace penstock::apps {
namespace {

struct Options {
  TrainingInput input;
  std::string space, output;
  bool as_json = false;
  int num_threads = 0;
};

void PrintResult(const learning::TuningResult& result, const std::string& output) {
  std::vector<const learning::Trial*> ranked;
  for (const learning::Trial& trial : result.trials) ranked.push_back(&trial);
  std::sort(ranked.begin(), ranked.end(), [](const auto* a, const auto* b) {
    const bool counts = a->failure.empty(), other_counts = b->failure.empty();
    return counts != other_counts           ? counts
           : counts && a->score != b->score ? a->score < b->score
                                            : a->id < b->id;
  });
  fmt::print("{:>5}  {:>10}  {:>10}  {}\n", "trial", "eval loss", "iterations", "hyperparameters");
  for (const learning::Trial* trial : ranked) {
    fmt::print("{:>5}  {:>10}  {:>10}  {}\n", trial->id,
               trial->failure.empty() ? fmt::format("{:.5f}", trial->score) : "failed",
               fmt::format("{}{}", trial->iterations.size(), trial->is_cut ? " cut" : ""),
               trial->values.dump());
  }
  fmt::print("best hyperparameters: {}\n", fs::Join(output, learning::kBestHyperparametersFile));
}

Result<int> Tune(Application& application, const Options& options) {
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string yaml, fs::ReadFile(options.space));
  PENSTOCK_ASSIGN_OR_RETURN(const auto space, learning::ParseSearchSpace(yaml, options.space));
  PENSTOCK_ASSIGN_OR_RETURN(const auto* learner, application.learners.Find(space.learner));
  PENSTOCK_RETURN_IF_ERROR(learning::CheckSearchSpace(space, (*learner)->hyperparameters(), options.space));
  PENSTOCK_ASSIGN_OR_RETURN(const OpenedTrainingData opened, OpenTrainingData(options.input, compute));
  Result<learning::TuningResult> result = Internal("not searched");
  {
    TrainingProgress progress(application.clock);
    ExecutionContext context{
        compute, application.clock, 0,
        [&progress](double fraction, std::string_view message) { progress.Show(fraction, message); }};
    result = learning::Tuner(space, **learner, options.output).Search(opened.data, context);
  }
  if (!result.ok()) return result.status();
  PENSTOCK_RETURN_IF_ERROR(learning::WriteTuningResult(*result, space, options.output));
  if (options.as_json)
    fmt::print("{}\n", result->ToJson().dump(2));
  else
    PrintResult(*result, options.output);
  return kExitSucceeded;
}

}  // namespace

void AddTuneCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand("tune", "Search for the hyperparameters with the least eval loss");
  command->footer(
      "Example: penstock tune --data splits --transform features.yaml --space space.yaml -o tuning\n"
      "         penstock train ... --hyperparameters tuning/best_hyperparameters.txt\n"
      "A search that was killed goes on with the same command: finished trials are not repeated.");
  auto options = std::make_shared<Options>();
  options->input.AddOptions(command);
  command
      ->add_option("--space", options->space,
                   "YAML file: learner, algorithm, parameters (docs/guides/tuning.md)")
      ->required();
  command->add_option("-o,--output", options->output, "Folder for trials and results")->required();
  command->add_flag("--json", options->as_json, "All trials with their curves as JSON");
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Tune(application, *options); };
  });
}

}  // namespace penstock::apps
