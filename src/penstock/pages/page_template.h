#pragma once

#include <string_view>

namespace penstock::pages {

/// What `vite build` made of web/: one HTML file with marks for title and data. Empty where the build had
/// no node or packages (cmake/PenstockWeb.cmake). The source of this function is generated.
std::string_view PageTemplate();

}  // namespace penstock::pages
