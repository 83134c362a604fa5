#pragma once

#include <optional>
#include <string>

#include "penstock/runtime/engine_internal.h"

namespace penstock::runtime {

/// What an observer is told once the engine's lock is let go of.
struct Engine::Notice {
  std::string run_id;
  std::optional<TaskSnapshot> task;
  std::optional<RunSnapshot> run;
  bool is_resumed = false;
};

}  // namespace penstock::runtime
