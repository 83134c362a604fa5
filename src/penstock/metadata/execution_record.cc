#include "penstock/metadata/execution_record.h"

namespace penstock::metadata {

std::string_view ExecutionStateName(ExecutionState state) {
  switch (state) {
    case ExecutionState::kUnknown:
      return "UNKNOWN";
    case ExecutionState::kNew:
      return "NEW";
    case ExecutionState::kRunning:
      return "RUNNING";
    case ExecutionState::kComplete:
      return "COMPLETE";
    case ExecutionState::kFailed:
      return "FAILED";
    case ExecutionState::kCached:
      return "CACHED";
    case ExecutionState::kCancelled:
      return "CANCELED";
  }
  return "UNKNOWN";
}

}  // namespace penstock::metadata
