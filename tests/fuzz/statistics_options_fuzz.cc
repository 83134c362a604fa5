// fuzz-libraries: penstock_statistics
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "penstock/statistics/options_json.h"

// Options come from a user's file: any bytes give options that make sense, or an error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t num_bytes) {
  const auto options =
      penstock::statistics::ParseStatisticsOptions({reinterpret_cast<const char*>(bytes), num_bytes});
  if (options.ok() && !penstock::statistics::CheckStatisticsOptions(*options).ok()) __builtin_trap();
  return 0;
}
