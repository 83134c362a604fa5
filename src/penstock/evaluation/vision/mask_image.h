#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::evaluation {

/// An image whose pixels are class ids, row by row.
struct MaskImage {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> pixels;
};

/// Decodes a PNG of one channel of at most 8 bits, gray or with a palette (the numbers in the palette are the
/// ids, one-bit images are 0 and 1, as Pillow reads them); base64 of one does too, for data that are text.
/// The bytes may be anything: kInvalidArgument says what is wrong. At most 2^26 pixels.
Result<MaskImage> DecodeMask(std::string_view bytes);

}  // namespace penstock::evaluation
