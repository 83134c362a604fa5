#include "penstock/statistics/terminal_text.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "penstock/base/utf8.h"

namespace penstock::statistics {

namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

template <size_t n>
bool IsIn(uint32_t value, const std::array<Range, n>& ranges) {
  for (const Range& range : ranges) {
    if (value >= range.first && value <= range.last) return true;
  }
  return false;
}

int WidthOf(uint32_t value) {
  static constexpr std::array<Range, 6> kNone = {{{0x300, 0x36F},
                                                  {0x1AB0, 0x1AFF},
                                                  {0x200B, 0x200F},
                                                  {0x20D0, 0x20FF},
                                                  {0xFE00, 0xFE0F},
                                                  {0xFE20, 0xFE2F}}};
  static constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                                  {0x2E80, 0xA4CF},
                                                  {0xAC00, 0xD7A3},
                                                  {0xF900, 0xFAFF},
                                                  {0xFE30, 0xFE6F},
                                                  {0xFF00, 0xFF60},
                                                  {0xFFE0, 0xFFE6},
                                                  {0x1F300, 0x1FAFF},
                                                  {0x20000, 0x3FFFD}}};
  if (value < 0x300) return 1;
  if (IsIn(value, kNone)) return 0;
  return IsIn(value, kWide) ? 2 : 1;
}

bool IsControl(uint32_t value) { return value < 0x20 || (value >= 0x7F && value < 0xA0); }

}  // namespace

std::string EscapeForTerminal(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const CodePoint point = DecodeUtf8(text);
    const size_t num_bytes = point.num_bytes == 0 ? 1 : point.num_bytes;
    if (point.num_bytes == 0 || IsControl(point.value)) {
      if (text[0] == '\n') {
        escaped += "\\n";
      } else if (text[0] == '\r') {
        escaped += "\\r";
      } else if (text[0] == '\t') {
        escaped += "\\t";
      } else {
        for (size_t i = 0; i < num_bytes; ++i)
          escaped += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[i]));
      }
    } else {
      escaped += text.substr(0, num_bytes);
    }
    text.remove_prefix(num_bytes);
  }
  return escaped;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const CodePoint point = DecodeUtf8(text);
    width += point.num_bytes == 0 ? 1 : WidthOf(point.value);
    text.remove_prefix(point.num_bytes == 0 ? 1 : point.num_bytes);
  }
  return width;
}

std::string TruncateToWidth(std::string_view text, int max_width) {
  if (DisplayWidth(text) <= max_width) return std::string(text);
  std::string kept;
  int width = 0;
  while (!text.empty()) {
    const CodePoint point = DecodeUtf8(text);
    const size_t num_bytes = point.num_bytes == 0 ? 1 : point.num_bytes;
    width += point.num_bytes == 0 ? 1 : WidthOf(point.value);
    if (width > max_width - 1) break;
    kept += text.substr(0, num_bytes);
    text.remove_prefix(num_bytes);
  }
  return kept + "…";
}

}  // namespace penstock::statistics
