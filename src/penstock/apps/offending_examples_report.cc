#include "penstock/apps/offending_examples_report.h"

#include "penstock/apps/shard_progress.h"
#include "penstock/data/dataset.h"
#include "penstock/statistics/offending_examples.h"

namespace penstock::apps {

void OffendingExamplesFlags::AddOptions(CLI::App* command) {
  command->add_option("--data", data, "With --examples: the data that the statistics are of");
  command->add_option("--examples", output,
                      "File for the examples behind the anomalies (.parquet, .jsonl, ...), each with its row "
                      "number, feature, anomaly and value; needs --data");
  command->add_option("--max-examples", max_examples, "Examples written of each anomaly")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  csv.AddOptions(command);
  AddThreadsOption(command, num_threads);
}

Status OffendingExamplesFlags::Write(const Application& application,
                                     const tensorflow::metadata::v0::Anomalies& anomalies) const {
  if (output.empty()) return OkStatus();
  if (data.empty()) return InvalidArgument("--examples needs the data to look them up in: --data DATA");
  const ExecutionOptions compute = ComputeOptions(application, num_threads);
  data::DatasetOptions reading;
  PENSTOCK_ASSIGN_OR_RETURN(reading.csv, csv.Options());
  PENSTOCK_ASSIGN_OR_RETURN(auto opened, data::OpenDataset(data, reading, compute));
  const ShardProgress dataset(std::move(opened), "examples", application.clock);
  PENSTOCK_ASSIGN_OR_RETURN(const auto found, statistics::WriteOffendingExamples(
                                                  dataset, anomalies, max_examples, output, compute));
  for (const auto& rule : found.rules)
    fmt::print(stderr, "{}: {}: {} of {} examples, {} written\n", rule.feature, rule.anomaly,
               rule.num_examples, found.num_examples, rule.num_written);
  for (const std::string& anomaly : found.without_examples)
    fmt::print(stderr, "{}: no single example is to blame\n", anomaly);
  return OkStatus();
}

}  // namespace penstock::apps
