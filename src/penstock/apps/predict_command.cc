#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "penstock/apps/command.h"
#include "penstock/apps/csv_flags.h"
#include "penstock/apps/shard_progress.h"
#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/map_batches.h"
#include "penstock/model/bulk_prediction.h"
#include "penstock/model/model.h"
#include "penstock/model/model_versions.h"
#include "penstock/model/prediction_values.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string model, output, format = "parquet";
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

/// Predictions on standard output: a line each, or TF Serving's {"predictions": [...]}; of several classes
/// with their names, as its Classifications have them.
class Printer {
 public:
  Printer(bool as_json, const model::Signature& signature) : as_json_(as_json), signature_(signature) {}

  Status Print(const data::Batch& predictions) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto numbers,
                              model::PredictionValues(predictions, signature_.prediction_column));
    Start();
    fmt::memory_buffer text;
    const auto width = static_cast<size_t>(numbers.width);
    for (size_t first = 0; first < numbers.values.size(); first += width) {
      const auto values = numbers.values.subspan(first, width);
      const auto into = std::back_inserter(text);
      if (as_json_) {
        fmt::format_to(into, "{}", num_printed_ == 0 ? "" : ", ");
        signature_.class_names.empty() ? fmt::format_to(into, "{}", values[0])
                                       : fmt::format_to(into, "{}", OfClasses(values));
      } else {
        fmt::format_to(into, "{:>8}  {:.6f}\n", num_printed_ + 1, fmt::join(values, "  "));
      }
      ++num_printed_;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
    return OkStatus();
  }
  void Finish() {
    Start();
    if (as_json_) fmt::print("], \"output\": \"{}\"}}\n", signature_.prediction_column);
  }

 private:
  std::string OfClasses(std::span<const double> scores) const {
    nlohmann::json answer{{"classes", signature_.class_names}, {"scores", scores}};
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    if (signature_.task == model::Task::kMulticlassClassification)
      answer["class"] = signature_.class_names[static_cast<size_t>(best)];
    return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  /// Not before there is an answer: an error must not leave half a JSON text.
  void Start() {
    if (is_started_) return;
    is_started_ = true;
    const std::string columns = signature_.class_names.empty()
                                    ? signature_.prediction_column
                                    : fmt::format("{}", fmt::join(signature_.class_names, "  "));
    fmt::print("{}", as_json_ ? "{\"predictions\": [" : fmt::format("{:>8}  {}\n", "example", columns));
  }

  const bool as_json_;
  const model::Signature& signature_;
  bool is_started_ = false;
  int64_t num_printed_ = 0;
};

/// A file for each shard, with the examples beside their predictions; goes on where it was killed.
Result<int> PredictIntoFolder(const model::Model& model, const data::Dataset& dataset, const Options& options,
                              const ExecutionOptions& compute) {
  if (options.limit > 0 || options.as_json)
    return InvalidArgument("--limit and --json do not go with a folder of predictions: {}", options.output);
  PENSTOCK_ASSIGN_OR_RETURN(const model::BulkFormat format, model::BulkFormatOf(options.format));
  const std::string folder = options.output.substr(0, options.output.size() - 1);
  PENSTOCK_ASSIGN_OR_RETURN(
      const model::BulkPrediction done,
      model::PredictShards(model, dataset, fmt::format("{}", fmt::join(options.input, "\n")), folder, format,
                           compute));
  fmt::print(
      "{} examples in {} files{}\n", done.num_rows, done.num_shards,
      done.num_resumed == 0 ? "" : fmt::format(", {} of them from an earlier attempt", done.num_resumed));
  return kExitSucceeded;
}

Result<int> Predict(const Application& application, const Options& options) {
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string folder, model::FindModelFolder(options.model));
  PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(folder));
  data::DatasetOptions reading;
  PENSTOCK_ASSIGN_OR_RETURN(reading.csv, options.csv.Options());
  PENSTOCK_ASSIGN_OR_RETURN(auto opened, data::OpenDataset(options.input, reading, compute));
  const auto dataset = std::make_unique<ShardProgress>(std::move(opened), "predict", application.clock);
  if (options.output.ends_with('/')) return PredictIntoFolder(*model, *dataset, options, compute);
  const model::Signature& signature = model->signature();
  std::unique_ptr<data::ExampleWriter> writer;
  if (!options.output.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto format, FormatOf(options.output));
    PENSTOCK_ASSIGN_OR_RETURN(
        writer, data::OpenExampleWriter(options.output, model::OutputsWithClassNames(signature), format));
  }
  std::optional<Printer> printer;
  if (writer == nullptr) printer.emplace(options.as_json, signature);
  const int64_t max_rows = options.limit > 0 ? options.limit : INT64_MAX;
  PENSTOCK_RETURN_IF_ERROR(data::MapBatches(
      *dataset, compute, [&](const data::Batch& batch) { return model->Predict(batch); },
      [&](const data::Batch& batch) -> Status {
        if (writer == nullptr) return printer->Print(batch);
        PENSTOCK_ASSIGN_OR_RETURN(const data::Batch named, model::WithClassNames(signature, batch));
        return writer->Write(named);
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
  command->add_option(
      "-o,--output", options->output,
      "File to write: .parquet, .tfrecord or .tfrecord.gz; or a folder, ending in /, of files with "
      "the examples beside, which goes on where it was killed; else standard output");
  command->add_option("--format", options->format, "Of files in a folder")
      ->check(CLI::IsMember({"parquet", "tfrecord_gzip", "prediction_log"}));
  command->add_option("--limit", options->limit, "Only so many examples")->check(CLI::NonNegativeNumber);
  options->csv.AddOptions(command);
  command->add_flag("--json", options->as_json, "JSON, as TF Serving answers");
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Predict(application, *options); };
  });
}

}  // namespace penstock::apps
