#pragma once

#include <cstddef>
#include <string_view>

namespace penstock {

/// The length in bytes of the UTF-8 character that `text` starts with, 1 to 4; 0 where it starts with none:
/// no text, a stray or missing continuation byte, an overlong form, a surrogate, or beyond U+10FFFF (RFC
/// 3629).
size_t Utf8CharacterLength(std::string_view text);

}  // namespace penstock
