#include "penstock/metadata/run_record.h"

namespace penstock::metadata {

std::string_view RunStateName(RunState state) {
  switch (state) {
    case RunState::kPending:
      return "PENDING";
    case RunState::kRunning:
      return "RUNNING";
    case RunState::kSucceeded:
      return "SUCCEEDED";
    case RunState::kRefused:
      return "REFUSED";
    case RunState::kFailed:
      return "FAILED";
    case RunState::kCancelled:
      return "CANCELLED";
  }
  return "UNKNOWN";
}

}  // namespace penstock::metadata
