#include "penstock/components/trainer/module_trainer.h"

#include "penstock/base/child_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/components/python_module/module_scripts.h"
#include "penstock/components/python_module/python_module.h"
#include "penstock/components/task_access.h"
#include "penstock/data/splits.h"
#include "penstock/model/foreign/foreign_model.h"
#include "penstock/model/model.h"
#include "penstock/model/model_versions.h"
#include "penstock/model/saved_model/dense_examples.h"
#include "penstock/pipeline/executor_input.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::components {
namespace {

constexpr std::string_view kExamplesFile = "transformed_examples-00000-of-00001.tfrecord.gz";

/// What DataAccessor has to know of the examples.
nlohmann::json FeaturesOf(const transform::TransformGraph& graph) {
  nlohmann::json features = nlohmann::json::array();
  const auto add = [&](std::string_view name, const char* kind, int64_t width) {
    features.push_back({{"name", name}, {"kind", kind}, {"shape", nlohmann::json::array()}});
    if (width > 0) features.back()["shape"].push_back(width);
  };
  for (const transform::FeatureSchema& feature : graph.output_schema()) {
    const bool is_vector = feature.kind == transform::FeatureKind::kVector;
    const bool is_float = is_vector || feature.type == transform::ValueType::kNumber;
    add(feature.name,
        feature.type == transform::ValueType::kText ? "text"
        : is_float                                  ? "float"
                                                    : "int",
        is_vector ? feature.width : 0);
  }
  if (graph.has_label()) add(transform::kLabelColumn, "float", 0);
  if (graph.has_weight()) add(transform::kWeightColumn, "float", 0);
  return features;
}

/// The fields that TFX's Trainer gives.
Result<nlohmann::json> FnArgsOf(const pipeline::ExecutionTask& task, const nlohmann::json& hyperparameters,
                                const std::string& work, const std::string& examples,
                                const pipeline::Artifact& model, const pipeline::Artifact& model_run) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto* graph, Input(task, "transform_graph"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto train_steps, ParameterOr<int64_t>(task, "train_steps", 0));
  PENSTOCK_ASSIGN_OR_RETURN(const auto eval_steps, ParameterOr<int64_t>(task, "eval_steps", 0));
  PENSTOCK_ASSIGN_OR_RETURN(const auto custom,
                            ParameterOr<nlohmann::json>(task, "custom_config", nlohmann::json::object()));
  PENSTOCK_ASSIGN_OR_RETURN(const auto train_split, Parameter<std::string>(task, "train_split"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto eval_split, Parameter<std::string>(task, "eval_split"));
  const auto files = [&](const std::string& split) {
    return nlohmann::json::array({fs::Join(data::SplitDirectory(examples, split), "*")});
  };
  const auto steps = [](int64_t count) { return count > 0 ? nlohmann::json(count) : nlohmann::json(); };
  const std::string uri = fs::Absolute(graph->uri);
  const std::string schema = fs::Join(fs::Join(uri, "transformed_metadata"), "schema.pbtxt");
  const auto* base = OptionalInput(task, "base_model");
  return nlohmann::json{
      {"working_dir", work},
      {"train_files", files(train_split)},
      {"eval_files", files(eval_split)},
      {"train_steps", steps(train_steps)},
      {"eval_steps", steps(eval_steps)},
      {"schema_path", schema},
      {"schema_file", schema},
      {"transform_graph_path", uri},
      {"transform_output", uri},
      {"serving_model_dir", fs::Absolute(fs::Join(model.uri, model::kServingFolderName))},
      {"eval_model_dir", fs::Absolute(fs::Join(model.uri, "Format-TFMA"))},
      {"model_run_dir", fs::Absolute(model_run.uri)},
      {"base_model", base == nullptr ? nlohmann::json() : nlohmann::json(fs::Absolute(base->uri))},
      {"hyperparameters", hyperparameters},
      {"custom_config", custom}};
}

/// The splits as gzipped tf.Examples, below `work`.
Status WriteSplits(const TrainingSplits& splits, const std::string& work, const ExecutionContext& context) {
  for (const auto& [dataset, split] : {std::pair{splits.data.train, splits.data.train_name},
                                       std::pair{splits.data.eval, splits.data.eval_name}}) {
    const std::string folder = data::SplitDirectory(work, split);
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
    PENSTOCK_RETURN_IF_ERROR(
        model::WriteDenseExamples(*dataset, fs::Join(folder, kExamplesFile), context.options));
  }
  return OkStatus();
}

}  // namespace

Status TrainByModule(const pipeline::ExecutionTask& task, const TrainingSplits& splits,
                     const nlohmann::json& hyperparameters, pipeline::Artifact& model,
                     pipeline::Artifact& model_run, const ExecutionContext& context) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto module_file, Parameter<std::string>(task, "module_file"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto python, Parameter<std::string>(task, "python"));
  const std::string work = fs::Absolute(model_run.uri) + ".work";
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(work));
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(work));
  // Where a module made the transform, its examples are tf.Examples already, as TFT wrote them.
  const bool is_made_by_module = splits.data.transform->output_schema().empty();
  std::string examples = work;
  if (is_made_by_module) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* transformed, Input(task, "transformed_examples"));
    examples = fs::Absolute(transformed->uri);
  } else {
    PENSTOCK_RETURN_IF_ERROR(WriteSplits(splits, work, context));
  }
  for (const std::string& folder : {model.uri, model_run.uri})
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
  PENSTOCK_ASSIGN_OR_RETURN(const auto fn_args,
                            FnArgsOf(task, hyperparameters, work, examples, model, model_run));
  const nlohmann::json settings = {
      {"fn_args", fn_args},
      {"features", is_made_by_module ? nlohmann::json() : FeaturesOf(*splits.data.transform)}};
  PENSTOCK_RETURN_IF_ERROR(
      RunPythonModule({module_file, python, "run_fn"}, RunFnScript(), settings, work, context));

  const std::string serving = fs::Join(model.uri, model::kServingFolderName);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_model, fs::Exists(fs::Join(serving, "saved_model.pb")));
  if (!has_model) {
    return InvalidArgument("run_fn of {} left no SavedModel (saved_model.pb) in fn_args.serving_model_dir",
                           module_file);
  }
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(serving, model::foreign::kTransformBeside),
                                                   splits.data.transform->Serialize()));
  return fs::RemoveAll(work);
}

Result<pipeline::ExecutionReport> TrainByCommand(const pipeline::ExecutionTask& task,
                                                 const ExecutionContext& context) {
  PENSTOCK_ASSIGN_OR_RETURN(auto arguments, Parameter<std::vector<std::string>>(task, "command"));
  auto report = StartReport(task);
  PENSTOCK_ASSIGN_OR_RETURN(const auto* model, Output(report, "model"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto* run, Output(report, "model_run"));
  for (const std::string& folder : {model->uri, run->uri})
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
  pipeline::ExecutorInput input;
  input.task = task;
  input.output_file = fs::Absolute(run->uri) + ".executor_output.json";
  const std::string program = arguments.empty() ? "" : arguments[0];
  arguments.push_back("--executor_input");
  arguments.push_back(pipeline::PrintExecutorInput(input));
  ChildOptions options;
  options.arguments = std::move(arguments);
  options.withholds_secrets = true;
  const Status ended = RunChild(options, 0, context.options.cancellation);
  if (!ended.ok()) return Annotate(ended, fmt::format("command: {}", program));
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_output, fs::Exists(input.output_file));
  if (has_output) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text, fs::ReadFile(input.output_file));
    PENSTOCK_ASSIGN_OR_RETURN(report, pipeline::ParseExecutorOutput(text, task));
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(input.output_file));
  }
  PENSTOCK_RETURN_IF_ERROR(Annotate(model::FindModelFolder(model->uri).status(),
                                    fmt::format("command: {} left no model", program)));
  return report;
}

}  // namespace penstock::components
