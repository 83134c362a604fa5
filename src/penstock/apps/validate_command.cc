#include <unistd.h>

#include <optional>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/apps/command.h"
#include "penstock/apps/proto_output.h"
#include "penstock/apps/statistics_html.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/validation/anomaly_report.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/statistics_validation.h"
#include "penstock/validation/validation_options.h"

namespace penstock::apps {
namespace {

namespace tfmd = tensorflow::metadata::v0;

struct Options {
  std::string statistics, schema, output, html, environment, previous, serving, previous_version, options;
  bool as_json = false, without_fixes = false;
};

/// The anomalies beside the statistics they were found in, and those they were held against.
Status WriteAnomaliesPage(const Options& options, const tfmd::Anomalies& anomalies) {
  std::vector<std::pair<std::string, std::string>> files = {
      {fs::BaseName(options.statistics), options.statistics}};
  if (!options.previous.empty())
    files.emplace_back("previous: " + fs::BaseName(options.previous), options.previous);
  if (!options.serving.empty())
    files.emplace_back("serving: " + fs::BaseName(options.serving), options.serving);
  return WriteStatisticsPage(options.html, files, &anomalies, true);
}

/// A dataset to compare with; nothing where no file is given.
Result<std::optional<tfmd::DatasetFeatureStatistics>> ReadControl(const std::string& file) {
  if (file.empty()) return std::optional<tfmd::DatasetFeatureStatistics>();
  PENSTOCK_ASSIGN_OR_RETURN(auto dataset, ReadWholeDataset(file));
  return std::optional(std::move(dataset));
}

const tfmd::DatasetFeatureStatistics* Get(const std::optional<tfmd::DatasetFeatureStatistics>& dataset) {
  return dataset.has_value() ? &*dataset : nullptr;
}

Result<int> Validate(const Options& options) {
  validation::ValidateOptions validating;
  validating.propose_fixes = !options.without_fixes;
  if (!options.options.empty())
    PENSTOCK_RETURN_IF_ERROR(validation::ReadValidateOptions(options.options, validating));
  if (!options.environment.empty()) validating.environment = options.environment;
  PENSTOCK_ASSIGN_OR_RETURN(const auto schema, validation::ReadSchema(options.schema));
  PENSTOCK_ASSIGN_OR_RETURN(const auto statistics, ReadWholeDataset(options.statistics));
  PENSTOCK_ASSIGN_OR_RETURN(const auto previous, ReadControl(options.previous));
  PENSTOCK_ASSIGN_OR_RETURN(const auto serving, ReadControl(options.serving));
  PENSTOCK_ASSIGN_OR_RETURN(const auto previous_version, ReadControl(options.previous_version));
  validating.previous_span = Get(previous);
  validating.serving = Get(serving);
  validating.previous_version = Get(previous_version);
  PENSTOCK_ASSIGN_OR_RETURN(const auto anomalies,
                            validation::ValidateStatistics(statistics, schema, validating));
  if (!options.output.empty()) PENSTOCK_RETURN_IF_ERROR(WriteProto(options.output, anomalies));
  if (!options.html.empty()) PENSTOCK_RETURN_IF_ERROR(WriteAnomaliesPage(options, anomalies));
  if (options.as_json) {
    PrintJson(anomalies);
  } else {
    fmt::print("{}", validation::FormatAnomalies(anomalies, {.colour = isatty(STDOUT_FILENO) != 0}));
  }
  return validation::HasErrors(anomalies) ? kExitRefused : kExitSucceeded;
}

}  // namespace

void AddValidateCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand("validate", "Hold statistics against a schema");
  command->footer(
      "Example: penstock validate stats.pb --schema schema.pbtxt -o anomalies.pbtxt\n"
      "Each anomaly written carries the change of the schema that makes it go away: penstock schema accept.\n"
      "OPTIONS, as JSON: {\"severity_overrides\": {\"SCHEMA_NEW_COLUMN\": \"WARNING\"}, \"features_needed\": "
      "[\"fare\"],\n"
      "\"new_features_are_warnings\": true, \"string_domain_limit\": 1000, \"raise_documented_types\": "
      "true}\n"
      "Exit code 3 when an anomaly is an error.");
  auto options = std::make_shared<Options>();
  command->add_option("statistics", options->statistics, "Statistics file")->required();
  command->add_option("--schema", options->schema, "Schema file")->required();
  command->add_option("-o,--output", options->output,
                      "Anomalies to write: .pbtxt text, .json JSON, else binary");
  command->add_option("--html", options->html,
                      "One HTML page to write, with the statistics beside the anomalies");
  command->add_option("--environment", options->environment, "Environment of the schema to validate for");
  command->add_option("--previous", options->previous,
                      "Statistics of the previous span, for drift comparators");
  command->add_option("--serving", options->serving, "Statistics of the serving data, for skew comparators");
  command->add_option("--previous-version", options->previous_version,
                      "Statistics of the previous version, for num_examples_version_comparator");
  command->add_option("--options", options->options, "JSON file of options (below)");
  command->add_flag("--no-fixes", options->without_fixes,
                    "Write anomalies without changes of the schema, as TFDV does");
  command->add_flag("--json", options->as_json, "Anomalies to standard output as JSON");
  command->callback(
      [&application, options] { application.action = [options] { return Validate(*options); }; });
}

}  // namespace penstock::apps
