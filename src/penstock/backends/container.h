#pragma once

#include <memory>

#include "penstock/backends/container_command.h"
#include "penstock/runtime/task_backend.h"

namespace penstock::backends {

/// Each task in a container of its image, which sees nothing of this machine but the folders it is given.
/// The engine's program is watched by `local` (not owned), which keeps the log; a container that outlives it
/// is removed by name, one that outlives a killed server by its label (EndLeftovers). Exit codes are
/// the task's own but for 125, which says that the engine could not start it: kUnavailable.
std::unique_ptr<runtime::TaskBackend> MakeContainerBackend(ContainerEngine engine,
                                                           runtime::TaskBackend& local);

}  // namespace penstock::backends
