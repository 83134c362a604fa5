// fuzz-libraries: penstock_learning
#include <cstddef>
#include <cstdint>

#include "penstock/learning/tuning/search_space.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto space =
      penstock::learning::ParseSearchSpace({reinterpret_cast<const char*>(bytes), size}, "fuzz.yaml");
  if (!space.ok()) return 0;
  // Whatever is taken in gives values.
  for (const auto& parameter : space->parameters) {
    if (parameter.NumGridValues() < 1 || parameter.At(0.5).is_null()) __builtin_trap();
  }
  return 0;
}
