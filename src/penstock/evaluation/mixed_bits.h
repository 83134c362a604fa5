#pragma once

#include <cstdint>

namespace penstock::evaluation {

/// Bits that look random and depend on `value` only (SplitMix64's finalizer, Steele et al. 2014).
inline uint64_t Mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15ull;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
  return value ^ (value >> 31);
}

}  // namespace penstock::evaluation
