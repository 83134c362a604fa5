#include "penstock/model/onnx/onnx_export.h"

#include <penstock/onnx_model.pb.h>
#include <nlohmann/json.hpp>

#include "penstock/base/proto_io.h"
#include "penstock/model/lowering/model_lowering.h"
#include "penstock/model/onnx/onnx_builder.h"

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
  PENSTOCK_ASSIGN_OR_RETURN(const Tensor predictions, LowerModel(model, builder));
  builder.Output(predictions, model.signature().prediction_column);
  if (model.signature().task == Task::kMulticlassClassification)
    builder.Output(builder.Likeliest(predictions, model.signature().class_names), std::string(kClassColumn));
  AddMetadata("task", TaskName(model.signature().task), file);
  if (!model.signature().class_names.empty()) {
    const nlohmann::json names(model.signature().class_names);
    AddMetadata("classes", names.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace), file);
  }
  AddMetadata("missing", "text: \"\"; numbers: NaN", file);
  return SerializeDeterministically(file);
}

}  // namespace penstock::model
