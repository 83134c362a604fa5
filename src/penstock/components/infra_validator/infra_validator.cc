#include "penstock/components/infra_validator/infra_validator.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <thread>

#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/splits.h"
#include "penstock/model/model.h"
#include "penstock/model/prediction_values.h"

namespace penstock::components {
namespace {

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

/// Runs the program to its end or for `max_seconds`.
Status RunToEnd(std::vector<std::string> arguments, double max_seconds) {
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return Unavailable("Cannot start {}: error {}", arguments[0], errno);
  if (child == 0) {
    // Whoever kills this component means its helper too.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() == parent) ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  const auto started = std::chrono::steady_clock::now();
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count() > max_seconds) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return DeadlineExceeded("The model did not answer within {} s", max_seconds);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return OkStatus();
  return Unavailable("The process that loads the model ended with {} {}",
                     WIFSIGNALED(status) ? "signal" : "exit code",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

Status CheckEqual(const data::Batch& expected, const data::Batch& actual, const std::string& column) {
  constexpr double kTolerance = 1e-6;  // The stored form may be narrower than the computed one.
  PENSTOCK_ASSIGN_OR_RETURN(const auto want, model::PredictionValues(expected, column));
  PENSTOCK_ASSIGN_OR_RETURN(const auto have, model::PredictionValues(actual, column));
  if (want.values.size() != have.values.size() || want.width != have.width)
    return Unavailable("There are {} answers of {} numbers to {} examples of {}", actual->num_rows(),
                       have.width, expected->num_rows(), want.width);
  for (size_t i = 0; i < want.values.size(); ++i)
    if (!(std::abs(want.values[i] - have.values[i]) <= kTolerance))
      return Unavailable("Example {}: the fresh process answers {}, here the model says {}",
                         i / static_cast<size_t>(want.width) + 1, have.values[i], want.values[i]);
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
    for (int attempt = 1; attempt <= num_tries; ++attempt) {
      failure = Ask(*model_artifact, sample, folder, max_seconds, context);
      if (failure.ok()) break;
    }
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(folder));
    PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(
        fs::Join(blessing->uri, failure.ok() ? "INFRA_BLESSED" : "INFRA_NOT_BLESSED"), ""));
    blessing->properties["blessed"] = failure.ok() ? 1 : 0;
    blessing->properties["num_examples"] = sample->num_rows();
    if (!failure.ok())
      blessing->properties[std::string(pipeline::kRefusalProperty)] = std::string(failure.message());
    return report;
  }

 private:
  Status Ask(const pipeline::Artifact& artifact, const data::Batch& sample, const std::string& folder,
             double max_seconds, const ExecutionContext& context) const {
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
    const std::string question = fs::Join(folder, "question.parquet"),
                      answer = fs::Join(folder, "answer.parquet");
    PENSTOCK_ASSIGN_OR_RETURN(const auto writer, data::OpenExampleWriter(question, sample->schema(),
                                                                         data::PayloadFormat::kParquet));
    PENSTOCK_RETURN_IF_ERROR(writer->Write(sample));
    PENSTOCK_RETURN_IF_ERROR(writer->Close());
    PENSTOCK_RETURN_IF_ERROR(RunToEnd(
        {process_.program, "predict", "--model", artifact.uri, "--input", question, "--output", answer},
        max_seconds));
    PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(artifact.uri));
    PENSTOCK_ASSIGN_OR_RETURN(const auto expected, model->Predict(sample));
    PENSTOCK_ASSIGN_OR_RETURN(const auto dataset,
                              data::OpenDataset(std::vector{answer}, {}, context.options));
    const auto reader = data::ReadSequentially(*dataset);
    PENSTOCK_ASSIGN_OR_RETURN(const auto actual, reader->Next());
    if (!actual) return Unavailable("The fresh process gave no answers");
    return CheckEqual(expected, *actual, model->signature().prediction_column);
  }

  const PredictionProcess process_;  // Constant after construction.
};

}  // namespace

std::unique_ptr<pipeline::Executor> MakeInfraValidatorExecutor(PredictionProcess process) {
  return std::make_unique<InfraValidatorExecutor>(std::move(process));
}

}  // namespace penstock::components
