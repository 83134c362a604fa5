#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/runtime/task_backend.h"

namespace penstock::backends {

struct BackendOptions {
  std::string self;                              ///< The running program (SelfPath).
  std::string place = "local";                   ///< Of tasks that name none: "local" or "container".
  std::string container_engine;                  ///< Empty: podman, or else docker, from the PATH.
  std::vector<std::string> container_arguments;  ///< More for each of the engine's `run`.
};

/// Tasks as processes of this machine or in containers, as each says (TaskCommand::place) or else
/// `options.place`; native components are processes always. kFailedPrecondition: containers are asked for
/// and there is no engine; a single task's wish is looked at when it runs.
Result<std::unique_ptr<runtime::TaskBackend>> MakeBackend(BackendOptions options);

}  // namespace penstock::backends
