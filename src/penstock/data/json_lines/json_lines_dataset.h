#pragma once

#include <memory>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data::json_lines {

/// Text files of one JSON object a line. A shard is whole lines of about 4 MiB. All bytes are read here, in
/// parallel, to find the columns and their types (column_types.h has the rules) and every fault of the text.
/// Nested objects and lists are an error unless `options.columns` leaves their column out. Empty lines are
/// skipped; a name that a row lacks is null there. Rows in messages are the lines of the file, the first
/// is 1.
Result<std::unique_ptr<Dataset>> OpenJsonLinesDataset(std::vector<FileSource> files,
                                                      const DatasetOptions& options,
                                                      const ExecutionOptions& execution);

}  // namespace penstock::data::json_lines
