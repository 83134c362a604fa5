#include <cstdio>

#include "penstock/apps/command.h"
#include "penstock/base/filesystem.h"
#include "penstock/model/model_versions.h"
#include "penstock/model/onnx/onnx_export.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string model, format, output;
};

Result<int> Export(const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(options.model));
  PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(folder));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string bytes, model::ExportOnnx(*model));
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(options.output, bytes));
  fmt::print("{}: {} bytes; inputs {}; output {}\n", options.output, bytes.size(),
             fmt::join(model->signature().inputs->field_names(), ", "), model->signature().prediction_column);
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
  command->add_option("--to", options->format, "The format: onnx")
      ->required()
      ->check(CLI::IsMember({"onnx"}));
  command->add_option("-o,--output", options->output, "File to write")->required();
  command->callback([&application, options] { application.action = [options] { return Export(*options); }; });
}

}  // namespace penstock::apps
