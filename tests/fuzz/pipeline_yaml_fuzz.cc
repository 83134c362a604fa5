// fuzz-libraries: penstock_pipeline
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "penstock/pipeline/standard_components_testing.h"
#include "penstock/pipeline/yaml_pipeline.h"

/// Any text gives a pipeline or an error; a pipeline prints to text that reads as the same pipeline.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::pipeline;
  static const ComponentCatalog components = testing::StandardComponents();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto draft = ParsePipelineYaml(text, "fuzz.yaml", components);
  if (!draft.ok()) return 0;
  const auto ir = CompilePipeline(*draft);
  if (!ir.ok()) return 0;
  const auto again = ParsePipelineIr(PrintPipelineYaml(*ir), "again.yaml");
  if (!again.ok() || SpecDigest(*again) != SpecDigest(*ir)) std::abort();
  return 0;
}
