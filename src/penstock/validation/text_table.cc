#include <algorithm>

#include <fmt/format.h>

#include "penstock/validation/text_table_internal.h"

namespace penstock::validation {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// The bytes of the UTF-8 character at the start of `text`; 0 where there is none (overlong forms and
/// surrogates too).
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if (!IsContinuation(text[i])) return 0;
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0)) return 0;
  if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90)) return 0;
  return length;
}

/// Character cells, where every character takes one and a colour (ESC ... m) none.
size_t Width(std::string_view text) {
  size_t width = 0;
  bool in_colour = false;
  for (char c : text) {
    in_colour = in_colour || c == '\x1b';
    width += !in_colour && !IsContinuation(c);
    in_colour = in_colour && c != 'm';
  }
  return width;
}

}  // namespace

std::string OneLine(std::string_view text, size_t max_bytes) {
  std::string line;
  for (size_t i = 0; i < text.size();) {
    const size_t length = CharacterLength(text.substr(i));
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const bool is_plain = length > 1 || (length == 1 && c >= 0x20 && c != 0x7F);
    const std::string piece = is_plain ? std::string(text.substr(i, length)) : fmt::format("\\x{:02x}", c);
    if (max_bytes > 0 && line.size() + piece.size() > max_bytes) return line + "...";
    line += piece;
    i += std::max<size_t>(length, 1);
  }
  return line;
}

std::string TextTable::Print() const {
  std::vector<size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_)
    for (size_t column = 0; column < widths.size(); ++column)
      widths[column] = std::max(widths[column], Width(row[column]));
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t column = 0; column < widths.size(); ++column) {
      if (column > 0) line += "  ";
      line += row[column];
      line.append(widths[column] - Width(row[column]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace penstock::validation
