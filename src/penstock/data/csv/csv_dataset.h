#pragma once

#include <memory>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data::csv {

/// Shards are ranges of whole records of about 4 MiB. Unless `options.schema` declares every column, all
/// bytes are read here to infer the types (column_types.h has the rules) and all structural faults are
/// found now; otherwise they are found as they are read.
///
/// Rows in messages are the lines of the file as an editor counts them, the first is 1; a record that
/// spans several lines goes by its first one.
Result<std::unique_ptr<Dataset>> OpenCsvDataset(std::vector<FileSource> files, const DatasetOptions& options,
                                                const ExecutionOptions& execution);

}  // namespace penstock::data::csv
