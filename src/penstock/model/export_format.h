#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/model.h"
#include "penstock/model/tflite/tflite_export.h"

namespace penstock::model {

/// Formats that other runtimes read.
enum class ExportFormat { kOnnx, kSavedModel, kTflite };

/// "onnx", "savedmodel", "tflite".
std::string_view NameOf(ExportFormat format);
const std::vector<std::string>& ExportFormatNames();
/// kNotFound with the nearest name there is.
Result<ExportFormat> ExportFormatFromName(std::string_view name);
/// The same of a JSON list or a text with commas, each once, in the order given.
Result<std::vector<ExportFormat>> ExportFormatsFromNames(const std::vector<std::string>& names);

/// What was written, in words: how large, its inputs or signatures.
struct Exported {
  int64_t num_bytes = 0;
  std::string contents;
};

/// Writes the model, transform and all: a folder for kSavedModel, else a file. Errors as in onnx_export.h,
/// saved_model_export.h and tflite_export.h; kInvalidArgument where another format shall be quantized.
/// `activations`: see tflite_export.h.
Result<Exported> ExportModel(const Model& model, ExportFormat format, const std::string& path,
                             TfliteQuantization quantization = TfliteQuantization::kNone,
                             const ActivationRanges* activations = nullptr);

/// Where it lies when it lies beside model.pb, as Trainer and Pusher write it: model.onnx, model.tflite; the
/// SavedModel in the folder itself, where TF Serving looks for it.
std::string PathBeside(const std::string& model_folder, ExportFormat format);

}  // namespace penstock::model
