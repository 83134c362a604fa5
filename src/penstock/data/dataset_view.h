#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"

namespace penstock::data {

struct ColumnDescription {
  std::string name;
  std::string type;         ///< "int64", "list<utf8>".
  int64_t num_present = 0;  ///< Examples that have a value, an empty list included.
  int64_t num_values = 0;   ///< Elements of lists; else as num_present.
};

struct DatasetDescription {
  int64_t num_rows = 0;
  int64_t num_shards = 0;
  std::vector<ColumnDescription> columns;
};

/// Reads everything once, on all threads.
Result<DatasetDescription> DescribeDataset(const Dataset& dataset, const ExecutionOptions& execution);
/// As an aligned table.
std::string FormatDescription(const DatasetDescription& description);

/// The first `num_rows` examples as an aligned table, or (`as_json`) one JSON object a line.
Result<std::string> FormatFirstRows(const Dataset& dataset, int64_t num_rows, bool as_json);

/// Writes all rows, in order, to one file; it appears under its name when it is whole. The number of rows.
Result<int64_t> ConvertDataset(const Dataset& dataset, const std::string& path, PayloadFormat format,
                               const ExecutionOptions& execution);

}  // namespace penstock::data
