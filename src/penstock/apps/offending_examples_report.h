#pragma once

#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>

#include "penstock/apps/command.h"
#include "penstock/apps/csv_flags.h"

namespace penstock::apps {

/// `--data DATA --examples FILE` of a command that finds anomalies: the examples behind them, in a file.
struct OffendingExamplesFlags {
  std::vector<std::string> data;
  std::string output;
  int64_t max_examples = 1000;
  CsvFlags csv;
  int num_threads = 0;

  void AddOptions(CLI::App* command);
  /// Writes the file where one is asked for, and to `standard error` how many examples of each rule.
  Status Write(const Application& application, const tensorflow::metadata::v0::Anomalies& anomalies) const;
};

}  // namespace penstock::apps
