#include "penstock/components/tuner/tuner.h"

#include "penstock/base/filesystem.h"
#include "penstock/components/training_splits.h"
#include "penstock/learning/tuning/tuner.h"

namespace penstock::components {
namespace {

Result<learning::SearchSpace> ReadSearchSpace(const std::string& path,
                                              const learning::LearnerCatalog& learners) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string yaml, fs::ReadFile(path));
  PENSTOCK_ASSIGN_OR_RETURN(auto space, learning::ParseSearchSpace(yaml, path));
  PENSTOCK_ASSIGN_OR_RETURN(const auto* learner, learners.Find(space.learner));
  PENSTOCK_RETURN_IF_ERROR(learning::CheckSearchSpace(space, (*learner)->hyperparameters(), path));
  return space;
}

class TunerExecutor : public pipeline::Executor {
 public:
  explicit TunerExecutor(const learning::LearnerCatalog& learners) : learners_(learners) {}

  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto path, Parameter<std::string>(task, "search_space"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto space, ReadSearchSpace(path, learners_));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* learner, learners_.Find(space.learner));
    PENSTOCK_ASSIGN_OR_RETURN(const TrainingSplits splits, OpenTrainingSplits(task, context.options));
    PENSTOCK_ASSIGN_OR_RETURN(const auto result,
                              learning::Tuner(space, **learner, "").Search(splits.data, context));

    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* best, Output(report, "best_hyperparameters"));
    PENSTOCK_ASSIGN_OR_RETURN(auto* results, Output(report, "tuner_results"));
    const nlohmann::json& values = result.trials[result.best_trial].values;
    PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(best->uri, learning::kBestHyperparametersFile),
                                                     space.ToKerasTuner(values).dump(2) + "\n"));
    PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(results->uri, learning::kTunerResultsFile),
                                                     result.ToJson().dump(2) + "\n"));
    best->properties["learner"] = space.learner;
    best->properties["eval_loss"] = result.trials[result.best_trial].score;
    results->properties["num_trials"] = static_cast<int64_t>(result.trials.size());
    return report;
  }

 private:
  const learning::LearnerCatalog& learners_;  // Constant after construction.
};

}  // namespace

Status CheckTuner(const std::map<std::string, nlohmann::json>& parameters,
                  const learning::LearnerCatalog& learners) {
  const auto path = parameters.find("search_space");
  if (path == parameters.end() || !path->second.is_string()) return OkStatus();
  return ReadSearchSpace(path->second.get<std::string>(), learners).status();
}

std::unique_ptr<pipeline::Executor> MakeTunerExecutor(const learning::LearnerCatalog& learners) {
  return std::make_unique<TunerExecutor>(learners);
}

}  // namespace penstock::components
