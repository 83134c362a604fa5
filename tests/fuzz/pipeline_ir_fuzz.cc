// fuzz-libraries: penstock_pipeline
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "penstock/pipeline/pipeline_ir.h"
#include "penstock/pipeline/pipeline_spec.h"

/// Any text gives IR or an error; viewing IR gives tasks or an error; printed JSON reads as the same IR.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::pipeline;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ir = ParsePipelineIr(text, "fuzz.yaml");
  if (!ir.ok()) return 0;
  if (const auto view = ViewPipeline(*ir); view.ok()) (void)BindParameters(*view, {});
  const auto again = ParsePipelineIr(PrintPipelineJson(*ir), "again.json");
  if (!again.ok()) std::abort();
  return 0;
}
