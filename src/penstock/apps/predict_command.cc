#include <cstdio>

#include "penstock/apps/command.h"
#include "penstock/apps/csv_flags.h"
#include "penstock/apps/shard_progress.h"
#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/map_batches.h"
#include "penstock/model/model.h"
#include "penstock/model/model_versions.h"
#include "penstock/model/prediction_values.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string model, output;
  std::vector<std::string> input;
  CsvFlags csv;
  int64_t limit = 0;
  bool as_json = false;
  int num_threads = 0;
};

Result<data::PayloadFormat> FormatOf(const std::string& path) {
  if (path.ends_with(".parquet")) return data::PayloadFormat::kParquet;
  if (path.ends_with(".tfrecord")) return data::PayloadFormat::kTfRecord;
  if (path.ends_with(".tfrecord.gz")) return data::PayloadFormat::kTfRecordGzip;
  return InvalidArgument("--output has to end in .parquet, .tfrecord or .tfrecord.gz: {}", path);
}

/// Predictions on standard output: a line each, or TF Serving's {"predictions": [...]}.
class Printer {
 public:
  Printer(bool as_json, std::string column) : as_json_(as_json), column_(std::move(column)) {}
  void Print(std::span<const double> values) {
    Start();
    fmt::memory_buffer text;
    for (const double value : values) {
      if (as_json_) {
        fmt::format_to(std::back_inserter(text), "{}{}", num_printed_ == 0 ? "" : ", ", value);
      } else {
        fmt::format_to(std::back_inserter(text), "{:>8}  {:.6f}\n", num_printed_ + 1, value);
      }
      ++num_printed_;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  void Finish() {
    Start();
    if (as_json_) fmt::print("], \"output\": \"{}\"}}\n", column_);
  }

 private:
  /// Not before there is an answer: an error must not leave half a JSON text.
  void Start() {
    if (is_started_) return;
    is_started_ = true;
    fmt::print("{}", as_json_ ? "{\"predictions\": [" : fmt::format("{:>8}  {}\n", "example", column_));
  }

  const bool as_json_;
  const std::string column_;
  bool is_started_ = false;
  int64_t num_printed_ = 0;
};

Result<int> Predict(const Application& application, const Options& options) {
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(options.model));
  PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(folder));
  data::DatasetOptions reading;
  PENSTOCK_ASSIGN_OR_RETURN(reading.csv, options.csv.Options());
  PENSTOCK_ASSIGN_OR_RETURN(auto opened, data::OpenDataset(options.input, reading, compute));
  const auto dataset = std::make_unique<ShardProgress>(std::move(opened), "predict", application.clock);
  const auto& column = model->signature().prediction_column;
  std::unique_ptr<data::ExampleWriter> writer;
  if (!options.output.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto format, FormatOf(options.output));
    PENSTOCK_ASSIGN_OR_RETURN(writer,
                              data::OpenExampleWriter(options.output, model->signature().outputs(), format));
  }
  std::optional<Printer> printer;
  if (writer == nullptr) printer.emplace(options.as_json, column);
  const int64_t max_rows = options.limit > 0 ? options.limit : INT64_MAX;
  PENSTOCK_RETURN_IF_ERROR(data::MapBatches(
      *dataset, compute, [&](const data::Batch& batch) { return model->Predict(batch); },
      [&](const data::Batch& batch) -> Status {
        if (writer != nullptr) return writer->Write(batch);
        PENSTOCK_ASSIGN_OR_RETURN(const auto values, model::PredictionValues(batch, column));
        printer->Print(values);
        return OkStatus();
      },
      max_rows));
  if (printer) printer->Finish();
  if (writer != nullptr) PENSTOCK_RETURN_IF_ERROR(writer->Close());
  return kExitSucceeded;
}

}  // namespace

void AddPredictCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand("predict", "Ask a model for predictions");
  command->footer("Example: penstock predict --model examples/taxi/serving --input data.csv --json");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--model", options->model, "Model folder, or a folder of versions (the highest is taken)")
      ->required();
  command->add_option("--input", options->input, "Raw examples: files, folders or globs")->required();
  command->add_option("-o,--output", options->output,
                      "File to write: .parquet, .tfrecord or .tfrecord.gz; else standard output");
  command->add_option("--limit", options->limit, "Only so many examples")->check(CLI::NonNegativeNumber);
  options->csv.AddOptions(command);
  command->add_flag("--json", options->as_json, "JSON, as TF Serving answers");
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Predict(application, *options); };
  });
}

}  // namespace penstock::apps
