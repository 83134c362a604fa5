// fuzz-libraries: penstock_pages
// Takes any bytes for an analysis.json: what a page gets of it can be written out.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "penstock/pages/analysis_json_internal.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto shown =
      penstock::pages::AnalysisJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (shown.ok()) (void)shown->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return 0;
}
