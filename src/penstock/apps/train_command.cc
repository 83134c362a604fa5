#include <cstdio>

#include "penstock/apps/command.h"
#include "penstock/apps/training_data.h"
#include "penstock/apps/training_progress.h"
#include "penstock/base/filesystem.h"
#include "penstock/learning/tensorboard_log.h"
#include "penstock/model/model_versions.h"

namespace penstock::apps {
namespace {

struct Options {
  TrainingInput input;
  std::string learner = "boosted_trees", hyperparameters, warm_start, output;
  std::vector<std::string> parameters;
  int64_t seed = 0;
  bool as_json = false, lists_parameters = false;
  int num_threads = 0;
};

/// The hyperparameters of a file (a map, or KerasTuner's best_hyperparameters) and those of --param, which
/// win.
Result<nlohmann::json> HyperparametersOf(const Options& options) {
  nlohmann::json all = nlohmann::json::object();
  if (!options.hyperparameters.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text, fs::ReadFile(options.hyperparameters));
    PENSTOCK_ASSIGN_OR_RETURN(all, learning::ReadHyperparameters(text, options.hyperparameters));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const nlohmann::json given, ParseParameters(options.parameters));
  all.update(given);
  return all;
}

void ListParameters(const std::vector<learning::HyperparameterDescription>& known) {
  for (const auto& parameter : known) {
    std::string range =
        parameter.choices.empty() ? "" : fmt::format("; {}", fmt::join(parameter.choices, " | "));
    if (parameter.default_value.is_number())
      range = fmt::format("; {} to {}", parameter.minimum, parameter.maximum);
    fmt::print("{:<24} {} (default {}{})\n", parameter.name, parameter.help, parameter.default_value.dump(),
               range);
  }
}

void PrintSummary(const Options& options, const learning::TrainingRecord& record) {
  if (options.as_json) {
    fmt::print("{}\n", record.ToJson().dump(2));
    return;
  }
  fmt::print("{}: {} {:.5f} on '{}' after {} of {} iterations, {} examples, {:.2f} s\n", record.learner,
             record.loss, record.best_eval_loss, options.input.eval_split, record.best_iteration,
             record.iterations.size(), record.num_train_examples, record.seconds);
  fmt::print("model: {}\n", options.output);
}

Result<int> Train(Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto* learner, application.learners.Find(options.learner));
  if (options.lists_parameters) return ListParameters((*learner)->hyperparameters()), kExitSucceeded;
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  learning::LearnerOptions learner_options;
  PENSTOCK_ASSIGN_OR_RETURN(learner_options.hyperparameters, HyperparametersOf(options));
  // Before any data is read: a mistyped name should not cost a minute.
  PENSTOCK_RETURN_IF_ERROR(
      learning::ResolveHyperparameters(learner_options.hyperparameters, (*learner)->hyperparameters())
          .status());
  if (!options.warm_start.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(options.warm_start));
    PENSTOCK_ASSIGN_OR_RETURN(learner_options.warm_start, model::LoadModel(folder));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const OpenedTrainingData opened, OpenTrainingData(options.input, compute));
  learner_options.checkpoint_folder = fs::Join(options.output, "checkpoint");
  learning::TensorBoardLog log(fs::Join(options.output, "logs"), application.clock);
  learner_options.on_iteration = [&log](const learning::IterationRecord& losses) {
    return log.Add(losses), true;
  };
  Result<learning::TrainedModel> trained = Internal("not trained");
  {
    TrainingProgress progress(application.clock);
    ExecutionContext context{
        compute, application.clock, static_cast<uint64_t>(options.seed),
        [&progress](double fraction, std::string_view message) { progress.Show(fraction, message); }};
    trained = (*learner)->Train(opened.data, learner_options, context);
  }
  if (!trained.ok()) return trained.status();
  PENSTOCK_RETURN_IF_ERROR(log.Write());
  PENSTOCK_RETURN_IF_ERROR(model::SaveModel(*trained->model, options.output));
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(options.output, "training.json"),
                                                   trained->record.ToJson().dump(2) + "\n"));
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(learner_options.checkpoint_folder));
  for (const std::string& warning : trained->record.warnings) fmt::print(stderr, "Warning: {}\n", warning);
  PrintSummary(options, trained->record);
  return kExitSucceeded;
}

}  // namespace

void AddTrainCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand("train", "Train a model on examples");
  command->footer(
      "Example: penstock train --data splits --transform features.yaml --learner wide_and_deep \\\n"
      "           --param num_epochs=8 -o model\n"
      "A training that was killed goes on where it was when it is started again with the same -o.");
  auto options = std::make_shared<Options>();
  options->input.AddOptions(command);
  command->add_option("--learner", options->learner,
                      "boosted_trees, linear, dense, wide_and_deep, lstm or autoencoder");
  command->add_option("--param", options->parameters, "A hyperparameter, name=value; may be repeated");
  command->add_option("--hyperparameters", options->hyperparameters,
                      "JSON file of hyperparameters, such as best_hyperparameters.json of penstock tune");
  command->add_option("--warm-start", options->warm_start,
                      "A model to start from; features and vocabularies are matched by name");
  command->add_option("-o,--output", options->output, "Folder for the model, its training record and logs")
      ->required();
  command->add_option("--seed", options->seed, "Of every random choice")->check(CLI::NonNegativeNumber);
  command->add_flag("--list-params", options->lists_parameters, "Only list the learner's hyperparameters");
  command->add_flag("--json", options->as_json, "The training record as JSON");
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Train(application, *options); };
  });
}

}  // namespace penstock::apps
