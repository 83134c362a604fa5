#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock {

/// UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.

struct CodePoint {
  uint32_t value = 0;
  int num_bytes = 0;  ///< 1 to 4; 0: not UTF-8.
};

/// The character that `text` starts with; 0 bytes where it starts with none (no text, too).
CodePoint DecodeUtf8(std::string_view text);
/// Its length in bytes only.
size_t Utf8CharacterLength(std::string_view text);

/// Eight bytes at a time.
bool IsAscii(std::string_view text);
/// A pass over ASCII costs next to nothing; other text about a nanosecond a byte.
bool IsUtf8(std::string_view text);

}  // namespace penstock
