#pragma once

#include <memory>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data::avro {

/// Avro object container files: a shard is a run of blocks of at least 4 MiB. The types are those of
/// avro_schema.h; fields nobody asked for are passed over. Errors name file, record (from 1) and column.
Result<std::unique_ptr<Dataset>> OpenAvroDataset(std::vector<FileSource> files, const DatasetOptions& options,
                                                 const ExecutionOptions& execution);

}  // namespace penstock::data::avro
