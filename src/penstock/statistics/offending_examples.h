#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/anomalies.pb.h>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"

namespace penstock::statistics {

struct OffendingExamples {
  /// One broken rule, and the examples that break it.
  struct Rule {
    std::string feature, anomaly;
    int64_t num_examples = 0;  ///< All of them.
    int64_t num_written = 0;
  };
  std::vector<Rule> rules;
  /// "feature: TYPE" of the anomalies for which no single example is to blame, or whose feature is nested
  /// deeper than a list.
  std::vector<std::string> without_examples;
  int64_t num_examples = 0;  ///< Looked at.
};

/// Writes the examples behind `anomalies` (with the schema as baseline) to `path`, whose name gives the
/// format (data/example_writer.h): per broken rule its first `max_examples`, in the data's order. Before the
/// example's own columns stand anomaly_row (from 1, over all of the data), anomaly_feature, anomaly_type and
/// anomaly_value (the first value that breaks the rule, as text; null where none is there); an example that
/// breaks two rules is there twice. Integers beyond 2^53 are compared as the nearest double.
///
/// One pass over the data, in parallel; the file does not depend on the number of threads. Memory: some
/// batches. kInvalidArgument where a column of the data has one of those names or a type that the format does
/// not hold.
Result<OffendingExamples> WriteOffendingExamples(const data::Dataset& dataset,
                                                 const tensorflow::metadata::v0::Anomalies& anomalies,
                                                 int64_t max_examples, const std::string& path,
                                                 const ExecutionOptions& execution);

}  // namespace penstock::statistics
