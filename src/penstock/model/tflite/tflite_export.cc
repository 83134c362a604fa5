#include "penstock/model/tflite/tflite_export.h"

#include "penstock/base/near_miss.h"
#include "penstock/model/lowering/model_lowering.h"
#include "penstock/model/tflite/tflite_builder.h"
#include "penstock/model/tflite/tflite_file.h"

namespace penstock::model {

Result<TfliteQuantization> TfliteQuantizationFromName(std::string_view name) {
  if (name.empty()) return TfliteQuantization::kNone;
  if (name == "float16") return TfliteQuantization::kFloat16;
  if (name == "int8") return TfliteQuantization::kInt8;
  const std::vector<std::string> names = {"float16", "int8"};
  return NotFound("There is no quantization '{}' (float16, int8){}", name, DidYouMean(name, names));
}

Result<std::string> ExportTflite(const Model& model, TfliteQuantization quantization,
                                 const ActivationRanges* activations) {
  if (activations != nullptr && quantization != TfliteQuantization::kInt8)
    return InvalidArgument("Activations are quantized to int8 only");
  tflite::FileGraph graph;
  tflite::Builder builder(quantization, graph);
  PENSTOCK_ASSIGN_OR_RETURN(const Tensor prediction, LowerModel(model, builder, activations));
  builder.Output(prediction, model.signature().prediction_column);
  return tflite::WriteFile(graph);
}

}  // namespace penstock::model
