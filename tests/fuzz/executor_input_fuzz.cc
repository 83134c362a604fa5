// fuzz-libraries: penstock_pipeline
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "penstock/pipeline/executor_input.h"
#include "penstock/pipeline/placeholders.h"

/// Any text gives a task, a report and a command, or errors; a task prints to what reads as the same task.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::pipeline;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto input = ParseExecutorInput(text, "node");
  if (input.ok()) {
    const std::string printed = PrintExecutorInput(*input);
    const auto again = ParseExecutorInput(printed, "node");
    if (!again.ok() || PrintExecutorInput(*again) != printed) std::abort();
    (void)ParseExecutorOutput(text, input->task);
  }
  const ExecutorInput empty;
  (void)ResolveCommand({std::string(text)}, PlaceholderScope{.input = empty});
  return 0;
}
