#include "penstock/components/evaluator/evaluator.h"

#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/evaluation/evaluation_output.h"
#include "penstock/evaluation/evaluation_run.h"
#include "penstock/evaluation/validation.h"
#include "penstock/model/model.h"

namespace penstock::components {
namespace {

/// The parameters are the keys of the evaluation's short form.
Result<evaluation::tfma::EvalConfig> ConfigOf(const std::map<std::string, nlohmann::json>& parameters,
                                              std::string_view task) {
  nlohmann::json config = nlohmann::json::object();
  for (const auto& [name, value] : parameters)
    if (!value.is_null() && !(value.is_structured() && value.empty()) && value != nlohmann::json(""))
      config[name] = value;
  return evaluation::ShortToEvalConfig(config, std::string(task));
}

std::string SplitOf(const std::map<std::string, nlohmann::json>& parameters) {
  const auto split = parameters.find("split");
  return split == parameters.end() || !split->second.is_string() ? "eval" : split->second.get<std::string>();
}

class EvaluatorExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* examples, Input(task, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* model_artifact, Input(task, "model"));
    const std::string split = SplitOf(task.parameters);
    PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(*examples, split));
    PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(model_artifact->uri));
    evaluation::EvaluationRequest request;
    PENSTOCK_ASSIGN_OR_RETURN(request.config,
                              ConfigOf(task.parameters, model::TaskName(model->signature().task)));
    std::shared_ptr<const model::Model> baseline;
    if (const auto* artifact = OptionalInput(task, "baseline_model")) {
      PENSTOCK_ASSIGN_OR_RETURN(baseline, model::LoadModel(artifact->uri));
    }
    const std::vector<std::string> pattern = {data::SplitDirectory(examples->uri, split)};
    PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, data::OpenDataset(pattern, {}, context.options));
    request.model = model.get();
    request.baseline = baseline.get();
    // The first model has nothing to be compared with.
    request.is_first_run = baseline == nullptr;
    auto evaluated = evaluation::RunEvaluation(request, *dataset, context.options);
    if (!evaluated.ok()) return Annotate(evaluated.status(), fmt::format("Split '{}'", split));
    const bool is_blessed = evaluated->IsBlessed();

    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(const auto* output, Output(report, "evaluation"));
    PENSTOCK_ASSIGN_OR_RETURN(auto* blessing, Output(report, "blessing"));
    PENSTOCK_RETURN_IF_ERROR(evaluation::WriteEvaluationFiles(*evaluated, output->uri));
    PENSTOCK_RETURN_IF_ERROR(
        fs::WriteFileAtomically(fs::Join(blessing->uri, is_blessed ? "BLESSED" : "NOT_BLESSED"), ""));
    // TFX's names, for whoever reads the store.
    blessing->properties["blessed"] = is_blessed ? 1 : 0;
    blessing->properties["current_model"] = model_artifact->uri;
    blessing->properties["current_model_id"] = model_artifact->id;
    if (const auto* artifact = OptionalInput(task, "baseline_model")) {
      blessing->properties["baseline_model"] = artifact->uri;
      blessing->properties["baseline_model_id"] = artifact->id;
    }
    if (!is_blessed)
      blessing->properties[std::string(pipeline::kRefusalProperty)] =
          fmt::format("{}", fmt::join(evaluation::ExplainValidation(evaluated->validation), "; "));
    return report;
  }
};

}  // namespace

Status CheckEvaluator(const std::map<std::string, nlohmann::json>& parameters) {
  const auto task = parameters.find("task");
  return ConfigOf(parameters,
                  task != parameters.end() && task->second.is_string() ? task->second.get<std::string>() : "")
      .status();
}

std::unique_ptr<pipeline::Executor> MakeEvaluatorExecutor() { return std::make_unique<EvaluatorExecutor>(); }

}  // namespace penstock::components
