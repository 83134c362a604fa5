// fuzz-libraries: penstock_model
#include <cstddef>
#include <cstdint>

#include "penstock/model/model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto model = penstock::model::DecodeModel({reinterpret_cast<const char*>(bytes), size}, "fuzz");
  // What is taken in must be a model that comes out again.
  if (model.ok() && !(*model)->Encode().ok()) __builtin_trap();
  return 0;
}
