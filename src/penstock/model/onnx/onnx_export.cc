#include "penstock/model/onnx/onnx_export.h"

#include <penstock/onnx_model.pb.h>

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
  const Signature& signature = model.signature();
  std::string prediction = builder.Cast(margins, onnx::TensorProto::DOUBLE);
  if (signature.task == Task::kBinaryClassification) prediction = builder.Node("Sigmoid", {prediction});
  builder.Output(prediction, signature.prediction_column, onnx::TensorProto::DOUBLE);
  AddMetadata("task", TaskName(signature.task), file);
  AddMetadata("missing", "text: \"\"; numbers: NaN", file);
  return SerializeDeterministically(file);
}

}  // namespace penstock::model
