#pragma once

#include <cstdint>

namespace penstock {

/// splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): random bits
/// that are a function of what they are for (seed, step, row), not of who draws first.
inline uint64_t RandomBits(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}
inline uint64_t RandomBits(uint64_t seed, uint64_t value) { return RandomBits(seed ^ RandomBits(value)); }

/// In [0, 1), of 53 bits.
inline double RandomShare(uint64_t seed, uint64_t value) {
  return static_cast<double>(RandomBits(seed, value) >> 11) * 0x1p-53;
}

}  // namespace penstock
