#include "penstock/model/model.h"

#include <limits>

#include <penstock/model.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/model/foreign/foreign_model.h"
#include "penstock/model/forest_model.h"
#include "penstock/model/model_versions.h"
#include "penstock/model/network_model.h"
#include "penstock/model/saved_model/saved_model_export.h"

namespace penstock::model {

namespace {

constexpr Task kAllTasks[] = {Task::kBinaryClassification,     Task::kRegression,
                              Task::kReconstruction,           Task::kMulticlassClassification,
                              Task::kMultilabelClassification, Task::kRanking};

}  // namespace

std::string_view TaskName(Task task) {
  switch (task) {
    case Task::kBinaryClassification:
      return "binary_classification";
    case Task::kRegression:
      return "regression";
    case Task::kReconstruction:
      return "reconstruction";
    case Task::kMulticlassClassification:
      return "multiclass_classification";
    case Task::kMultilabelClassification:
      return "multilabel_classification";
    case Task::kRanking:
      break;
  }
  return "ranking";
}

Result<Task> TaskFromName(std::string_view name) {
  std::vector<std::string> known;
  for (Task task : kAllTasks) {
    if (TaskName(task) == name) return task;
    known.emplace_back(TaskName(task));
  }
  return NotFound("There is no task named '{}'{}", name, DidYouMean(name, known));
}

std::shared_ptr<arrow::Schema> Signature::outputs() const {
  const auto field = [](std::string_view name, std::shared_ptr<arrow::DataType> type) {
    return arrow::field(std::string(name), std::move(type), /*nullable=*/false);
  };
  if (class_names.empty()) return arrow::schema({field(prediction_column, arrow::float64())});
  const auto scores = field(prediction_column, arrow::list(arrow::float64()));
  if (task == Task::kMultilabelClassification) return arrow::schema({scores});
  return arrow::schema({field(kClassColumn, arrow::utf8()), scores});
}

Status SaveModel(const Model& model, const std::string& uri) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string bytes, model.Encode());
  return fs::WriteFileAtomically(fs::Join(uri, kModelFileName), bytes);
}

Result<std::shared_ptr<const Model>> LoadModel(const std::string& uri) {
  if (foreign::IsModelFile(uri)) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto model, foreign::ForeignModel::LoadFile(uri));
    return std::shared_ptr<const Model>(model);
  }
  const std::string path = fs::Join(uri, kModelFileName);
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_ours, fs::Exists(path));
  for (const std::string& folder : {uri, fs::Join(uri, kServingFolderName)}) {
    if (is_ours) break;
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_saved_model, fs::Exists(fs::Join(folder, kSavedModelFileName)));
    if (!is_saved_model) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto model, foreign::ForeignModel::LoadSavedModel(folder));
    return std::shared_ptr<const Model>(model);
  }
  for (const std::string_view name : kForeignModelFileNames) {
    const std::string file = fs::Join(uri, name);
    PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(file));
    if (exists && !is_ours) return LoadModel(file);
  }
  Result<std::string> bytes = fs::ReadFile(path);
  if (!bytes.ok()) return Annotate(bytes.status(), "There is no model to load");
  return DecodeModel(*bytes, path);
}

Result<std::shared_ptr<const Model>> DecodeModel(std::string_view bytes, std::string_view name) {
  v1::ModelFile file;
  if (bytes.size() > std::numeric_limits<int>::max() ||
      !file.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return DataLoss("{}: the file is not a Penstock model, or it is cut off", name);
  }
  if (file.format_version() == 0) return DataLoss("{}: the file is not a Penstock model", name);
  if (file.format_version() > kModelFormatVersion) {
    return DataLoss("{}: the model is of format {}, this release reads up to {}; use a later penstock", name,
                    file.format_version(), kModelFormatVersion);
  }
  switch (file.learned_function_case()) {
    case v1::ModelFile::kForest: {
      Result<std::shared_ptr<const ForestModel>> model = ForestModel::FromFile(file);
      if (!model.ok()) return Annotate(model.status(), name);
      return std::shared_ptr<const Model>(*std::move(model));
    }
    case v1::ModelFile::kNetwork: {
      Result<std::shared_ptr<const NetworkModel>> model = NetworkModel::FromFile(file);
      if (!model.ok()) return Annotate(model.status(), name);
      return std::shared_ptr<const Model>(*std::move(model));
    }
    case v1::ModelFile::LEARNED_FUNCTION_NOT_SET:
      break;
  }
  return DataLoss("{}: the model holds no learned function that this release knows", name);
}

}  // namespace penstock::model
