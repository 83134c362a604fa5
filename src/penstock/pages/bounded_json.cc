#include "penstock/pages/bounded_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "penstock/base/utf8.h"

namespace penstock::pages {

nlohmann::json NumberJson(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  // Most numbers here are counts; without ".0" they take less room.
  if (value == std::trunc(value) && std::abs(value) < 9e15) return static_cast<int64_t>(value);
  return value;
}

std::string CutText(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  size_t end = 0;
  while (end < max_bytes) {
    const size_t length = std::max<size_t>(1, Utf8CharacterLength(text.substr(end)));
    if (end + length > max_bytes) break;
    end += length;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace penstock::pages
