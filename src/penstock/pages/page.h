#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "penstock/base/status.h"

namespace penstock::pages {

/// Whether this program was built with its pages (`make setup` needs PyPI and npm for that).
bool HasPage();

/// One HTML file that needs no network: the views of web/ with `data` (docs/formats/pages.md) inside.
/// Text in `data` cannot leave its place, whatever it holds: it is escaped as ASCII JSON without '<', '>'
/// or '&', and bytes that are not UTF-8 become U+FFFD. Linear in its size. kFailedPrecondition where the
/// program was built without pages.
Result<std::string> RenderPage(std::string_view title, const nlohmann::json& data);

/// The JSON as RenderPage puts it into the page.
std::string EscapeForScript(const nlohmann::json& data);

/// Writes the page to `path`, atomically.
Status WritePage(const std::string& path, std::string_view title, const nlohmann::json& data);

}  // namespace penstock::pages
