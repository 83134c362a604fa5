#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock::server {

/// The calls that a gRPC server hands on, as bytes: so the server knows no message, and what answers no gRPC.
class UnaryService {
 public:
  /// Takes the serialized response or the error. Called once, from any thread; does not block.
  using Done = std::function<void(Result<std::string> response)>;

  virtual ~UnaryService() = default;

  /// Serves a call of `path`, "/package.Service/Method". Called from the server's threads, many at a time:
  /// must not block them. kUnimplemented: there is no such method.
  virtual void Call(std::string_view path, std::string request, Done done) = 0;
};

}  // namespace penstock::server
