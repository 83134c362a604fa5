#include "penstock/apps/training_data.h"

#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/learning/transformed_dataset.h"
#include "penstock/transform/analyze_transform.h"

namespace penstock::apps {
namespace {

Result<std::unique_ptr<data::Dataset>> Open(const std::vector<std::string>& patterns,
                                            const ExecutionOptions& compute) {
  return data::OpenDataset(patterns, {}, compute);
}

Result<std::shared_ptr<const transform::TransformGraph>> LoadTransform(const std::string& path,
                                                                       const data::Dataset& train,
                                                                       const ExecutionOptions& compute) {
  if (path.ends_with(".yaml") || path.ends_with(".yml")) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto spec, transform::ReadTransformSpec(path));
    PENSTOCK_ASSIGN_OR_RETURN(auto graph, transform::AnalyzeTransform(spec, train, compute));
    return std::make_shared<const transform::TransformGraph>(std::move(graph));
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto graph, transform::LoadTransformGraph(path));
  return std::make_shared<const transform::TransformGraph>(std::move(graph));
}

}  // namespace

void TrainingInput::AddOptions(CLI::App* command) {
  command
      ->add_option(
          "--data", data,
          "Examples, raw or transformed: a folder with Split-train and Split-eval, or the files to train "
          "on")
      ->required();
  command->add_option("--eval-data", eval,
                      "Examples that early stopping looks at, where --data has no splits");
  command
      ->add_option("--transform", transform,
                   "The transform's folder, or a features file (.yaml), which is then analysed first")
      ->required();
  command->add_option("--train-split", train_split, "The split to learn from");
  command->add_option("--eval-split", eval_split, "The split that early stopping looks at");
}

Result<OpenedTrainingData> OpenTrainingData(const TrainingInput& input, const ExecutionOptions& compute) {
  std::vector<std::string> train{input.data}, eval = input.eval;
  const std::string train_folder = data::SplitDirectory(input.data, input.train_split);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_splits, fs::Exists(train_folder));
  if (has_splits) {
    train = {train_folder};
    if (eval.empty()) eval = {data::SplitDirectory(input.data, input.eval_split)};
  } else if (eval.empty()) {
    return InvalidArgument("{} has no folder Split-{}: name the examples to evaluate on with --eval-data",
                           input.data, input.train_split);
  }
  OpenedTrainingData opened;
  PENSTOCK_ASSIGN_OR_RETURN(auto raw_train, Open(train, compute));
  PENSTOCK_ASSIGN_OR_RETURN(auto raw_eval, Open(eval, compute));
  PENSTOCK_ASSIGN_OR_RETURN(const auto graph, LoadTransform(input.transform, *raw_train, compute));
  PENSTOCK_ASSIGN_OR_RETURN(opened.train, learning::TransformOnRead(std::move(raw_train), graph));
  PENSTOCK_ASSIGN_OR_RETURN(opened.eval, learning::TransformOnRead(std::move(raw_eval), graph));
  opened.data = {opened.train.get(), opened.eval.get(), input.train_split, input.eval_split, graph};
  return opened;
}

Result<nlohmann::json> ParseParameters(const std::vector<std::string>& parameters) {
  nlohmann::json parsed = nlohmann::json::object();
  for (const std::string& parameter : parameters) {
    const size_t equals = parameter.find('=');
    if (equals == std::string::npos || equals == 0)
      return InvalidArgument("--param has to be name=value, not '{}'", parameter);
    const std::string text = parameter.substr(equals + 1);
    auto value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const bool is_plain = value.is_number() || value.is_boolean();
    parsed[parameter.substr(0, equals)] = is_plain ? std::move(value) : nlohmann::json(text);
  }
  return parsed;
}

}  // namespace penstock::apps
