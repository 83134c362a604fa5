#include "penstock/components/evaluator/evaluator.h"

#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/evaluation/evaluate.h"
#include "penstock/model/model.h"

namespace penstock::components {
namespace {

/// The parameters are the keys of the evaluation's own configuration.
Result<evaluation::EvaluationConfig> ConfigOf(const std::map<std::string, nlohmann::json>& parameters) {
  nlohmann::json config = nlohmann::json::object();
  for (const auto& [name, value] : parameters)
    if (!value.is_null() && !(value.is_structured() && value.empty()) && value != nlohmann::json(""))
      config[name] = value;
  return evaluation::ParseEvaluationConfig(config);
}

class EvaluatorExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* examples, Input(task, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* model_artifact, Input(task, "model"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto config, ConfigOf(task.parameters));
    PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(*examples, config.split));
    PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(model_artifact->uri));
    std::shared_ptr<const model::Model> baseline;
    if (const auto* artifact = OptionalInput(task, "baseline_model")) {
      PENSTOCK_ASSIGN_OR_RETURN(baseline, model::LoadModel(artifact->uri));
    }
    const std::vector<std::string> pattern = {data::SplitDirectory(examples->uri, config.split)};
    PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, data::OpenDataset(pattern, {}, context.options));
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto result, evaluation::Evaluate(*model, baseline.get(), *dataset, config, context.options));
    const auto verdict = evaluation::Verdict(result);

    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(const auto* output, Output(report, "evaluation"));
    PENSTOCK_ASSIGN_OR_RETURN(auto* blessing, Output(report, "blessing"));
    PENSTOCK_RETURN_IF_ERROR(evaluation::WriteEvaluation(result, output->uri));
    PENSTOCK_RETURN_IF_ERROR(
        fs::WriteFileAtomically(fs::Join(blessing->uri, verdict.is_blessed ? "BLESSED" : "NOT_BLESSED"), ""));
    // TFX's names, for whoever reads the store.
    blessing->properties["blessed"] = verdict.is_blessed ? 1 : 0;
    blessing->properties["current_model"] = model_artifact->uri;
    blessing->properties["current_model_id"] = model_artifact->id;
    if (const auto* artifact = OptionalInput(task, "baseline_model")) {
      blessing->properties["baseline_model"] = artifact->uri;
      blessing->properties["baseline_model_id"] = artifact->id;
    }
    if (!verdict.is_blessed)
      blessing->properties[std::string(pipeline::kRefusalProperty)] =
          fmt::format("{}", fmt::join(verdict.reasons, "; "));
    return report;
  }
};

}  // namespace

Status CheckEvaluator(const std::map<std::string, nlohmann::json>& parameters) {
  return ConfigOf(parameters).status();
}

std::unique_ptr<pipeline::Executor> MakeEvaluatorExecutor() { return std::make_unique<EvaluatorExecutor>(); }

}  // namespace penstock::components
