#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/listing.h"
#include "penstock/server/http_message.h"

namespace penstock::server {

/// Predicates of a filter as the API's clients write it: JSON, perhaps URL-encoded once more,
/// operations by name or number. kInvalidArgument says what is wrong. At most 64 KiB, 50 predicates.
Result<std::vector<metadata::Predicate>> ParseFilter(const std::string& text);

/// page_token, page_size, sort_by and filter of a list request. A page token carries its list's
/// order and filter; where they are given again they must be the same. Page sizes: 20 by default, 200 at
/// most.
Result<metadata::ListQuery> ParseListRequest(const HttpRequest& request);

/// The token of the page behind the one that ended at `next`. `total` travels in it.
std::string MakePageToken(const metadata::ListQuery& query, const HttpRequest& request,
                          const metadata::PageKey& next, int64_t total);

/// {"<name>": [...], "total_size": n, "next_page_token": "..."}, without what is empty.
template <class T, class Convert>
nlohmann::json ListAnswer(const char* name, const metadata::Page<T>& page, const metadata::ListQuery& query,
                          const HttpRequest& request, int64_t total, Convert&& convert) {
  nlohmann::json answer = nlohmann::json::object();
  for (const T& item : page.items) answer[name].push_back(convert(item));
  if (total > 0) answer["total_size"] = total;
  if (page.next.has_value()) answer["next_page_token"] = MakePageToken(query, request, *page.next, total);
  return answer;
}

/// The total of a list: counted for the first page, from the token later.
int64_t TotalOf(const HttpRequest& request, int64_t counted);

}  // namespace penstock::server
