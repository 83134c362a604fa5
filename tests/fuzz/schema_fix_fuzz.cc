// fuzz-libraries: penstock_validation
// The changes of a schema that anomalies carry, from outside.

#include <cstddef>
#include <cstdint>

#include "penstock/validation/schema_fix.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tensorflow::metadata::v0::Anomalies anomalies;
  if (!anomalies.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto accepted = penstock::validation::AcceptAnomalies(anomalies, anomalies.baseline());
  if (!accepted.ok()) return 0;
  // What was accepted can be accepted again.
  (void)penstock::validation::AcceptAnomalies(anomalies, accepted->schema);
  return 0;
}
