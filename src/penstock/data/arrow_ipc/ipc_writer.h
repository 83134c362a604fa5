#pragma once

#include <memory>
#include <string>

#include "penstock/data/example_writer.h"

namespace penstock::data::arrow_ipc {

/// An Arrow IPC file (Feather version 2), not compressed, so that others can map it into memory.
Result<std::unique_ptr<ExampleWriter>> OpenIpcWriter(const std::string& path,
                                                     const std::shared_ptr<arrow::Schema>& schema);

}  // namespace penstock::data::arrow_ipc
