#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/data/dataset.h"
#include "penstock/data/input_files.h"
#include "penstock/data/splits.h"

namespace penstock::components {

/// What an ExampleGen task says about where its examples come from and which splits they go to, checked.
struct InputConfig {
  std::string input;                           ///< File, folder or glob; the folder of `input_splits`.
  std::string connection;                      ///< A database instead of `input`; empty: none.
  std::string query;                           ///< To the connection; empty with `input_splits`.
  std::vector<data::InputSplit> input_splits;  ///< Patterns, or queries; empty: all of the input, as one.
  data::SpanRange range;
  /// Of the one input split, by hash; empty: every input split is an output split.
  std::vector<data::Split> splits;
  std::string partition_feature;
};

/// Of the parameters input, connection, query, input_splits, range, splits and partition_feature_name, as TFX
/// combines them: output splits need a single input split; without either there are train: 2 and eval: 1.
/// Touches no disk.
Result<InputConfig> ToInputConfig(const std::map<std::string, nlohmann::json>& parameters);

/// Data to be written, and the splits to cut it into.
struct SplitSource {
  std::vector<std::unique_ptr<data::Dataset>> parts;  ///< One a span, which share no file; at least one.
  std::vector<data::Split> splits;
};

struct OpenInput {
  std::vector<SplitSource> sources;      ///< All parts with one schema.
  std::vector<data::SpanVersion> spans;  ///< Rising; empty without spans.
};

/// Opens what `config` names. Where splits or spans differ in the types that follow from their values, they
/// are read again with the types that hold for all of them. Of a database each query runs once.
Result<OpenInput> OpenInputSplits(const InputConfig& config, const data::DatasetOptions& options,
                                  const ExecutionOptions& execution);

}  // namespace penstock::components
