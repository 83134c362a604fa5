#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::server {

/// A request as it came, taken apart.
struct HttpRequest {
  std::string method;                          ///< "GET".
  std::string path;                            ///< Still percent-encoded: "/apis/v2beta1/runs/1".
  std::map<std::string, std::string> query;    ///< Decoded; of a repeated name the last.
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
  std::string peer;  ///< "127.0.0.1".

  /// Empty where it is not there.
  const std::string& Query(const std::string& name) const;
  const std::string& Header(const std::string& name) const;
};

/// A body that comes bit by bit, as a log that is still being written. Asked from one thread at a time.
class BodyStream {
 public:
  struct Chunk {
    std::string data;      ///< Empty: nothing new yet; it is asked again shortly.
    bool is_last = false;  ///< Nothing comes behind it.
  };
  virtual ~BodyStream() = default;
  /// Never blocks. An error ends the connection.
  virtual Result<Chunk> Next() = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::shared_ptr<BodyStream> stream;  ///< Set: sent in chunks instead of `body`.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// "%2F" becomes "/", and where `is_query` "+" a space. kInvalidArgument: a broken escape, or NUL.
Result<std::string> PercentDecode(std::string_view text, bool is_query);
/// "a=1&b=2".
Result<std::map<std::string, std::string>> ParseQuery(std::string_view text);

/// The HTTP code of a status, as grpc-gateway has it: kNotFound 404, kAlreadyExists 409, ...
int HttpCodeOf(const Status& status);
/// {"code": 5, "message": "...", "details": [...]}: the body of every error.
HttpResponse ErrorResponse(const Status& status);

}  // namespace penstock::server
