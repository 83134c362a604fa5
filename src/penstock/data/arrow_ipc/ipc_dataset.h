#pragma once

#include <memory>
#include <vector>

#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data::arrow_ipc {

/// Arrow IPC files (.arrow, Feather version 2): a shard is a run of record batches of at least 65,536 rows;
/// and Arrow IPC streams (.arrows): a shard is the whole stream. Told apart by their first bytes, file by
/// file. Types map as Parquet's do. Every batch is checked in full before it is handed out, since the format
/// has no checksums.
Result<std::unique_ptr<Dataset>> OpenIpcDataset(std::vector<FileSource> files, const DatasetOptions& options,
                                                const ExecutionOptions& execution);

/// Whether these first bytes are those of either form.
bool IsIpcHead(std::string_view head);

}  // namespace penstock::data::arrow_ipc
