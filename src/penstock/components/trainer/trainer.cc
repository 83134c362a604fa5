#include "penstock/components/trainer/trainer.h"

#include "penstock/base/filesystem.h"
#include "penstock/components/export_formats.h"
#include "penstock/components/trainer/module_trainer.h"
#include "penstock/components/training_splits.h"
#include "penstock/learning/tensorboard_log.h"
#include "penstock/learning/tuning/tuner.h"
#include "penstock/model/export_format.h"
#include "penstock/model/model.h"

namespace penstock::components {
namespace {

/// What Tuner found, and over it what the node says itself.
Result<nlohmann::json> HyperparametersOf(const pipeline::ExecutionTask& task) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto given, Parameter<nlohmann::json>(task, "hyperparameters"));
  nlohmann::json all = nlohmann::json::object();
  if (const auto* best = OptionalInput(task, "best_hyperparameters"); best != nullptr) {
    const std::string path = fs::Join(best->uri, learning::kBestHyperparametersFile);
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text, fs::ReadFile(path));
    PENSTOCK_ASSIGN_OR_RETURN(all, learning::ReadHyperparameters(text, path));
  }
  if (given.is_object()) all.update(given);
  return given.is_object() || given.is_null() ? all : given;
}

class TrainerExecutor : public pipeline::Executor {
 public:
  explicit TrainerExecutor(const learning::LearnerCatalog& learners) : learners_(learners) {}

  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto command,
                              ParameterOr<nlohmann::json>(task, "command", nlohmann::json::array()));
    if (!command.empty()) return TrainByCommand(task, context);
    PENSTOCK_ASSIGN_OR_RETURN(const auto module_file, ParameterOr<std::string>(task, "module_file", ""));
    if (!module_file.empty()) return Module(task, context);
    PENSTOCK_ASSIGN_OR_RETURN(const auto learner_name, Parameter<std::string>(task, "learner"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* learner, learners_.Find(learner_name));
    PENSTOCK_ASSIGN_OR_RETURN(const TrainingSplits splits, OpenTrainingSplits(task, context.options));
    learning::LearnerOptions options;
    PENSTOCK_ASSIGN_OR_RETURN(options.hyperparameters, HyperparametersOf(task));
    PENSTOCK_ASSIGN_OR_RETURN(const auto seed, Parameter<int64_t>(task, "seed"));
    context.random_seed = static_cast<uint64_t>(seed);
    PENSTOCK_ASSIGN_OR_RETURN(options.checkpoint_folder, Parameter<std::string>(task, "checkpoint_folder"));
    if (const auto* base = OptionalInput(task, "base_model"); base != nullptr) {
      PENSTOCK_ASSIGN_OR_RETURN(options.warm_start, model::LoadModel(base->uri));
    }
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* model, Output(report, "model"));
    PENSTOCK_ASSIGN_OR_RETURN(auto* run, Output(report, "model_run"));
    learning::TensorBoardLog log(run->uri, context.clock);
    options.on_iteration = [&log](const learning::IterationRecord& losses) { return log.Add(losses), true; };
    PENSTOCK_ASSIGN_OR_RETURN(const auto trained, (*learner)->Train(splits.data, options, context));
    PENSTOCK_RETURN_IF_ERROR(log.Write());
    PENSTOCK_RETURN_IF_ERROR(model::SaveModel(*trained.model, model->uri));
    PENSTOCK_ASSIGN_OR_RETURN(const auto formats, ExportFormatsOf(task));
    for (const model::ExportFormat format : formats)
      PENSTOCK_RETURN_IF_ERROR(
          model::ExportModel(*trained.model, format, model::PathBeside(model->uri, format)).status());
    const auto record = trained.record.ToJson();
    PENSTOCK_RETURN_IF_ERROR(
        fs::WriteFileAtomically(fs::Join(run->uri, "training.json"), record.dump(2) + "\n"));
    model->properties["learner"] = learner_name;
    model->properties["task"] = std::string(model::TaskName(trained.record.task));
    run->properties["best_iteration"] = trained.record.best_iteration;
    run->properties["best_eval_loss"] = trained.record.best_eval_loss;
    if (!trained.record.warnings.empty())
      run->properties["warnings"] = fmt::format("{}", fmt::join(trained.record.warnings, " "));
    return report;
  }

 private:
  static Result<pipeline::ExecutionReport> Module(const pipeline::ExecutionTask& task,
                                                  ExecutionContext& context) {
    PENSTOCK_ASSIGN_OR_RETURN(const TrainingSplits splits, OpenTrainingSplits(task, context.options));
    PENSTOCK_ASSIGN_OR_RETURN(const auto hyperparameters, HyperparametersOf(task));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* model, Output(report, "model"));
    PENSTOCK_ASSIGN_OR_RETURN(auto* run, Output(report, "model_run"));
    PENSTOCK_RETURN_IF_ERROR(TrainByModule(task, splits, hyperparameters, *model, *run, context));
    model->properties["learner"] = "module_file";
    return report;
  }

  const learning::LearnerCatalog& learners_;  // Constant after construction.
};

}  // namespace

Status CheckTrainer(const std::map<std::string, nlohmann::json>& parameters,
                    const learning::LearnerCatalog& learners) {
  const auto formats = parameters.find("export");
  if (formats != parameters.end()) PENSTOCK_RETURN_IF_ERROR(ReadExportFormats(formats->second).status());
  for (const char* other : {"module_file", "command"}) {
    const auto given = parameters.find(other);
    // Another trainer's hyperparameters are its own.
    if (given != parameters.end() && !given->second.empty()) return OkStatus();
  }
  const auto name = parameters.find("learner");
  if (name == parameters.end() || !name->second.is_string()) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(const auto* learner, learners.Find(name->second.get<std::string>()));
  const auto given = parameters.find("hyperparameters");
  if (given == parameters.end()) return OkStatus();
  return learning::ResolveHyperparameters(given->second, (*learner)->hyperparameters()).status();
}

std::unique_ptr<pipeline::Executor> MakeTrainerExecutor(const learning::LearnerCatalog& learners) {
  return std::make_unique<TrainerExecutor>(learners);
}

}  // namespace penstock::components
