#include "penstock/server/http_message.h"

#include <nlohmann/json.hpp>

namespace penstock::server {
namespace {

const std::string kNothing;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

const std::string& HttpRequest::Query(const std::string& name) const {
  const auto entry = query.find(name);
  return entry == query.end() ? kNothing : entry->second;
}

const std::string& HttpRequest::Header(const std::string& name) const {
  const auto entry = headers.find(name);
  return entry == headers.end() ? kNothing : entry->second;
}

Result<std::string> PercentDecode(std::string_view text, bool is_query) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && is_query) {
      decoded += ' ';
    } else if (text[i] == '%') {
      if (i + 2 >= text.size())
        return InvalidArgument("A broken escape at the end of the URL part '{}'", text);
      const int first = HexDigit(text[i + 1]), second = HexDigit(text[i + 2]);
      if (first < 0 || second < 0) return InvalidArgument("A broken escape in the URL part '{}'", text);
      decoded += static_cast<char>(first * 16 + second);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  if (decoded.find('\0') != std::string::npos) return InvalidArgument("A NUL character in the URL");
  return decoded;
}

Result<std::map<std::string, std::string>> ParseQuery(std::string_view text) {
  std::map<std::string, std::string> query;
  for (size_t begin = 0; begin < text.size();) {
    const size_t ampersand = text.find('&', begin);
    const size_t end = ampersand == std::string_view::npos ? text.size() : ampersand;
    const std::string_view pair = text.substr(begin, end - begin);
    begin = end + 1;
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    PENSTOCK_ASSIGN_OR_RETURN(std::string name, PercentDecode(pair.substr(0, equals), true));
    PENSTOCK_ASSIGN_OR_RETURN(std::string value,
                              PercentDecode(equals < pair.size() ? pair.substr(equals + 1) : "", true));
    // Lists of ids come as a repeated name.
    std::string& known = query[name];
    known = name.ends_with("_ids") && !known.empty() ? known + "," + value : std::move(value);
  }
  return query;
}

int HttpCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return 200;
    case StatusCode::kInvalidArgument:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kOutOfRange:
      return 400;
    case StatusCode::kUnauthenticated:
      return 401;
    case StatusCode::kPermissionDenied:
      return 403;
    case StatusCode::kNotFound:
      return 404;
    case StatusCode::kAborted:
    case StatusCode::kAlreadyExists:
      return 409;
    case StatusCode::kResourceExhausted:
      return 429;
    case StatusCode::kCancelled:
      return 499;
    case StatusCode::kUnimplemented:
      return 501;
    case StatusCode::kUnavailable:
      return 503;
    case StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

HttpResponse ErrorResponse(const Status& status) {
  const std::string message(status.message());
  const int code = static_cast<int>(status.code());
  const nlohmann::json body = {
      {"code", code},
      {"message", message},
      {"details",
       {{{"@type", "type.googleapis.com/google.rpc.Status"}, {"code", code}, {"message", message}}}}};
  return {.status = HttpCodeOf(status),
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace penstock::server
