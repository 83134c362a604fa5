#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <nlohmann/json.hpp>

#include "penstock/apps/command.h"
#include "penstock/apps/csv_flags.h"
#include "penstock/apps/sql_flags.h"
#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/dataset_view.h"
#include "penstock/data/example_diff.h"
#include "penstock/pages/diff_page.h"
#include "penstock/pages/page.h"
#include "penstock/validation/schema_file.h"

namespace penstock::apps {
namespace {

/// How the files of any of these commands are read.
struct ReadingOptions {
  std::vector<std::string> files;
  std::string schema;
  std::vector<std::string> columns;
  CsvFlags csv;
  SqlFlags sql;
  int num_threads = 0;
};

void AddReadingOptions(CLI::App* command, ReadingOptions& options) {
  command->add_option("--columns", options.columns, "Only these columns, in this order")->delimiter(',');
  command->add_option("--schema", options.schema, "Schema that says the columns' types");
  options.csv.AddOptions(command);
  AddThreadsOption(command, options.num_threads);
}

Result<std::unique_ptr<data::Dataset>> Open(const ReadingOptions& options,
                                            const std::vector<std::string>& files,
                                            const ExecutionOptions& compute) {
  data::DatasetOptions reading;
  tensorflow::metadata::v0::Schema schema;
  if (!options.schema.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(schema, validation::ReadSchema(options.schema));
    reading.schema = &schema;
  }
  PENSTOCK_ASSIGN_OR_RETURN(reading.csv, options.csv.Options());
  reading.columns = options.columns;
  return options.sql.Open(files, reading, compute);
}

void AddConvert(CLI::App* data_commands, Application& application) {
  auto* command = data_commands->add_subcommand("convert", "Write examples in another format");
  command->footer(
      "Example: penstock data convert trips.csv.gz trips.parquet\n"
      "Example: penstock data convert --connection duckdb: --query \"SELECT * FROM 'trips/*.csv'\" "
      "trips.parquet\n"
      "The last file is written; its name says how: .parquet, .tfrecord, .tfrecord.gz, .arrow, .feather, "
      ".avro, .jsonl, .ndjson.");
  auto options = std::make_shared<ReadingOptions>();
  command->add_option("files", options->files, "Files, folders or globs to read, and the file to write")
      ->required();
  options->sql.AddOptions(command);
  AddReadingOptions(command, *options);
  command->callback([&application, options] {
    application.action = [&application, options]() -> Result<int> {
      const ExecutionOptions compute = ComputeOptions(application, options->num_threads);
      std::vector<std::string> inputs = options->files;
      const std::string output = inputs.back();
      inputs.pop_back();
      PENSTOCK_ASSIGN_OR_RETURN(const auto format, data::PayloadFormatOf(output));
      PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, Open(*options, inputs, compute));
      PENSTOCK_ASSIGN_OR_RETURN(const int64_t num_rows,
                                data::ConvertDataset(*dataset, output, format, compute));
      fmt::print("{} examples written to {}\n", num_rows, output);
      return kExitSucceeded;
    };
  });
}

void AddDescribe(CLI::App* data_commands, Application& application) {
  auto* command = data_commands->add_subcommand("describe", "Show number of examples, columns and types");
  command->footer("Example: penstock data describe examples/taxi/data.csv");
  auto options = std::make_shared<ReadingOptions>();
  command->add_option("data", options->files, "Files, folders or globs");
  options->sql.AddOptions(command);
  AddReadingOptions(command, *options);
  command->callback([&application, options] {
    application.action = [&application, options]() -> Result<int> {
      const ExecutionOptions compute = ComputeOptions(application, options->num_threads);
      PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, Open(*options, options->files, compute));
      PENSTOCK_ASSIGN_OR_RETURN(const auto description, data::DescribeDataset(*dataset, compute));
      fmt::print("{}", data::FormatDescription(description));
      return kExitSucceeded;
    };
  });
}

void AddHead(CLI::App* data_commands, Application& application) {
  struct Options : ReadingOptions {
    int64_t num_rows = 10;
    bool as_json = false;
  };
  auto* command = data_commands->add_subcommand("head", "Show the first examples");
  command->footer("Example: penstock data head examples/taxi/data.csv -n 3 --columns fare,company");
  auto options = std::make_shared<Options>();
  command->add_option("data", options->files, "Files, folders or globs");
  options->sql.AddOptions(command);
  command->add_option("-n,--num", options->num_rows, "How many")->check(CLI::Range(1, 1'000'000));
  command->add_flag("--json", options->as_json, "One JSON object a line");
  AddReadingOptions(command, *options);
  command->callback([&application, options] {
    application.action = [&application, options]() -> Result<int> {
      const ExecutionOptions compute = ComputeOptions(application, options->num_threads);
      PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, Open(*options, options->files, compute));
      PENSTOCK_ASSIGN_OR_RETURN(const auto text,
                                data::FormatFirstRows(*dataset, options->num_rows, options->as_json));
      fmt::print("{}", text);
      return kExitSucceeded;
    };
  });
}

/// `diff` and `skew`: the same comparison, shown for two readers.
struct DiffOptions : ReadingOptions {
  data::ExampleDiffOptions diff;
  std::string html;
  bool as_json = false;
  bool all_features = false;
};

CLI::App* AddDiffOptions(CLI::App* command, DiffOptions& options) {
  command->add_option("data", options.files, "Base and test: a file, folder or quoted glob each")
      ->required()
      ->expected(2);
  command
      ->add_option("--identifiers", options.diff.identifier_features,
                   "Columns whose values say which examples belong together")
      ->delimiter(',')
      ->required();
  command->add_option("--ignore", options.diff.ignore_features, "Columns not to compare")->delimiter(',');
  command->add_option("--sample-size", options.diff.sample_size, "How many pairs that differ to show")
      ->check(CLI::Range(0, 100'000));
  command->add_option("--float-round-ndigits", options.diff.float_round_ndigits,
                      "Digits after the point to which numbers are compared");
  command->add_flag("--allow-duplicate-identifiers", options.diff.allow_duplicate_identifiers,
                    "Pair each with each where several examples have one identifier");
  command
      ->add_option("--confusion", options.diff.confusion_features,
                   "Text columns whose pairs of values to count")
      ->delimiter(',');
  command->add_flag("--json", options.as_json, "One JSON object");
  command->add_option("--html", options.html, "Write it as one HTML page to this file, and print nothing");
  AddReadingOptions(command, options);
  return command;
}

Result<int> WriteDiffPage(const DiffOptions& options, const data::ExampleDiff& diff) {
  if (options.as_json)
    return InvalidArgument("--json prints and --html writes a page: leave one of them out");
  // Two versions of one file lie in different folders: what tells them apart is shown too.
  pages::DiffNames names{fs::BaseName(options.files[0]), fs::BaseName(options.files[1]),
                         options.diff.identifier_features};
  if (names.base == names.test) {
    names.base = options.files[0];
    names.test = options.files[1];
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto page, pages::DiffPageData(data::ExampleDiffJson(diff), names));
  PENSTOCK_RETURN_IF_ERROR(
      pages::WritePage(options.html, fmt::format("Comparison: {} and {}", names.base, names.test), page));
  return kExitSucceeded;
}

void RunDiff(CLI::App* command, Application& application, std::shared_ptr<DiffOptions> options) {
  command->callback([&application, options] {
    application.action = [&application, options]() -> Result<int> {
      const ExecutionOptions compute = ComputeOptions(application, options->num_threads);
      PENSTOCK_ASSIGN_OR_RETURN(const auto base, Open(*options, {options->files[0]}, compute));
      PENSTOCK_ASSIGN_OR_RETURN(const auto test, Open(*options, {options->files[1]}, compute));
      PENSTOCK_ASSIGN_OR_RETURN(const auto diff, data::DiffExamples(*base, *test, options->diff, compute));
      if (!options->html.empty()) return WriteDiffPage(*options, diff);
      fmt::print("{}", options->as_json ? data::ExampleDiffJson(diff)
                                        : data::FormatExampleDiff(diff, options->all_features));
      return kExitSucceeded;
    };
  });
}

void AddDiff(CLI::App* data_commands, Application& application) {
  auto* command = data_commands->add_subcommand("diff", "Compare two datasets example by example");
  command->footer(
      "Example: penstock data diff old.parquet new.parquet --identifiers trip_id --sample-size 3\n"
      "         penstock data diff old.parquet new.parquet --identifiers trip_id --sample-size 200 --html "
      "diff.html");
  auto options = std::make_shared<DiffOptions>();
  options->diff.sample_size = 5;
  RunDiff(AddDiffOptions(command, *options), application, options);
}

void AddSkew(CLI::App* data_commands, Application& application) {
  auto* command = data_commands->add_subcommand(
      "skew", "Count, for each feature, in how many examples two datasets agree (as TFDV's feature skew)");
  command->footer(
      "Example: penstock data skew training.parquet serving.parquet --identifiers trip_id --json");
  auto options = std::make_shared<DiffOptions>();
  options->all_features = true;
  RunDiff(AddDiffOptions(command, *options), application, options);
}

}  // namespace

void AddDataCommand(CLI::App& cli, Application& application) {
  auto* data_commands = cli.add_subcommand("data", "Examples in files: convert, describe, head, diff, skew");
  data_commands->require_subcommand(1);
  AddConvert(data_commands, application);
  AddDescribe(data_commands, application);
  AddHead(data_commands, application);
  AddDiff(data_commands, application);
  AddSkew(data_commands, application);
}

}  // namespace penstock::apps
