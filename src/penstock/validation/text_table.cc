#include <algorithm>

#include <fmt/format.h>

#include "penstock/base/utf8.h"
#include "penstock/validation/text_table_internal.h"

namespace penstock::validation {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

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
    const size_t length = Utf8CharacterLength(text.substr(i));
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
