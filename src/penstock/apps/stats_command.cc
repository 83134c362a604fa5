#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/apps/command.h"
#include "penstock/apps/csv_flags.h"
#include "penstock/apps/shard_progress.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/data/dataset.h"
#include "penstock/statistics/options_json.h"
#include "penstock/statistics/statistics.h"
#include "penstock/validation/numeric_drift.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_inference.h"

namespace penstock::apps {
namespace {

namespace tfmd = tensorflow::metadata::v0;

struct GenerateOptions {
  std::vector<std::string> data;
  std::string output, schema, statistics_options;
  std::vector<std::string> slices;
  CsvFlags csv;
  int num_threads = 0;
};

/// What the options' file and --slices say; all defaults without.
Result<statistics::StatisticsOptions> ReadStatisticsOptions(const GenerateOptions& options) {
  statistics::StatisticsOptions counting;
  if (!options.statistics_options.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto json, fs::ReadFile(options.statistics_options));
    auto parsed = statistics::ParseStatisticsOptions(json);
    if (!parsed.ok()) return Annotate(parsed.status(), options.statistics_options);
    counting = *std::move(parsed);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto slices, statistics::ParseSlices(options.slices));
  counting.slices.insert(counting.slices.end(), slices.begin(), slices.end());
  for (const auto& slice : counting.slices) {
    if (!slice.texts_match_nothing || slice.feature_values.empty()) continue;
    fmt::print(stderr,
               "Note: feature_values of slicing_config match no value of a string feature, as in TFDV; write "
               "--slices "
               "{}={} for that slice\n",
               slice.feature_values.begin()->first, slice.feature_values.begin()->second);
  }
  return counting;
}

Result<int> GenerateStatistics(const Application& application, const GenerateOptions& options) {
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  data::DatasetOptions reading;
  PENSTOCK_ASSIGN_OR_RETURN(auto counting, ReadStatisticsOptions(options));
  reading.schema = counting.schema;
  tfmd::Schema schema;
  if (!options.schema.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(schema, validation::ReadSchema(options.schema));
    reading.schema = counting.schema = &schema;
  }
  PENSTOCK_ASSIGN_OR_RETURN(reading.csv, options.csv.Options());
  PENSTOCK_ASSIGN_OR_RETURN(auto opened, data::OpenDataset(options.data, reading, compute));
  const auto dataset = std::make_unique<ShardProgress>(std::move(opened), "statistics", application.clock);
  PENSTOCK_ASSIGN_OR_RETURN(const auto list, statistics::ComputeStatistics(*dataset, counting, compute));
  PENSTOCK_RETURN_IF_ERROR(WriteProto(options.output, list));
  return kExitSucceeded;
}

void AddGenerate(CLI::App* stats, Application& application) {
  auto* command = stats->add_subcommand("generate", "Compute statistics of data files");
  command->footer("Example: penstock stats generate data.csv -o stats.pb");
  auto options = std::make_shared<GenerateOptions>();
  command->add_option("data", options->data, "Files, folders or globs (CSV, Parquet, TFRecord)")->required();
  command->add_option("-o,--output", options->output, "File to write: .pbtxt text, .json JSON, else binary")
      ->required();
  command->add_option("--schema", options->schema, "Schema that says the columns' types");
  command->add_option("--options", options->statistics_options,
                      "JSON file with StatsOptions as TFDV names them");
  command->add_option(
      "--slices", options->slices,
      "Statistics of slices too: feature (each value), feature=value, several with commas (crossed)");
  options->csv.AddOptions(command);
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return GenerateStatistics(application, *options); };
  });
}

Result<tfmd::DatasetFeatureStatistics> ReadWhole(const std::string& path) {
  tfmd::DatasetFeatureStatisticsList list;
  PENSTOCK_RETURN_IF_ERROR(ReadProto(path, list));
  PENSTOCK_ASSIGN_OR_RETURN(const auto* whole, validation::WholeDataset(list));
  return *whole;
}

void AddDrift(CLI::App* stats, Application& application) {
  struct Options {
    std::string statistics, baseline;
    bool as_json = false;
  };
  auto* command = stats->add_subcommand("drift", "Measure how far the features of two datasets lie apart");
  command->footer(
      "Example: penstock stats drift today.pb yesterday.pb\n"
      "Numeric features are compared where both statistics were made with the option numeric_sketch_size, "
      "say "
      "{\"numeric_sketch_size\": 1000}.");
  auto options = std::make_shared<Options>();
  command->add_option("statistics", options->statistics, "Statistics to compare")->required();
  command->add_option("baseline", options->baseline, "Statistics to compare with")->required();
  command->add_flag("--json", options->as_json, "One JSON object");
  command->callback([&application, options] {
    application.action = [options]() -> Result<int> {
      PENSTOCK_ASSIGN_OR_RETURN(const auto statistics, ReadWhole(options->statistics));
      PENSTOCK_ASSIGN_OR_RETURN(const auto baseline, ReadWhole(options->baseline));
      const validation::DriftReport report = validation::MeasureDrift(statistics, baseline);
      fmt::print("{}", options->as_json ? validation::DriftJson(report) : validation::FormatDrift(report));
      if (!report.without_sketch.empty() && !options->as_json) {
        fmt::print(
            stderr,
            "Note: {} numeric features are not compared, the first '{}': make both statistics with the "
            "option {{\"numeric_sketch_size\": 1000}}\n",
            report.without_sketch.size(), report.without_sketch.front());
      }
      return kExitSucceeded;
    };
  });
}

}  // namespace

void AddStatsCommand(CLI::App& cli, Application& application) {
  auto* stats = cli.add_subcommand("stats", "Statistics of data: generate, show, drift");
  stats->require_subcommand(1);
  AddGenerate(stats, application);
  AddDrift(stats, application);
  AddStatsShowCommand(*stats, application);
}

}  // namespace penstock::apps
