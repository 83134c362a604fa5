#include "penstock/model/export_format.h"

#include <algorithm>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/model/onnx/onnx_export.h"
#include "penstock/model/saved_model/saved_model_export.h"

namespace penstock::model {

std::string_view NameOf(ExportFormat format) { return ExportFormatNames()[static_cast<size_t>(format)]; }

const std::vector<std::string>& ExportFormatNames() {
  static const std::vector<std::string> names = {"onnx", "savedmodel", "tflite"};
  return names;
}

Result<ExportFormat> ExportFormatFromName(std::string_view name) {
  const auto& names = ExportFormatNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    return NotFound("There is no format '{}' to export to ({}){}", name, fmt::join(names, ", "),
                    DidYouMean(name, names));
  }
  return static_cast<ExportFormat>(found - names.begin());
}

Result<std::vector<ExportFormat>> ExportFormatsFromNames(const std::vector<std::string>& names) {
  std::vector<ExportFormat> formats;
  for (const std::string& name : names) {
    PENSTOCK_ASSIGN_OR_RETURN(const ExportFormat format, ExportFormatFromName(name));
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) formats.push_back(format);
  }
  return formats;
}

Result<Exported> ExportModel(const Model& model, ExportFormat format, const std::string& path,
                             TfliteQuantization quantization, const ActivationRanges* activations) {
  if (format != ExportFormat::kTflite && quantization != TfliteQuantization::kNone)
    return InvalidArgument("Only tflite files are quantized, not {}", NameOf(format));
  if (format != ExportFormat::kSavedModel) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string bytes, format == ExportFormat::kOnnx
                                                           ? ExportOnnx(model)
                                                           : ExportTflite(model, quantization, activations));
    PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(path, bytes));
    return Exported{
        static_cast<int64_t>(bytes.size()),
        fmt::format("inputs {}; output {}", fmt::join(model.signature().inputs->field_names(), ", "),
                    model.signature().prediction_column)};
  }
  PENSTOCK_ASSIGN_OR_RETURN(const SavedModelFiles files, ExportSavedModel(model));
  PENSTOCK_RETURN_IF_ERROR(WriteSavedModel(files, path));
  auto num_bytes = static_cast<int64_t>(files.graph.size());
  for (const saved_model::Asset& asset : files.assets)
    num_bytes += static_cast<int64_t>(asset.content.size());
  return Exported{num_bytes, fmt::format("signatures {}; output {}", fmt::join(files.signatures, ", "),
                                         model.signature().prediction_column)};
}

std::string PathBeside(const std::string& model_folder, ExportFormat format) {
  if (format == ExportFormat::kSavedModel) return model_folder;
  return fs::Join(model_folder, fmt::format("model.{}", NameOf(format)));
}

}  // namespace penstock::model
