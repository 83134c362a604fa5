#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace penstock::pages {

/// A number for the page: finite ones as they are, the others as "NaN", "Infinity", "-Infinity".
nlohmann::json NumberJson(double value);

/// At most `max_bytes` of `text` and "…" where it was cut, which is never inside of a UTF-8 character.
std::string CutText(std::string_view text, size_t max_bytes);

}  // namespace penstock::pages
