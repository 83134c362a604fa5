#include "penstock/server/dispatch.h"

#include "penstock/base/logging.h"

namespace penstock::server {
namespace {

struct Answer {
  HttpResponse response;
  std::string operation = "unknown";
  std::string caller;
  bool is_change = false;
};

Result<HttpResponse> CallRoute(const Router::Match& match, const Gate& gate, const HttpRequest& request,
                               std::string& caller_name) {
  PENSTOCK_ASSIGN_OR_RETURN(Caller caller, gate.access.Admit(request, match.route->permission));
  caller_name = caller.name;
  return match.route->handler(ApiCall{request, match.path, std::move(caller.namespace_name)});
}

Answer AnswerOf(const Router& router, const Gate& gate, const HttpRequest& request) {
  Answer answer;
  const auto match = router.Find(request.method, request.path);
  if (!match.ok()) {
    answer.response = ErrorResponse(match.status());
  } else if (match->route == nullptr && match->is_path_known) {
    answer.response = ErrorResponse(Unimplemented("{} does not take {}", request.path, request.method));
    answer.response.status = 405;
  } else if (match->route == nullptr) {
    answer.response =
        ErrorResponse(NotFound("There is nothing at {}; /openapi.json lists what there is", request.path));
  } else {
    answer.operation = match->route->operation;
    answer.is_change = match->route->permission >= Permission::kWrite;
    Result<HttpResponse> response = CallRoute(*match, gate, request, answer.caller);
    answer.response = response.ok() ? *std::move(response) : ErrorResponse(response.status());
    if (answer.response.status == 401) answer.response.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  return answer;
}

}  // namespace

HttpResponse Dispatch(const Router& router, const Gate& gate, const HttpRequest& request) {
  const Timestamp begin = gate.clock.Now();
  Answer answer = AnswerOf(router, gate, request);
  const int status = answer.response.status;
  const double seconds = static_cast<double>(gate.clock.Now().micros - begin.micros) * 1e-6;
  gate.metrics.CountRequest(answer.operation, status, seconds);
  if (gate.audit != nullptr && answer.is_change)
    gate.audit->Write(begin, answer.caller, request.peer, answer.operation, request.path, status);
  if (status >= 500) {
    logging::Warning("request failed", {{"method", request.method},
                                        {"path", request.path},
                                        {"status", status},
                                        {"answer", answer.response.body}});
  } else {
    logging::Info(
        "request",
        {{"method", request.method}, {"path", request.path}, {"status", status}, {"seconds", seconds}});
  }
  return std::move(answer.response);
}

}  // namespace penstock::server
