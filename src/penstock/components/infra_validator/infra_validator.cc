#include "penstock/components/infra_validator/infra_validator.h"

#include <algorithm>
#include <cmath>

#include "penstock/base/child_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/splits.h"
#include "penstock/model/export_format.h"
#include "penstock/model/foreign/foreign_model.h"
#include "penstock/model/model.h"
#include "penstock/model/prediction_values.h"
#include "penstock/model/saved_model/saved_model_export.h"

namespace penstock::components {
namespace {

constexpr double kMaxShareOfOtherSides = 0.02;

Result<data::Batch> FirstExamples(const pipeline::Artifact& examples, const std::string& split,
                                  int64_t num_examples, const ExecutionOptions& options) {
  const std::vector<std::string> pattern = {data::SplitDirectory(examples.uri, split)};
  PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, data::OpenDataset(pattern, {}, options));
  const auto reader = data::ReadSequentially(*dataset);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch) return InvalidArgument("The split '{}' has no examples to ask the model with", split);
    if ((*batch)->num_rows() > 0) return (*batch)->Slice(0, num_examples);
  }
}

/// Within `tolerance`, relative for what is larger than 1; but for `max_share` of the examples.
Status CheckEqual(const data::Batch& expected, const std::string& column, const data::Batch& actual,
                  const std::string& actual_column, double tolerance, double max_share,
                  std::string_view who) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto want, model::PredictionValues(expected, column));
  PENSTOCK_ASSIGN_OR_RETURN(const auto have, model::PredictionValues(actual, actual_column));
  if (want.values.size() != have.values.size() || want.width != have.width)
    return Unavailable("There are {} answers of {} numbers to {} examples of {}", actual->num_rows(),
                       have.width, expected->num_rows(), want.width);
  double num_allowed = std::floor(max_share * static_cast<double>(expected->num_rows()));
  for (size_t i = 0; i < want.values.size(); ++i)
    if (!(std::abs(want.values[i] - have.values[i]) <= tolerance * std::max(1.0, std::abs(want.values[i]))) &&
        --num_allowed < 0)
      return Unavailable("Example {}: {} answers {}, here the model says {}",
                         i / static_cast<size_t>(want.width) + 1, who, have.values[i], want.values[i]);
  return OkStatus();
}

class InfraValidatorExecutor : public pipeline::Executor {
 public:
  explicit InfraValidatorExecutor(PredictionProcess process) : process_(std::move(process)) {}

  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* model_artifact, Input(task, "model"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* examples, Input(task, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto split, Parameter<std::string>(task, "split"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto num_examples, Parameter<int64_t>(task, "num_examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto num_tries, Parameter<int>(task, "num_tries"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto max_seconds, Parameter<double>(task, "max_loading_time_seconds"));
    if (num_examples < 1 || num_tries < 1)
      return InvalidArgument("InfraValidator: num_examples and num_tries have to be at least 1");
    PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(*examples, split));
    PENSTOCK_ASSIGN_OR_RETURN(const auto sample,
                              FirstExamples(*examples, split, num_examples, context.options));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* blessing, Output(report, "blessing"));

    const std::string folder = blessing->uri + ".work";
    Status failure;
    std::vector<std::string> unchecked;
    for (int attempt = 1; attempt <= num_tries; ++attempt) {
      failure = Ask(*model_artifact, sample, folder, max_seconds, context, unchecked);
      if (failure.ok()) break;
    }
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(folder));
    PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(
        fs::Join(blessing->uri, failure.ok() ? "INFRA_BLESSED" : "INFRA_NOT_BLESSED"), ""));
    blessing->properties["blessed"] = failure.ok() ? 1 : 0;
    blessing->properties["num_examples"] = sample->num_rows();
    if (!unchecked.empty())
      blessing->properties["unchecked_formats"] = fmt::format("{}", fmt::join(unchecked, "; "));
    if (!failure.ok())
      blessing->properties[std::string(pipeline::kRefusalProperty)] = std::string(failure.message());
    return report;
  }

 private:
  Status Ask(const pipeline::Artifact& artifact, const data::Batch& sample, const std::string& folder,
             double max_seconds, const ExecutionContext& context, std::vector<std::string>& unchecked) const {
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
    const std::string question = fs::Join(folder, "question.parquet"),
                      answer = fs::Join(folder, "answer.parquet");
    PENSTOCK_ASSIGN_OR_RETURN(const auto writer, data::OpenExampleWriter(question, sample->schema(),
                                                                         data::PayloadFormat::kParquet));
    PENSTOCK_RETURN_IF_ERROR(writer->Write(sample));
    PENSTOCK_RETURN_IF_ERROR(writer->Close());
    ChildOptions options;
    options.arguments = {process_.program, "predict", "--model",  artifact.uri,
                         "--input",        question,  "--output", answer};
    const Status ended = RunChild(options, max_seconds, context.options.cancellation);
    if (ended.code() == StatusCode::kDeadlineExceeded)
      return DeadlineExceeded("The model did not answer within {} s", max_seconds);
    if (!ended.ok()) return Annotate(ended, "The process that loads the model");
    PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(artifact.uri));
    PENSTOCK_ASSIGN_OR_RETURN(const auto expected, model->Predict(sample));
    PENSTOCK_ASSIGN_OR_RETURN(const auto dataset,
                              data::OpenDataset(std::vector{answer}, {}, context.options));
    const auto reader = data::ReadSequentially(*dataset);
    PENSTOCK_ASSIGN_OR_RETURN(const auto actual, reader->Next());
    if (!actual) return Unavailable("The fresh process gave no answers");
    const std::string& column = model->signature().prediction_column;
    // The stored form may be narrower than the computed one.
    PENSTOCK_RETURN_IF_ERROR(CheckEqual(expected, column, *actual, column, 1e-6, 0, "the fresh process"));
    return CheckExports(artifact.uri, sample, expected, column, unchecked);
  }

  /// What lies beside model.pb for others has to answer the same.
  static Status CheckExports(const std::string& uri, const data::Batch& sample, const data::Batch& expected,
                             const std::string& column, std::vector<std::string>& unchecked) {
    unchecked.clear();
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_ours, fs::Exists(fs::Join(uri, model::kModelFileName)));
    if (!is_ours) return OkStatus();
    const auto ask = [&](model::ExportFormat format) -> Status {
      const bool is_folder = format == model::ExportFormat::kSavedModel;
      const std::string path = model::PathBeside(uri, format);
      PENSTOCK_ASSIGN_OR_RETURN(const bool exists,
                                fs::Exists(is_folder ? fs::Join(path, model::kSavedModelFileName) : path));
      if (!exists) return OkStatus();
      const auto exported = is_folder ? model::foreign::ForeignModel::LoadSavedModel(path, "raw_tensors")
                                      : model::foreign::ForeignModel::LoadFile(path);
      if (exported.status().code() == StatusCode::kFailedPrecondition) {
        unchecked.push_back(fmt::format("{}: {}", NameOf(format), exported.status().message()));
        return OkStatus();
      }
      PENSTOCK_RETURN_IF_ERROR(exported.status());
      PENSTOCK_ASSIGN_OR_RETURN(const auto answers, (*exported)->Predict(sample));
      // It computes in floats: a double may go the other way at a threshold of a tree.
      const double max_share = format == model::ExportFormat::kTflite ? kMaxShareOfOtherSides : 0;
      return CheckEqual(expected, column, answers, (*exported)->signature().prediction_column, 1e-5,
                        max_share, NameOf(format));
    };
    for (const auto format :
         {model::ExportFormat::kOnnx, model::ExportFormat::kTflite, model::ExportFormat::kSavedModel})
      PENSTOCK_RETURN_IF_ERROR(ask(format));
    return OkStatus();
  }

  const PredictionProcess process_;  // Constant after construction.
};

}  // namespace

std::unique_ptr<pipeline::Executor> MakeInfraValidatorExecutor(PredictionProcess process) {
  return std::make_unique<InfraValidatorExecutor>(std::move(process));
}

}  // namespace penstock::components
