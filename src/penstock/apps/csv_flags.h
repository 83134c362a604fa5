#pragma once

#include <string>
#include <vector>

#include "penstock/apps/command.h"
#include "penstock/data/dataset.h"

namespace penstock::apps {

/// How CSV files are read, the same for every command that reads examples.
struct CsvFlags {
  std::string delimiter = ",";
  std::vector<std::string> column_names;
  std::vector<std::string> null_values;

  void AddOptions(CLI::App* command);
  /// kInvalidArgument for a delimiter that is not one character.
  Result<data::CsvOptions> Options() const;
};

}  // namespace penstock::apps
