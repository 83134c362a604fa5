#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"

namespace penstock::server {

struct HttpCall {
  std::string method = "GET";
  std::string url;  ///< "http://127.0.0.1:8888/apis/…", http or https.
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  int num_timeout_seconds = 30;  ///< Of silence.
  uint64_t max_answer_bytes = 1 << 30;
  std::string trusted_certificates_path;  ///< PEM; empty: the system's.
  bool is_link_local_refused = false;     ///< 169.254… and fe80…: a cloud's secrets are there.
  /// Set: gets the body bit by bit; false ends the call.
  std::function<bool(std::string_view data)> on_data;
};

struct HttpReply {
  int status = 0;
  std::string body;  ///< Empty where on_data took it.
};

/// One request, one answer. kInvalidArgument: no such URL; kUnavailable: nobody answers.
Result<HttpReply> CallHttp(const HttpCall& call);

/// "a b/c" becomes "a%20b%2Fc": as part of a path or a query.
std::string PercentEncode(std::string_view text);

}  // namespace penstock::server
