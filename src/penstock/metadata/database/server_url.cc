#include "penstock/metadata/database/server_url.h"

#include <cctype>
#include <optional>

namespace penstock::metadata::database {
namespace {

constexpr std::string_view kSchemes[] = {"postgresql://", "postgres://", "mysql://", "mariadb://"};

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? std::optional(lower - 'a' + 10) : std::nullopt;
}

Result<std::string> Decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? HexDigit(text[i + 2]) : std::nullopt;
    if (!high || !low || (*high == 0 && *low == 0))
      return InvalidArgument("The database's URL has a '%' that two hex digits do not follow");
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

/// What stands before `mark`, which is taken off with it; everything where there is none.
std::string_view TakeUntil(std::string_view& rest, char mark) {
  const size_t at = rest.find(mark);
  const std::string_view part = rest.substr(0, at);
  rest = at == rest.npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

Status ReadPlace(std::string_view place, ServerUrl& url) {
  if (place.starts_with('[')) {
    const size_t close = place.find(']');
    if (close == place.npos) return InvalidArgument("The database's URL has a '[' without ']'");
    url.host = place.substr(1, close - 1);
    place.remove_prefix(close + 1);
    if (place.starts_with(':')) url.port = place.substr(1);
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(url.host, Decode(TakeUntil(place, ':')));
    url.port = place;
  }
  if (url.port.find_first_not_of("0123456789") != std::string::npos || url.port.size() > 5)
    return InvalidArgument("The port in the database's URL is no number");
  return OkStatus();
}

}  // namespace

bool IsServerUrl(std::string_view url) {
  for (const std::string_view scheme : kSchemes)
    if (url.starts_with(scheme)) return true;
  return false;
}

Result<ServerUrl> ParseServerUrl(std::string_view text) {
  ServerUrl url;
  for (const std::string_view scheme : kSchemes) {
    if (!text.starts_with(scheme)) continue;
    url.scheme = scheme.starts_with('p') ? "postgresql" : "mysql";
    text.remove_prefix(scheme.size());
    break;
  }
  if (url.scheme.empty()) return InvalidArgument("The database's URL begins with postgresql:// or mysql://");
  std::string_view options = text;
  std::string_view path = TakeUntil(options, '?');
  std::string_view place = TakeUntil(path, '/');
  if (const size_t at = place.rfind('@'); at != place.npos) {
    std::string_view secret = place.substr(0, at);
    PENSTOCK_ASSIGN_OR_RETURN(url.user, Decode(TakeUntil(secret, ':')));
    PENSTOCK_ASSIGN_OR_RETURN(url.password, Decode(secret));
    place.remove_prefix(at + 1);
  }
  PENSTOCK_RETURN_IF_ERROR(ReadPlace(place, url));
  PENSTOCK_ASSIGN_OR_RETURN(url.database, Decode(path));
  if (url.database.empty())
    return InvalidArgument("The database's URL names no database: write {}://USER@HOST/DATABASE", url.scheme);
  while (!options.empty()) {
    std::string_view value = TakeUntil(options, '&');
    PENSTOCK_ASSIGN_OR_RETURN(const std::string name, Decode(TakeUntil(value, '=')));
    PENSTOCK_ASSIGN_OR_RETURN(url.options[name], Decode(value));
  }
  if (const auto secret = url.options.find("password"); secret != url.options.end()) {
    url.password = secret->second;
    url.options.erase(secret);
  }
  return url;
}

std::string ServerUrl::Shown() const {
  const std::string place = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return fmt::format("{}://{}{}{}{}/{}", scheme, user, user.empty() ? "" : "@", place,
                     port.empty() ? "" : ":" + port, database);
}

}  // namespace penstock::metadata::database
