#pragma once

#include <string>
#include <variant>
#include <vector>

#include "penstock/base/clock.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/run_state.h"

namespace penstock::runtime {

/// What the shell is to do next. Each leads to an event, so Decide asks for it only until then.
namespace command {
struct LaunchNode {
  std::string node;
  int attempt = 1;
};
struct SkipNode {
  std::string node;
  std::string cause;
};
/// Nothing can start before; ask again then (or after any event).
struct WaitUntil {
  Timestamp time;
};
struct CompleteRun {
  bool succeeded = false;
};
}  // namespace command

using Command =
    std::variant<command::LaunchNode, command::SkipNode, command::WaitUntil, command::CompleteRun>;

/// What to do next. Pure: same pipeline, state and time give the same commands. No command
/// and nothing running means the run is complete.
///
/// A node starts when all it depends on have succeeded, at most `max_running` at a time. A
/// failed one is tried again while it has retries left, after its backoff, unless its input
/// was at fault (IsBadInput: trying again would say the same). What depends on a failed one is
/// skipped, everything else goes on. After a cancellation nothing starts.
std::vector<Command> Decide(const pipeline::PipelineView& pipeline, const RunState& state, Timestamp now,
                            int max_running);

/// How the run ends as a process: 0 succeeded, 1 failed, 2 bad input, 3 a gate said no.
int ExitCodeOf(const RunState& state);

}  // namespace penstock::runtime
