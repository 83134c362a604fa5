#include <cstdio>

#include "penstock/apps/command.h"
#include "penstock/model/export_format.h"
#include "penstock/model/model_versions.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string model, format, output, quantize;
};

Result<int> Export(const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(options.model));
  PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(folder));
  PENSTOCK_ASSIGN_OR_RETURN(const auto format, model::ExportFormatFromName(options.format));
  PENSTOCK_ASSIGN_OR_RETURN(const auto quantization, model::TfliteQuantizationFromName(options.quantize));
  PENSTOCK_ASSIGN_OR_RETURN(const auto exported,
                            model::ExportModel(*model, format, options.output, quantization));
  fmt::print("{}: {} bytes; {}\n", options.output, exported.num_bytes, exported.contents);
  return kExitSucceeded;
}

}  // namespace

void AddExportCommand(CLI::App& cli, Application& application) {
  auto* command =
      cli.add_subcommand("export", "Write a model, its transform within, in another runtime's format");
  command->footer("Example: penstock export --model examples/taxi/serving --to onnx -o taxi.onnx");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--model", options->model, "Model folder, or a folder of versions (the highest is taken)")
      ->required();
  command->add_option("--to", options->format, "The format: onnx or tflite (a file), savedmodel (a folder)")
      ->required()
      ->check(CLI::IsMember(model::ExportFormatNames()));
  command->add_option("-o,--output", options->output, "File or folder to write")->required();
  command->add_option("--quantize", options->quantize, "tflite: weights as float16 or int8");
  command->callback([&application, options] { application.action = [options] { return Export(*options); }; });
}

}  // namespace penstock::apps
