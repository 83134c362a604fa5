// fuzz-libraries: penstock_evaluation
// Decodes any bytes as a mask: what is read has as many pixels as it says.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "penstock/evaluation/vision/mask_image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto image =
      penstock::evaluation::DecodeMask(std::string_view(reinterpret_cast<const char*>(data), size));
  if (image.ok() && static_cast<int64_t>(image->pixels.size()) != image->width * image->height) std::abort();
  return 0;
}
