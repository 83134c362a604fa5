#include "penstock/metadata/service_records.h"

namespace penstock::metadata {

bool IsFinalState(const RunStateText& state) {
  return state == "SUCCEEDED" || state == "FAILED" || state == "CANCELED" || state == "SKIPPED";
}

}  // namespace penstock::metadata
