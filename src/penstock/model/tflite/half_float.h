#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace penstock::model::tflite {

/// The IEEE 754 half nearest to `value` (ties to even); what is too large becomes the largest finite one.
inline uint16_t ToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  if (value != value) return sign | 0x7e00u;
  const float size = std::abs(value);
  if (size >= 65504.0f) return sign | 0x7bffu;
  // Below 2^-14 halves are whole multiples of 2^-24, above they have 11 digits.
  const int exponent = size < 0x1p-14f ? -14 : std::ilogb(size);
  const float step = std::ldexp(1.0f, exponent - 10);
  const auto steps = static_cast<uint32_t>(std::nearbyint(size / step));
  // 2048 steps are the next power of two: the carry runs into the exponent by itself.
  const uint32_t half =
      size < 0x1p-14f ? steps : (static_cast<uint32_t>(exponent + 15) << 10) + (steps - 1024);
  return static_cast<uint16_t>(sign | half);
}

}  // namespace penstock::model::tflite
