#pragma once

#include <string>
#include <vector>

#include "penstock/runtime/task_backend.h"

namespace penstock::backends {

/// A program that runs containers by podman's and docker's common command line.
struct ContainerEngine {
  std::string program;                 ///< A path.
  bool is_docker = false;              ///< Its daemon runs as root, whoever asks.
  std::vector<std::string> arguments;  ///< More for each `run`: "--runtime=runc", "--gpus=all".
};

/// The label by which containers of a killed engine are found again; its value is TaskCommand::owner.
inline constexpr const char* kOwnerLabel = "penstock.root";

/// Whether the engine's own program goes by this variable: a task's value is then named to its container
/// alone (and stands in the process list; none of these is a secret).
bool IsTheEnginesOwn(const std::string& variable);

/// How the engine is called for `command`: image, mounts under their own paths, work directory, environment
/// by name (the values, which stay out of the process list, have to be in the environment of the engine's
/// program), limits, and the program in place of the image's entry point where the task has one. The host's
/// network, as a process has it (docs/decisions/0050).
std::vector<std::string> ContainerCommand(const ContainerEngine& engine, const runtime::TaskCommand& command,
                                          const std::string& name, unsigned user, unsigned group);

/// The first of podman and docker on `path` (as PATH has it), or `wanted` (a name or a path).
/// kFailedPrecondition says what to install.
Result<ContainerEngine> FindContainerEngine(const std::string& wanted, const std::string& path);

}  // namespace penstock::backends
