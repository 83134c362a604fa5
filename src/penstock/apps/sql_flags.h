#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/apps/command.h"
#include "penstock/data/dataset.h"

namespace penstock::apps {

/// Examples out of a database instead of files, the same for every command that reads examples.
struct SqlFlags {
  std::string connection;
  std::string query;

  void AddOptions(CLI::App* command);
  /// The examples in `files`, or those the query answers. kInvalidArgument for both and for neither.
  Result<std::unique_ptr<data::Dataset>> Open(const std::vector<std::string>& files,
                                              const data::DatasetOptions& options,
                                              const ExecutionOptions& compute) const;
};

}  // namespace penstock::apps
