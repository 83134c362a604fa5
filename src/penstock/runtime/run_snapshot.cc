#include "penstock/runtime/run_snapshot.h"

namespace penstock::runtime {

std::string_view RuntimeStateName(RuntimeState state) {
  switch (state) {
    case RuntimeState::kPending:
      return "PENDING";
    case RuntimeState::kRunning:
      return "RUNNING";
    case RuntimeState::kSucceeded:
      return "SUCCEEDED";
    case RuntimeState::kSkipped:
      return "SKIPPED";
    case RuntimeState::kFailed:
      return "FAILED";
    case RuntimeState::kCanceling:
      return "CANCELING";
    case RuntimeState::kCanceled:
      return "CANCELED";
    case RuntimeState::kUnspecified:
      break;
  }
  return "RUNTIME_STATE_UNSPECIFIED";
}

bool IsFinal(RuntimeState state) {
  return state == RuntimeState::kSucceeded || state == RuntimeState::kSkipped ||
         state == RuntimeState::kFailed || state == RuntimeState::kCanceled;
}

int ExitCodeOf(const RunSnapshot& snapshot) {
  if (snapshot.state == RuntimeState::kSucceeded) return snapshot.is_refused ? 3 : 0;
  for (const TaskSnapshot& task : snapshot.tasks)
    if (task.state == RuntimeState::kFailed && IsBadInput(task.error)) return 2;
  return 1;
}

std::string_view TaskKindName(TaskKind kind) {
  switch (kind) {
    case TaskKind::kRoot:
      return "root";
    case TaskKind::kDag:
      return "dag";
    case TaskKind::kLoop:
      return "loop";
    case TaskKind::kContainer:
      return "container";
    case TaskKind::kImporter:
      return "importer";
    case TaskKind::kResolver:
      return "resolver";
  }
  return "unknown";
}

}  // namespace penstock::runtime
