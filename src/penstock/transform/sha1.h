#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace penstock::transform {

/// SHA-1 (FIPS 180-4), by which fingerprint_shuffle orders tokens. Not for security.
std::array<uint8_t, 20> Sha1(std::string_view bytes);

}  // namespace penstock::transform
