#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/apps/command.h"
#include "penstock/apps/csv_flags.h"
#include "penstock/apps/shard_progress.h"
#include "penstock/apps/span_arguments.h"
#include "penstock/apps/sql_flags.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/proto_io.h"
#include "penstock/data/dataset.h"
#include "penstock/statistics/options_json.h"
#include "penstock/statistics/sliced_statistics.h"
#include "penstock/statistics/span_statistics.h"
#include "penstock/statistics/statistics.h"
#include "penstock/validation/numeric_drift.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_inference.h"

namespace penstock::apps {
namespace {

namespace tfmd = tensorflow::metadata::v0;

struct GenerateOptions {
  std::vector<std::string> data;
  std::string output, schema, statistics_options, spans, cache, drift_from;
  std::vector<std::string> slices;
  bool explains = false;
  CsvFlags csv;
  SqlFlags sql;
  int num_threads = 0;
  int64_t memory_limit_mb = 0;  // 0: as the options' file or the default has it.
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
  if (options.memory_limit_mb > 0) counting.memory_limit_bytes = options.memory_limit_mb << 20;
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
  // What numbers are compared by.
  if (!options.drift_from.empty() && counting.numeric_sketch_size == 0) counting.numeric_sketch_size = 1000;
  return counting;
}

void TellAbsentSliceFeatures(const arrow::Schema& schema, const statistics::StatisticsOptions& counting) {
  for (const std::string& name : statistics::SlicedStatistics::AbsentFeatures(schema, counting))
    fmt::print(stderr,
               "Note: the feature '{}' to slice by is not in the data{}; no example is in its slices\n", name,
               DidYouMean(name, schema.field_names()));
}

/// All at once, or span by span where there are spans or a cache of their states.
Result<tfmd::DatasetFeatureStatisticsList> Compute(const Application& application,
                                                   const GenerateOptions& options,
                                                   const data::DatasetOptions& reading,
                                                   const statistics::StatisticsOptions& counting,
                                                   const ExecutionOptions& compute) {
  const auto observe = [&](std::unique_ptr<data::Dataset> dataset) -> std::unique_ptr<data::Dataset> {
    TellAbsentSliceFeatures(*dataset->schema(), counting);
    return std::make_unique<ShardProgress>(std::move(dataset), "statistics", application.clock);
  };
  const bool by_span = NamesSpans(options.data) || !options.spans.empty() || !options.cache.empty();
  if (!by_span) {
    if (options.explains) fmt::print("all of the data are read: no spans, no --cache\n");
    PENSTOCK_ASSIGN_OR_RETURN(auto opened, options.sql.Open(options.data, reading, compute));
    return statistics::ComputeStatistics(*observe(std::move(opened)), counting, compute);
  }
  if (!options.sql.connection.empty() || !options.sql.query.empty())
    return InvalidArgument("--spans and --cache are for files; a query is read whole each time");
  PENSTOCK_ASSIGN_OR_RETURN(const auto spans, SpansOf(options.data, options.spans));
  PENSTOCK_ASSIGN_OR_RETURN(auto computed, statistics::ComputeOverSpans(spans, reading, counting,
                                                                        {options.cache, observe}, compute));
  if (options.explains) fmt::print("{}", statistics::ExplainSpans(computed.spans));
  return std::move(computed.list);
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
  PENSTOCK_ASSIGN_OR_RETURN(auto list, Compute(application, options, reading, counting, compute));
  if (!options.drift_from.empty()) {
    tfmd::DatasetFeatureStatisticsList baseline;
    PENSTOCK_RETURN_IF_ERROR(ReadProto(options.drift_from, baseline));
    validation::AddDrift(baseline, list);
  }
  PENSTOCK_RETURN_IF_ERROR(WriteProto(options.output, list));
  return kExitSucceeded;
}

void AddGenerate(CLI::App* stats, Application& application) {
  auto* command = stats->add_subcommand("generate", "Compute statistics of data files");
  command->footer(
      "Example: penstock stats generate data.csv -o stats.pb\n"
      "         penstock stats generate 'days/{YYYY}-{MM}-{DD}.parquet' --spans 30 --cache states --explain "
      "-o "
      "month.pb");
  auto options = std::make_shared<GenerateOptions>();
  command->add_option("data", options->data, "Files, folders or globs (CSV, Parquet, TFRecord, …)");
  options->sql.AddOptions(command);
  command->add_option("-o,--output", options->output, "File to write: .pbtxt text, .json JSON, else binary")
      ->required();
  command->add_option("--schema", options->schema, "Schema that says the columns' types");
  command->add_option("--options", options->statistics_options,
                      "JSON file with StatsOptions as TFDV names them");
  command->add_option(
      "--slices", options->slices,
      "Statistics of slices too: feature (each value), feature=value, several with commas (crossed), or "
      "'SELECT STRUCT(feature) FROM example.feature WHERE condition'");
  command->add_option(
      "--spans", options->spans,
      "Of DATA with {SPAN} or {YYYY}, {MM}, {DD}: 30 for the latest 30, 5-20 for those; default: "
      "the latest");
  command->add_option(
      "--cache", options->cache,
      "Folder that keeps each span's (else each file's) counts: only what is new is read again");
  command->add_flag("--explain", options->explains,
                    "Say of each span whether it was read or came from --cache");
  command->add_option("--drift-from", options->drift_from,
                      "Statistics to measure drift from, written with the statistics (custom_stats 'drift')");
  command
      ->add_option("--memory-limit-mb", options->memory_limit_mb,
                   "What the counts may take in memory: exact while they fit, sketched more coarsely beyond "
                   "(default: 640)")
      ->check(CLI::Range(int64_t{16}, int64_t{1} << 30));
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
