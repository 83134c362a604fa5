#include "penstock/model/onnx/onnx_export.h"

#include <algorithm>

#include <penstock/onnx_model.pb.h>
#include <nlohmann/json.hpp>

#include "penstock/base/proto_io.h"
#include "penstock/model/forest_model.h"
#include "penstock/model/network_model.h"
#include "penstock/model/onnx/onnx_builder.h"
#include "penstock/model/onnx/onnx_function.h"
#include "penstock/model/onnx/onnx_transform.h"

namespace penstock::model {
namespace {

constexpr int64_t kIrVersion = 9;
constexpr int64_t kOpset = 19;
constexpr int64_t kMachineLearningOpset = 3;

void AddMetadata(std::string_view key, std::string_view value, onnx::ModelProto& file) {
  onnx::StringStringEntryProto& entry = *file.add_metadata_props();
  entry.set_key(std::string(key));
  entry.set_value(std::string(value));
}

/// The link, and the outputs as Predict gives them.
void AddPredictions(const Signature& signature, const std::string& margins, onnx::Builder& builder) {
  const auto width = static_cast<int64_t>(std::max<size_t>(1, signature.class_names.size()));
  std::string predictions = margins;
  switch (signature.task) {
    case Task::kBinaryClassification:
    case Task::kMultilabelClassification:
      predictions = builder.Node("Sigmoid", {margins});
      break;
    case Task::kMulticlassClassification:
      predictions = builder.Node("Softmax", {margins});
      onnx::Builder::Set(builder.last(), "axis", int64_t{1});
      break;
    case Task::kRegression:
    case Task::kReconstruction:
    case Task::kRanking:
      break;
  }
  builder.Output(predictions, signature.prediction_column, onnx::TensorProto::DOUBLE, width);
  if (signature.task != Task::kMulticlassClassification) return;
  const std::string likeliest = builder.Node("ArgMax", {predictions});
  onnx::Builder::Set(builder.last(), "axis", int64_t{1});
  const std::string name = builder.Node("Gather", {builder.Texts(signature.class_names, {width}), likeliest});
  builder.Output(name, std::string(kClassColumn), onnx::TensorProto::STRING);
}

}  // namespace

Result<std::string> ExportOnnx(const Model& model) {
  onnx::ModelProto file;
  file.set_ir_version(kIrVersion);
  file.set_producer_name("penstock");
  onnx::OperatorSetIdProto& opset = *file.add_opset_import();
  opset.set_version(kOpset);
  onnx::OperatorSetIdProto& machine_learning = *file.add_opset_import();
  machine_learning.set_domain("ai.onnx.ml");
  machine_learning.set_version(kMachineLearningOpset);
  file.mutable_graph()->set_name("penstock");
  onnx::Builder builder(*file.mutable_graph());
  PENSTOCK_ASSIGN_OR_RETURN(const std::string matrix, onnx::BuildTransform(model.transform(), builder));
  std::string margins;
  if (const auto* forest = dynamic_cast<const ForestModel*>(&model)) {
    margins = onnx::BuildForest(forest->forest(), matrix, builder);
  } else if (const auto* network = dynamic_cast<const NetworkModel*>(&model)) {
    PENSTOCK_ASSIGN_OR_RETURN(margins, onnx::BuildNetwork(network->network(), matrix, builder));
  } else {
    return Unimplemented("This kind of model cannot be exported to ONNX");
  }
  AddPredictions(model.signature(), builder.Cast(margins, onnx::TensorProto::DOUBLE), builder);
  AddMetadata("task", TaskName(model.signature().task), file);
  if (!model.signature().class_names.empty()) {
    const nlohmann::json names(model.signature().class_names);
    AddMetadata("classes", names.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace), file);
  }
  AddMetadata("missing", "text: \"\"; numbers: NaN", file);
  return SerializeDeterministically(file);
}

}  // namespace penstock::model
