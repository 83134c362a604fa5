#include "penstock/base/digest.h"

#include <cstring>

#include <xxhash.h>

namespace penstock {
namespace {

Digest FromHash(const XXH128_hash_t& hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  Digest digest;
  static_assert(sizeof canonical.digest == sizeof digest.bytes);
  std::memcpy(digest.bytes.data(), canonical.digest, sizeof canonical.digest);
  return digest;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Digest::ToHex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Result<Digest> Digest::FromHex(std::string_view hex) {
  Digest digest;
  if (hex.size() != digest.bytes.size() * 2)
    return InvalidArgument("A digest has 32 hex digits, not {}: {}", hex.size(), hex);
  for (size_t i = 0; i < digest.bytes.size(); ++i) {
    const int high = HexValue(hex[2 * i]), low = HexValue(hex[2 * i + 1]);
    if (high < 0 || low < 0) return InvalidArgument("A digest has hex digits only: {}", hex);
    digest.bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return digest;
}

Digest DigestOf(std::string_view content) { return FromHash(XXH3_128bits(content.data(), content.size())); }

uint64_t Hash64(std::string_view content, uint64_t seed) {
  return XXH3_64bits_withSeed(content.data(), content.size(), seed);
}

struct DigestBuilder::Hasher {
  Hasher() : state(XXH3_createState()) { XXH3_128bits_reset(state); }
  ~Hasher() { XXH3_freeState(state); }
  XXH3_state_t* state;
};

DigestBuilder::DigestBuilder() : hasher_(std::make_unique<Hasher>()) {}
DigestBuilder::~DigestBuilder() = default;
DigestBuilder::DigestBuilder(DigestBuilder&&) noexcept = default;
DigestBuilder& DigestBuilder::operator=(DigestBuilder&&) noexcept = default;

DigestBuilder& DigestBuilder::AddRaw(std::string_view bytes) {
  XXH3_128bits_update(hasher_->state, bytes.data(), bytes.size());
  return *this;
}

DigestBuilder& DigestBuilder::Add(int64_t field) {
  char little_endian[8];
  for (int i = 0; i < 8; ++i) little_endian[i] = static_cast<char>(static_cast<uint64_t>(field) >> (8 * i));
  return AddRaw({little_endian, sizeof little_endian});
}

DigestBuilder& DigestBuilder::Add(std::string_view field) {
  Add(static_cast<int64_t>(field.size()));
  return AddRaw(field);
}

DigestBuilder& DigestBuilder::Add(double field) {
  int64_t bits;
  std::memcpy(&bits, &field, sizeof bits);
  return Add(bits);
}

DigestBuilder& DigestBuilder::Add(const Digest& field) {
  return AddRaw({reinterpret_cast<const char*>(field.bytes.data()), field.bytes.size()});
}

Digest DigestBuilder::Finish() const { return FromHash(XXH3_128bits_digest(hasher_->state)); }

}  // namespace penstock
