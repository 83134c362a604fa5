#include <unistd.h>

#include <optional>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/apps/command.h"
#include "penstock/apps/offending_examples_report.h"
#include "penstock/apps/proto_output.h"
#include "penstock/apps/statistics_html.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/validation/custom_validation.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/sliced_validation.h"
#include "penstock/validation/statistics_validation.h"
#include "penstock/validation/validation_options.h"

namespace penstock::apps {
namespace {

namespace tfmd = tensorflow::metadata::v0;

struct Options {
  std::string statistics, schema, output, html, environment, previous, serving, previous_version, options;
  std::string custom, base;
  bool as_json = false, without_fixes = false, per_slice = false;
  OffendingExamplesFlags examples;
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

/// Statistics to compare with; nothing where no file is given.
Result<std::optional<tfmd::DatasetFeatureStatisticsList>> ReadControl(const std::string& file) {
  std::optional<tfmd::DatasetFeatureStatisticsList> list;
  if (file.empty()) return list;
  PENSTOCK_RETURN_IF_ERROR(ReadProto(file, list.emplace()));
  const auto whole = validation::WholeDataset(*list);
  if (!whole.ok()) return Annotate(whole.status(), file);
  return list;
}

const tfmd::DatasetFeatureStatisticsList* Get(const std::optional<tfmd::DatasetFeatureStatisticsList>& list) {
  return list.has_value() ? &*list : nullptr;
}

/// All examples, and with --per-slice each slice; then the custom validations, which name their slices.
Result<validation::proto::SlicedAnomalies> FindAnomalies(const Options& options) {
  validation::ValidateOptions validating;
  validating.propose_fixes = validating.explain = !options.without_fixes;
  if (!options.options.empty())
    PENSTOCK_RETURN_IF_ERROR(validation::ReadValidateOptions(options.options, validating));
  if (!options.environment.empty()) validating.environment = options.environment;
  PENSTOCK_ASSIGN_OR_RETURN(const auto schema, validation::ReadSchema(options.schema));
  PENSTOCK_ASSIGN_OR_RETURN(auto statistics, ReadControl(options.statistics));
  PENSTOCK_ASSIGN_OR_RETURN(const auto previous, ReadControl(options.previous));
  PENSTOCK_ASSIGN_OR_RETURN(const auto serving, ReadControl(options.serving));
  PENSTOCK_ASSIGN_OR_RETURN(const auto previous_version, ReadControl(options.previous_version));
  const tfmd::DatasetFeatureStatisticsList all = *statistics;
  if (!options.per_slice) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* whole, validation::WholeDataset(all));
    statistics->clear_datasets();
    *statistics->add_datasets() = *whole;
  }
  PENSTOCK_ASSIGN_OR_RETURN(
      auto sliced,
      validation::ValidateSlices(*statistics, schema, {Get(previous), Get(serving), Get(previous_version)},
                                 validating));
  if (options.custom.empty()) return sliced;
  tensorflow::data_validation::CustomValidationConfig custom;
  PENSTOCK_RETURN_IF_ERROR(ReadProto(options.custom, custom));
  PENSTOCK_ASSIGN_OR_RETURN(const auto base, ReadControl(options.base));
  PENSTOCK_RETURN_IF_ERROR(validation::AddCustomAnomalies(all, base.has_value() ? Get(base) : Get(previous),
                                                          custom, validating.environment, validating.explain,
                                                          *sliced.mutable_slices(0)->mutable_anomalies()));
  return sliced;
}

Result<int> Validate(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto sliced, FindAnomalies(options));
  const tfmd::Anomalies& of_whole = sliced.slices(0).anomalies();
  const google::protobuf::Message& found =
      options.per_slice ? static_cast<const google::protobuf::Message&>(sliced) : of_whole;
  if (!options.output.empty()) PENSTOCK_RETURN_IF_ERROR(WriteProto(options.output, found));
  if (!options.html.empty())
    PENSTOCK_RETURN_IF_ERROR(WriteAnomaliesPage(options, validation::Flatten(sliced)));
  PENSTOCK_RETURN_IF_ERROR(options.examples.Write(application, of_whole));
  if (options.as_json) {
    PrintJson(found);
  } else {
    fmt::print("{}", validation::FormatSlicedAnomalies(sliced, isatty(STDOUT_FILENO) != 0));
  }
  return validation::HasErrors(sliced) ? kExitRefused : kExitSucceeded;
}

}  // namespace

void AddValidateCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand("validate", "Hold statistics against a schema");
  command->footer(
      "Example: penstock validate stats.pb --schema schema.pbtxt -o anomalies.pbtxt\n"
      "         penstock validate stats.pb --schema schema.pbtxt --data train.csv --examples "
      "offending.parquet\n"
      "Each anomaly written carries which number fired and the change of the schema that makes it go away: "
      "penstock schema accept.\n"
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
  command->add_flag(
      "--per-slice", options->per_slice,
      "Hold each slice of the statistics against the schema too; the output has one entry a slice");
  command->add_option("--custom", options->custom,
                      "TFDV's CustomValidationConfig: SQL expressions over the statistics of features");
  command->add_option("--base", options->base,
                      "Statistics that feature_pair_validations compare with; default: --previous");
  options->examples.AddOptions(command);
  command->add_option("--options", options->options, "JSON file of options (below)");
  command->add_flag("--no-fixes", options->without_fixes,
                    "Write anomalies without changes of the schema and evidence, as TFDV does");
  command->add_flag("--json", options->as_json, "Anomalies to standard output as JSON");
  command->callback([&application, options] {
    application.action = [&application, options] { return Validate(application, *options); };
  });
}

}  // namespace penstock::apps
