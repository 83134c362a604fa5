#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::statistics {

/// Date and time formats that TFDV looks for (time_stats_generator.py), in its order: dates, times, a
/// combined one, and each date with each time after 'T' or ' '. As strptime writes them: "%Y-%m-%d".
std::vector<std::string> TextTimeFormats();

/// Whether `text` is a time of `format`, as the regular expressions of Python's strptime have it: %d, %H, %m,
/// %M and %S take one or two digits, %f one to six, a line break may follow the end. Nothing is checked
/// across fields (31 February matches). At most a few steps a field.
bool MatchesTimeFormat(std::string_view text, std::string_view format);

}  // namespace penstock::statistics
