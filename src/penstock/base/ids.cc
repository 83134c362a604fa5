#include "penstock/base/ids.h"

#include <cstdint>
#include <random>

#include <fmt/format.h>

namespace penstock {

std::string NewUuid() {
  std::random_device source;
  auto next = [&] { return uint64_t{source()} << 32 | source(); };
  const uint64_t high = (next() & ~uint64_t{0xF000}) | 0x4000;
  const uint64_t low = (next() & ~(uint64_t{3} << 62)) | uint64_t{1} << 63;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF,
                     low >> 48, low & 0xFFFFFFFFFFFF);
}

}  // namespace penstock
