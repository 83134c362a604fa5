#include <cstdio>
#include <optional>

#include "penstock/apps/command.h"
#include "penstock/apps/csv_flags.h"
#include "penstock/apps/shard_progress.h"
#include "penstock/data/dataset.h"
#include "penstock/model/export_format.h"
#include "penstock/model/model_versions.h"
#include "penstock/model/representative_data.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string model, format, output, quantize;
  std::vector<std::string> representative;
  CsvFlags csv;
  int num_threads = 0;
};

Result<model::ActivationRanges> Observe(const model::Model& model, const Application& application,
                                        const Options& options) {
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  data::DatasetOptions reading;
  PENSTOCK_ASSIGN_OR_RETURN(reading.csv, options.csv.Options());
  PENSTOCK_ASSIGN_OR_RETURN(auto opened, data::OpenDataset(options.representative, reading, compute));
  const ShardProgress dataset(std::move(opened), "observe", application.clock);
  auto seen = model::ObserveActivations(model, dataset, compute);
  if (seen.ok()) return seen;
  return Annotate(seen.status(), fmt::format("--representative {}", fmt::join(options.representative, " ")));
}

Result<int> Export(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(options.model));
  PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(folder));
  PENSTOCK_ASSIGN_OR_RETURN(const auto format, model::ExportFormatFromName(options.format));
  PENSTOCK_ASSIGN_OR_RETURN(const auto quantization, model::TfliteQuantizationFromName(options.quantize));
  std::optional<model::ActivationRanges> activations;
  if (!options.representative.empty()) {
    if (format != model::ExportFormat::kTflite || quantization != model::TfliteQuantization::kInt8)
      return InvalidArgument("--representative only goes with --to tflite --quantize int8");
    PENSTOCK_ASSIGN_OR_RETURN(activations, Observe(*model, application, options));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto exported,
                            model::ExportModel(*model, format, options.output, quantization,
                                               activations ? &*activations : nullptr));
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
  command->add_option("--quantize", options->quantize,
                      "tflite: weights as float16 or int8; their computations stay in floats "
                      "but for int8 with --representative");
  command->add_option("--representative", options->representative,
                      "Raw examples (files, folders or globs) by whose values the inputs and outputs of a "
                      "network's dense layers become int8 too; goes with --quantize int8");
  options->csv.AddOptions(command);
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Export(application, *options); };
  });
}

}  // namespace penstock::apps
