#include "penstock/transform/sip_hash.h"

#include <bit>

namespace penstock::transform {
namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;
  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void Add(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

uint64_t LittleEndian(const unsigned char* bytes, size_t size) {
  uint64_t word = 0;
  for (size_t i = 0; i < size; ++i) word |= uint64_t{bytes[i]} << (8 * i);
  return word;
}

}  // namespace

uint64_t SipHash(uint64_t first_key, uint64_t second_key, std::string_view bytes) {
  SipState state{first_key ^ 0x736f6d6570736575u, second_key ^ 0x646f72616e646f6du,
                 first_key ^ 0x6c7967656e657261u, second_key ^ 0x7465646279746573u};
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) state.Add(LittleEndian(at, 8));
  state.Add(LittleEndian(at, left) | uint64_t{bytes.size() & 0xFF} << 56);
  state.v2 ^= 0xFF;
  for (int i = 0; i < 4; ++i) state.Round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace penstock::transform
