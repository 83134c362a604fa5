#include "penstock/components/bulk_inferrer/bulk_inferrer.h"

#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/model/bulk_prediction.h"
#include "penstock/model/model.h"

namespace penstock::components {
namespace {

/// Predicts into `folder`, or into a folder that outlives the attempt and is then moved there.
Result<int64_t> PredictSplit(const model::Model& model, const std::string& source, const std::string& folder,
                             const std::string& checkpoint_folder, model::BulkFormat format,
                             const ExecutionOptions& execution) {
  const std::vector<std::string> pattern = {source};
  PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, data::OpenDataset(pattern, {}, execution));
  const std::string& work = checkpoint_folder.empty() ? folder : checkpoint_folder;
  PENSTOCK_ASSIGN_OR_RETURN(const model::BulkPrediction done,
                            model::PredictShards(model, *dataset, source, work, format, execution));
  if (work == folder) return done.num_rows;
  PENSTOCK_RETURN_IF_ERROR(fs::CopyTree(work, folder));
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(work));
  return done.num_rows;
}

class BulkInferrerExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* examples, Input(task, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* model_artifact, Input(task, "model"));
    PENSTOCK_ASSIGN_OR_RETURN(auto splits, ParameterOr<std::vector<std::string>>(task, "splits", {}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto format_name, Parameter<std::string>(task, "payload_format"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto format, model::BulkFormatOf(format_name));
    PENSTOCK_ASSIGN_OR_RETURN(const auto checkpoints, ParameterOr(task, "checkpoint_folder", std::string()));
    if (splits.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(splits, SplitNames(*examples));
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(model_artifact->uri));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* output, Output(report, "output_examples"));
    for (const std::string& split : splits) {
      PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(*examples, split));
      PENSTOCK_ASSIGN_OR_RETURN(
          const int64_t num_rows,
          PredictSplit(
              *model, data::SplitDirectory(examples->uri, split), data::SplitDirectory(output->uri, split),
              checkpoints.empty() ? "" : data::SplitDirectory(checkpoints, split), format, context.options));
      output->properties["num_examples_" + split] = num_rows;
    }
    SetSplitNames(splits, *output);
    output->properties["prediction_column"] = model->signature().prediction_column;
    return report;
  }
};

}  // namespace

Status CheckBulkInferrer(const std::map<std::string, nlohmann::json>& parameters) {
  const auto entry = parameters.find("payload_format");
  if (entry == parameters.end() || !entry->second.is_string()) return OkStatus();
  return model::BulkFormatOf(entry->second.get<std::string>()).status();
}

std::unique_ptr<pipeline::Executor> MakeBulkInferrerExecutor() {
  return std::make_unique<BulkInferrerExecutor>();
}

}  // namespace penstock::components
