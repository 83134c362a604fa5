#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::statistics {

struct CodePoint {
  uint32_t value = 0;
  int num_bytes = 0;  ///< 0: not UTF-8.
};

/// The first code point of `text`, which is not empty (RFC 3629: no overlong forms, no surrogates).
CodePoint DecodeUtf8(std::string_view text);

/// Eight bytes at a time.
bool IsAscii(std::string_view text);
/// A pass over ASCII costs next to nothing; other text about a nanosecond a byte.
bool IsUtf8(std::string_view text);

}  // namespace penstock::statistics
