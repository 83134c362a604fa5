#include "penstock/base/yaml_fault.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace penstock {
namespace {

struct Place {
  int line = 0, column = 0;  // From 0.
};

/// A quoted text that does not end in the line it begins in.
struct LongQuote {
  Place begin;
  int last_line = 0;
  bool is_closed = false;
};

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

/// Goes through the lines of a YAML text, which is in block style for the most part.
class QuoteScan {
 public:
  /// The last long quote that begins before `limit`, which is a line.
  std::optional<LongQuote> Run(std::string_view yaml, int limit) {
    int number = 0;
    for (size_t begin = 0; begin <= yaml.size(); ++number) {
      const size_t end = std::min(yaml.find('\n', begin), yaml.size());
      if (quote_ == 0 && number > limit) break;
      Line(yaml.substr(begin, end - begin), number);
      begin = end + 1;
    }
    if (quote_ != 0) found_ = LongQuote{opened_, number - 1, false};
    return found_;
  }

 private:
  void Line(std::string_view line, int number) {
    const size_t indentation = std::min(line.find_first_not_of(" \t"), line.size());
    if (quote_ == 0 && is_in_block_) {
      if (indentation == line.size() || indentation > block_indentation_) return;
      is_in_block_ = false;
    }
    size_t at = 0, closed_at = line.npos;
    // The last character that is no blank and belongs to no text: what may stand before a value.
    char before = '\n';
    if (quote_ != 0) {
      at = closed_at = Close(line, 0, number);
      if (quote_ != 0) return;
      before = 'x';
    }
    for (; at < line.size(); ++at) {
      const char c = line[at];
      if (IsBlank(c)) continue;
      if (c == '#' && (at == 0 || IsBlank(line[at - 1]))) break;
      if ((c == '"' || c == '\'') && MayOpen(before)) {
        quote_ = c;
        opened_ = {number, static_cast<int>(at)};
        at = Close(line, at + 1, number);
        if (quote_ != 0) return;
        before = 'x';
        closed_at = at--;  // A colon directly behind a quoted key needs no blank: JSON.
        continue;
      }
      const bool is_in_text = c == ':' && at != closed_at && at + 1 < line.size() && !IsBlank(line[at + 1]);
      before = is_in_text ? 'x' : c;
      if ((c == '|' || c == '>') && IsBlockMark(line, at)) {
        is_in_block_ = true;
        block_indentation_ = indentation;
        return;
      }
    }
  }

  static bool MayOpen(char before) {
    return std::string_view("\n:-[{,?").find(before) != std::string_view::npos;
  }

  /// "key: |" or "- >-" at the end of a line.
  static bool IsBlockMark(std::string_view line, size_t at) {
    const size_t rest = line.find_first_not_of("|>+-0123456789", at);
    return at > 0 && IsBlank(line[at - 1]) &&
           (rest == line.npos || line.find_first_not_of(" \t\r", rest) == line.npos);
  }

  /// Behind the closing quote, or the line's end.
  size_t Close(std::string_view line, size_t at, int number) {
    for (; at < line.size(); ++at) {
      if (quote_ == '"' && line[at] == '\\') {
        ++at;
      } else if (quote_ == '\'' && line.substr(at, 2) == "''") {
        ++at;
      } else if (line[at] == quote_) {
        if (number > opened_.line) found_ = LongQuote{opened_, number, true};
        quote_ = 0;
        return at + 1;
      }
    }
    return line.size();
  }

  char quote_ = 0;  // 0: outside of quotes.
  Place opened_;
  bool is_in_block_ = false;
  size_t block_indentation_ = 0;
  std::optional<LongQuote> found_;
};

}  // namespace

std::string DescribeYamlFault(std::string_view name, std::string_view yaml, int line, int column,
                              std::string_view said) {
  constexpr int kEverything = 1 << 30;
  const auto quote = QuoteScan().Run(yaml, line < 0 ? kEverything : line);
  if (quote && !quote->is_closed)
    return fmt::format("{}:{}:{}: not YAML: the quote that opens here is never closed ({})", name,
                       quote->begin.line + 1, quote->begin.column + 1, said);
  std::string text = line < 0 ? fmt::format("{}: {}", name, said)
                              : fmt::format("{}:{}:{}: {}", name, line + 1, column + 1, said);
  if (quote)
    text += fmt::format(" (the quote that opens in line {} closes in line {} only: is one missing?)",
                        quote->begin.line + 1, quote->last_line + 1);
  return text;
}

}  // namespace penstock
