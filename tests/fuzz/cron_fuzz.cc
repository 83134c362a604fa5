// fuzz-libraries: penstock_runtime
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "penstock/runtime/cron_expression.h"

/// Any text is an expression or an error; what an expression is due at lies ahead, in order.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cron = penstock::runtime::CronExpression::Parse(text);
  if (!cron.ok()) return 0;
  int64_t time = 1'792'000'000;  // The weeks around a change of the clocks.
  for (int i = 0; i < 20; ++i) {
    const auto next = cron->Next(time);
    if (!next.has_value()) break;
    if (*next <= time) std::abort();
    time = *next;
  }
  return 0;
}
