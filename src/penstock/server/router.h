#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/server/http_message.h"

namespace penstock::server {

/// What a caller must be allowed to do.
enum class Permission { kNone, kRead, kWrite, kAdminister };

/// A request that matched a route.
struct ApiCall {
  const HttpRequest& request;
  std::map<std::string, std::string> path;  ///< Values of the pattern's {names}, decoded.
  std::string namespace_name;  ///< Of the caller, where the server keeps namespaces apart; else empty.

  const std::string& Path(const std::string& name) const { return path.at(name); }
  /// A text of the query; empty where it is not there.
  const std::string& Query(const std::string& name) const { return request.Query(name); }
};

/// One operation of the API. The texts serve the OpenAPI document.
struct Route {
  std::string operation;  ///< "RunService_ListRuns".
  std::string method;     ///< "GET".
  std::string pattern;    ///< "/apis/v2beta1/runs/{run_id}:archive".
  Permission permission = Permission::kRead;
  std::function<Result<HttpResponse>(const ApiCall&)> handler;
  std::vector<std::string> query;  ///< "page_size:integer", "filter".
  std::string body;                ///< Message of the request: "v2beta1Run"; empty: none.
  std::string answer;              ///< Message of the answer; empty: an empty object.
};

/// Answers with JSON what a function computes.
std::function<Result<HttpResponse>(const ApiCall&)> Json(
    std::function<Result<nlohmann::json>(const ApiCall&)> function);

/// Routes by method and path. Filled before use, then read from any thread.
class Router {
 public:
  void Add(Route route);

  struct Match {
    const Route* route = nullptr;  ///< Null: no route has this path and method.
    std::map<std::string, std::string> path;
    bool is_path_known = false;  ///< The path is there with another method.
  };
  /// kInvalidArgument: a broken escape in the path.
  Result<Match> Find(const std::string& method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Segment {
    std::string literal;    ///< Empty: a parameter.
    std::string parameter;  ///< Its name.
    std::string suffix;     ///< ":archive" behind it.
  };
  static bool Matches(const std::vector<Segment>& pattern, const std::vector<std::string>& path,
                      std::map<std::string, std::string>& values);

  std::vector<Route> routes_;
  std::vector<std::vector<Segment>> patterns_;  ///< By route.
};

}  // namespace penstock::server
