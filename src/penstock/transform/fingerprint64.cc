#include "penstock/transform/fingerprint64.h"

#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

namespace penstock::transform {
namespace {

// Primes between 2^63 and 2^64, as the algorithm gives them.
constexpr uint64_t k0 = 0xc3a5c85c97cb3127u;
constexpr uint64_t k1 = 0xb492b66fbe98f273u;
constexpr uint64_t k2 = 0x9ae16a3b2f90404fu;

using Pair = std::pair<uint64_t, uint64_t>;

// Little-endian whatever the machine: the result is stored in models.
template <class Word>
Word Fetch(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) {
    Word swapped = 0;
    for (size_t i = 0; i < sizeof(word); ++i) swapped = (swapped << 8) | ((word >> (8 * i)) & 0xff);
    return swapped;
  }
  return word;
}
uint64_t Fetch64(const char* at) { return Fetch<uint64_t>(at); }
uint64_t Fetch32(const char* at) { return Fetch<uint32_t>(at); }
uint64_t Rotate(uint64_t value, int shift) { return std::rotr(value, shift); }
uint64_t ShiftMix(uint64_t value) { return value ^ (value >> 47); }

uint64_t HashLength16(uint64_t u, uint64_t v, uint64_t multiplier) {
  uint64_t a = (u ^ v) * multiplier;
  a ^= a >> 47;
  uint64_t b = (v ^ a) * multiplier;
  b ^= b >> 47;
  return b * multiplier;
}

uint64_t Hash0To16(const char* s, size_t length) {
  if (length >= 8) {
    const uint64_t multiplier = k2 + length * 2;
    const uint64_t a = Fetch64(s) + k2;
    const uint64_t b = Fetch64(s + length - 8);
    const uint64_t c = Rotate(b, 37) * multiplier + a;
    const uint64_t d = (Rotate(a, 25) + b) * multiplier;
    return HashLength16(c, d, multiplier);
  }
  if (length >= 4) {
    const uint64_t multiplier = k2 + length * 2;
    return HashLength16(length + (Fetch32(s) << 3), Fetch32(s + length - 4), multiplier);
  }
  if (length == 0) return k2;
  const auto a = static_cast<uint8_t>(s[0]);
  const auto b = static_cast<uint8_t>(s[length >> 1]);
  const auto c = static_cast<uint8_t>(s[length - 1]);
  const uint32_t y = static_cast<uint32_t>(a) + (static_cast<uint32_t>(b) << 8);
  const uint32_t z = static_cast<uint32_t>(length) + (static_cast<uint32_t>(c) << 2);
  return ShiftMix(y * k2 ^ z * k0) * k2;
}

uint64_t Hash17To32(const char* s, size_t length) {
  const uint64_t multiplier = k2 + length * 2;
  const uint64_t a = Fetch64(s) * k1;
  const uint64_t b = Fetch64(s + 8);
  const uint64_t c = Fetch64(s + length - 8) * multiplier;
  const uint64_t d = Fetch64(s + length - 16) * k2;
  return HashLength16(Rotate(a + b, 43) + Rotate(c, 30) + d, a + Rotate(b + k2, 18) + c, multiplier);
}

uint64_t Hash33To64(const char* s, size_t length) {
  const uint64_t multiplier = k2 + length * 2;
  const uint64_t a = Fetch64(s) * k2;
  const uint64_t b = Fetch64(s + 8);
  const uint64_t c = Fetch64(s + length - 8) * multiplier;
  const uint64_t d = Fetch64(s + length - 16) * k2;
  const uint64_t y = Rotate(a + b, 43) + Rotate(c, 30) + d;
  const uint64_t z = HashLength16(y, a + Rotate(b + k2, 18) + c, multiplier);
  const uint64_t e = Fetch64(s + 16) * multiplier;
  const uint64_t f = Fetch64(s + 24);
  const uint64_t g = (y + Fetch64(s + length - 32)) * multiplier;
  const uint64_t h = (z + Fetch64(s + length - 24)) * multiplier;
  return HashLength16(Rotate(e + f, 43) + Rotate(g, 30) + h, e + Rotate(f + a, 18) + g, multiplier);
}

Pair WeakHash32(const char* s, uint64_t a, uint64_t b) {
  const uint64_t w = Fetch64(s);
  const uint64_t x = Fetch64(s + 8);
  const uint64_t y = Fetch64(s + 16);
  const uint64_t z = Fetch64(s + 24);
  a += w;
  b = Rotate(b + a + z, 21);
  const uint64_t c = a;
  a += x;
  a += y;
  b += Rotate(a, 44);
  return {a + z, b + c};
}

uint64_t HashLong(const char* s, size_t length) {
  constexpr uint64_t kSeed = 81;
  uint64_t x = kSeed;
  uint64_t y = kSeed * k1 + 113;
  uint64_t z = ShiftMix(y * k2 + 113) * k2;
  Pair v{0, 0};
  Pair w{0, 0};
  x = x * k2 + Fetch64(s);
  const char* const end = s + ((length - 1) / 64) * 64;
  const char* const last64 = end + ((length - 1) & 63) - 63;
  do {
    x = Rotate(x + y + v.first + Fetch64(s + 8), 37) * k1;
    y = Rotate(y + v.second + Fetch64(s + 48), 42) * k1;
    x ^= w.second;
    y += v.first + Fetch64(s + 40);
    z = Rotate(z + w.first, 33) * k1;
    v = WeakHash32(s, v.second * k1, x + w.first);
    w = WeakHash32(s + 32, z + w.second, y + Fetch64(s + 16));
    std::swap(z, x);
    s += 64;
  } while (s != end);
  const uint64_t multiplier = k1 + ((z & 0xff) << 1);
  s = last64;
  w.first += (length - 1) & 63;
  v.first += w.first;
  w.first += v.first;
  x = Rotate(x + y + v.first + Fetch64(s + 8), 37) * multiplier;
  y = Rotate(y + v.second + Fetch64(s + 48), 42) * multiplier;
  x ^= w.second * 9;
  y += v.first * 9 + Fetch64(s + 40);
  z = Rotate(z + w.first, 33) * multiplier;
  v = WeakHash32(s, v.second * multiplier, x + w.first);
  w = WeakHash32(s + 32, z + w.second, y + Fetch64(s + 16));
  std::swap(z, x);
  return HashLength16(HashLength16(v.first, w.first, multiplier) + ShiftMix(y) * k0 + z,
                      HashLength16(v.second, w.second, multiplier) + x, multiplier);
}

}  // namespace

uint64_t Fingerprint64(std::string_view bytes) {
  const size_t length = bytes.size();
  if (length <= 16) return Hash0To16(bytes.data(), length);
  if (length <= 32) return Hash17To32(bytes.data(), length);
  if (length <= 64) return Hash33To64(bytes.data(), length);
  return HashLong(bytes.data(), length);
}

}  // namespace penstock::transform
