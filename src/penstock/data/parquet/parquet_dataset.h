#pragma once

#include <memory>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data::parquet_format {

/// A shard is a row group, or several small ones next to each other. Reads the files' footers only;
/// all files must have the same columns (in any order) and types. Only the wanted columns are ever read,
/// and only they need a type that batches have (column_conversion.h). Damaged files are kDataLoss.
Result<std::unique_ptr<Dataset>> OpenParquetDataset(std::vector<FileSource> files,
                                                    const DatasetOptions& options,
                                                    const ExecutionOptions& execution);

}  // namespace penstock::data::parquet_format
