#include "penstock/server/router.h"

#include <utility>

namespace penstock::server {
namespace {

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = path.find('/');
    parts.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return parts;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

std::function<Result<HttpResponse>(const ApiCall&)> Json(
    std::function<Result<nlohmann::json>(const ApiCall&)> function) {
  return [function = std::move(function)](const ApiCall& call) -> Result<HttpResponse> {
    PENSTOCK_ASSIGN_OR_RETURN(const nlohmann::json answer, function(call));
    HttpResponse response;
    response.body = answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return response;
  };
}

void Router::Add(Route route) {
  std::vector<Segment> pattern;
  for (const std::string_view part : SplitPath(std::string_view(route.pattern).substr(1))) {
    Segment segment;
    const size_t close = part.find('}');
    if (part.starts_with("{") && close != std::string_view::npos) {
      segment.parameter = std::string(part.substr(1, close - 1));
      segment.suffix = std::string(part.substr(close + 1));
    } else {
      segment.literal = std::string(part);
    }
    pattern.push_back(std::move(segment));
  }
  routes_.push_back(std::move(route));
  patterns_.push_back(std::move(pattern));
}

bool Router::Matches(const std::vector<Segment>& pattern, const std::vector<std::string>& path,
                     std::map<std::string, std::string>& values) {
  if (pattern.size() != path.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const Segment& segment = pattern[i];
    if (segment.parameter.empty()) {
      if (segment.literal != path[i]) return false;
      continue;
    }
    if (!path[i].ends_with(segment.suffix) || path[i].size() == segment.suffix.size()) return false;
    values[segment.parameter] = path[i].substr(0, path[i].size() - segment.suffix.size());
  }
  return true;
}

Result<Router::Match> Router::Find(const std::string& method, std::string_view path) const {
  Match match;
  if (!path.starts_with("/")) return match;
  std::vector<std::string> parts;
  for (const std::string_view part : SplitPath(path.substr(1))) {
    PENSTOCK_ASSIGN_OR_RETURN(std::string decoded, PercentDecode(part, false));
    parts.push_back(std::move(decoded));
  }
  // "run:archive" must not be taken for a run's id, nor "upload" for a pipeline's: the pattern
  // with more literal text wins.
  size_t best = 0;
  for (size_t i = 0; i < routes_.size(); ++i) {
    std::map<std::string, std::string> values;
    if (!Matches(patterns_[i], parts, values)) continue;
    match.is_path_known = true;
    if (routes_[i].method != method && !(method == "HEAD" && routes_[i].method == "GET")) continue;
    size_t weight = 1;
    for (const Segment& segment : patterns_[i])
      weight += segment.parameter.empty() ? 1000 : segment.suffix.size();
    if (weight <= best) continue;
    best = weight;
    match.route = &routes_[i];
    match.path = std::move(values);
  }
  return match;
}

}  // namespace penstock::server
