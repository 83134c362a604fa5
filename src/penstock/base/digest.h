#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock {

/// 128 bits that stand for some content: XXH3-128 (not meant against an adversary).
/// Equal digests are taken to mean equal content.
struct Digest {
  std::array<uint8_t, 16> bytes{};

  /// 32 lower-case hex digits.
  std::string ToHex() const;
  static Result<Digest> FromHex(std::string_view hex);
  bool IsZero() const { return *this == Digest{}; }
  auto operator<=>(const Digest&) const = default;
};

/// The digest of `content`, in one call.
Digest DigestOf(std::string_view content);

/// 64-bit XXH3 of `content`: for hash tables, splits and sketches. Stable across
/// machines and releases: stored states depend on it.
uint64_t Hash64(std::string_view content, uint64_t seed = 0);

/// Builds a digest out of fields. Every field is length-prefixed, so that
/// ("ab","c") and ("a","bc") differ. Not for concurrent use.
class DigestBuilder {
 public:
  DigestBuilder();
  ~DigestBuilder();
  DigestBuilder(DigestBuilder&&) noexcept;
  DigestBuilder& operator=(DigestBuilder&&) noexcept;

  DigestBuilder& Add(std::string_view field);
  DigestBuilder& Add(const char* field) { return Add(std::string_view(field)); }
  DigestBuilder& Add(int64_t field);
  DigestBuilder& Add(double field);
  DigestBuilder& Add(const Digest& field);
  /// Bytes of one long content, without a length: for streaming a file.
  DigestBuilder& AddRaw(std::string_view bytes);
  Digest Finish() const;

 private:
  struct Hasher;
  std::unique_ptr<Hasher> hasher_;
};

}  // namespace penstock
