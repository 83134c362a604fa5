#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "penstock/base/status.h"
#include "penstock/server/http_message.h"

namespace penstock::server {

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  ///< 0: any free one.
  int num_threads = 16;
  uint64_t max_body_bytes = 64 << 20;
  int num_idle_seconds = 120;    ///< A connection that says nothing for so long is closed.
  std::string certificate_path;  ///< PEM chain; not empty: TLS.
  std::string private_key_path;
};

/// HTTP/1.1 over TCP, plain or TLS: reads requests, asks `handler`, writes responses and streams.
/// The handler is called from any of the threads and may block for a while: others go on.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  /// Listens and serves. kUnavailable: the address is taken; kInvalidArgument: there is no such
  /// address; kNotFound: certificate or key.
  static Result<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options, Handler handler);
  /// Stop(), where that was not done.
  virtual ~HttpServer() = default;

  virtual int port() const = 0;
  /// Takes no new connection, lets requests in work end within `drain_millis`, closes the rest.
  virtual void Stop(int64_t drain_millis) = 0;
};

}  // namespace penstock::server
