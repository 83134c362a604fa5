#include "penstock/pages/page.h"

#include <nlohmann/json.hpp>

#include "penstock/base/filesystem.h"
#include "penstock/pages/page_template.h"

namespace penstock::pages {
namespace {

constexpr std::string_view kTitleMark = "__PENSTOCK_TITLE__";
constexpr std::string_view kDataMark = "__PENSTOCK_DATA__";

std::string EscapeForHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace

bool HasPage() { return !PageTemplate().empty(); }

std::string EscapeForScript(const nlohmann::json& data) {
  const std::string json = data.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  std::string escaped;
  escaped.reserve(json.size() + json.size() / 16);
  // Outside of strings JSON has none of these.
  for (const char c : json) {
    switch (c) {
      case '<':
        escaped += "\\u003c";
        break;
      case '>':
        escaped += "\\u003e";
        break;
      case '&':
        escaped += "\\u0026";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

Result<std::string> RenderPage(std::string_view title, const nlohmann::json& data) {
  const std::string_view page = PageTemplate();
  if (page.empty()) {
    return FailedPrecondition(
        "This penstock was built without its HTML pages; run `make setup` where PyPI and npm can be reached, "
        "then `make build`");
  }
  const size_t title_at = page.find(kTitleMark);
  const size_t data_at = page.find(kDataMark);
  if (title_at == page.npos || data_at == page.npos || data_at < title_at)
    return Internal("The page of web/ lacks its marks");
  std::string html(page.substr(0, title_at));
  html += EscapeForHtml(title);
  const size_t after_title = title_at + kTitleMark.size();
  html += page.substr(after_title, data_at - after_title);
  html += EscapeForScript(data);
  html += page.substr(data_at + kDataMark.size());
  return html;
}

Status WritePage(const std::string& path, std::string_view title, const nlohmann::json& data) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string html, RenderPage(title, data));
  return fs::WriteFileAtomically(path, html);
}

}  // namespace penstock::pages
