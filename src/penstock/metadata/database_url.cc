#include "penstock/metadata/database_url.h"

namespace penstock::metadata {
namespace {

constexpr std::string_view kSqlite = "sqlite:///";

}  // namespace

Result<DatabaseUrl> ParseDatabaseUrl(std::string_view url) {
  std::string_view path = url;
  if (url.starts_with(kSqlite)) {
    path.remove_prefix(kSqlite.size());
  } else if (url.find("://") != std::string_view::npos || url.starts_with("sqlite:")) {
    return InvalidArgument("The store is not an SQLite file: {}; write sqlite:///PATH", url);
  }
  if (path.empty()) return InvalidArgument("The store's URL has no path: '{}'; write sqlite:///PATH", url);
  return DatabaseUrl{std::string(path)};
}

}  // namespace penstock::metadata
