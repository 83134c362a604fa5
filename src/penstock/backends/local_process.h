#pragma once

#include <memory>

#include "penstock/runtime/task_backend.h"

namespace penstock::backends {

/// Tasks as child processes of this one, each in a process group of its own, killed as a
/// group on timeout, cancellation, and by the kernel when this process dies (the child
/// itself; what it started is killed by its group on orderly ends only). `self` replaces
/// the program "penstock": native components run from the same binary.
std::unique_ptr<runtime::TaskBackend> MakeLocalProcessBackend(std::string self);

/// The path of the running program.
std::string SelfPath();

}  // namespace penstock::backends
