// fuzz-libraries: penstock_pipeline
#include <cstdint>
#include <string_view>

#include "penstock/pipeline/condition.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto condition = penstock::pipeline::Condition::Parse(text);
  if (!condition.ok()) return 0;
  const nlohmann::json scope = {
      {"inputs", {{"parameter_values", {{"a", 1}, {"b", "x"}}}, {"artifacts", nlohmann::json::object()}}}};
  (void)condition->EvaluateValue(scope);
  return 0;
}
