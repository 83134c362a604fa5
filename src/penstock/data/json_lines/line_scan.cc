#include "penstock/data/json_lines/line_scan.h"

#include <algorithm>

namespace penstock::data::json_lines {
namespace {

// -1: not four hexadecimal digits.
int32_t HexUnit(std::string_view text) {
  if (text.size() < 4) return -1;
  int32_t unit = 0;
  for (const char c : text.substr(0, 4)) {
    const int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// `text` begins after \u; how many bytes were read, 0 for none.
size_t AppendUnit(std::string_view text, std::string& out) {
  const int32_t first = HexUnit(text);
  if (first < 0 || (first >= 0xDC00 && first < 0xE000)) return 0;
  if (first < 0xD800 || first >= 0xE000) {
    AppendUtf8(static_cast<uint32_t>(first), out);
    return 4;
  }
  if (!text.substr(4).starts_with("\\u")) return 0;
  const int32_t second = HexUnit(text.substr(6));
  if (second < 0xDC00 || second >= 0xE000) return 0;
  AppendUtf8(
      0x10000u + ((static_cast<uint32_t>(first) - 0xD800u) << 10) + (static_cast<uint32_t>(second) - 0xDC00u),
      out);
  return 10;
}

}  // namespace

JsonKind IntegerOfManyDigits(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const std::string_view digits = text.substr(is_negative ? 1 : 0);
  const std::string_view limit = is_negative ? "9223372036854775808" : "9223372036854775807";
  return digits.size() == limit.size() && digits <= limit ? JsonKind::kInteger : JsonKind::kHugeInteger;
}

const char* Unescape(std::string_view escaped, std::string& out) {
  for (size_t at = 0; at < escaped.size(); ++at) {
    const size_t plain = std::min(escaped.find('\\', at), escaped.size());
    out.append(escaped.substr(at, plain - at));
    at = plain;
    if (at + 1 >= escaped.size()) break;
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = escaped[++at];
    if (const size_t place = kLetters.find(letter); place != kLetters.npos) {
      out += kMeanings[place];
    } else if (letter == 'u') {
      const size_t size = AppendUnit(escaped.substr(at + 1), out);
      if (size == 0) return "a \\u escape is no character (four hexadecimal digits, surrogates in pairs)";
      at += size;
    } else {
      return "a backslash is followed by a letter that is no escape";
    }
  }
  return nullptr;
}

}  // namespace penstock::data::json_lines
