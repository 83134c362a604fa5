#pragma once

#include <string>
#include <string_view>

namespace penstock::statistics {

/// `text` made safe for one line of a terminal: control characters and bytes that are not
/// UTF-8 become \xHH, line breaks \n and \r, tabs \t.
std::string EscapeForTerminal(std::string_view text);

/// Columns that valid UTF-8 `text` takes on a terminal: two for East Asian wide characters
/// and emoji, none for combining marks (the ranges of Unicode's EastAsianWidth.txt, coarsely).
int DisplayWidth(std::string_view text);

/// `text` (valid UTF-8) cut to at most `max_width` columns, the last of them "…" where cut.
std::string TruncateToWidth(std::string_view text, int max_width);

}  // namespace penstock::statistics
