#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::validation {

/// `text` in one line: control characters and bytes that are no UTF-8 become \xNN; cut after `max_bytes` (0:
/// never), at a character, with "...".
std::string OneLine(std::string_view text, size_t max_bytes = 0);

/// Columns that line up, for a terminal with a monospaced font.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}

  /// As many cells as the header has. Cells must be one line.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  /// Two spaces between columns, none at the end of a line.
  std::string Print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace penstock::validation
