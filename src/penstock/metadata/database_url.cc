#include "penstock/metadata/database_url.h"

#include <cstdlib>
#include <cstring>

#include "penstock/base/filesystem.h"
#include "penstock/metadata/database/server_url.h"

namespace penstock::metadata {
namespace {

constexpr std::string_view kSqlite = "sqlite:///";

void Overwrite(char* from, size_t length) {
  // A password of two letters is not told by its length either.
  for (size_t i = 0; i < length; ++i) from[i] = '*';
}

}  // namespace

Result<DatabaseUrl> ParseDatabaseUrl(std::string_view url) {
  if (database::IsServerUrl(url)) {
    PENSTOCK_RETURN_IF_ERROR(database::ParseServerUrl(url).status());
    return DatabaseUrl{std::string(url), true};
  }
  std::string_view path = url;
  if (url.starts_with(kSqlite)) {
    path.remove_prefix(kSqlite.size());
  } else if (url.find("://") != std::string_view::npos || url.starts_with("sqlite:")) {
    // Of another scheme only that is shown: the rest may hold a password.
    return InvalidArgument(
        "The store is neither an SQLite file nor a PostgreSQL or MySQL database: {}; write sqlite:///PATH, "
        "postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE",
        url.substr(0, url.find('@') == url.npos ? url.npos : url.find("://")));
  }
  if (path.empty()) return InvalidArgument("The store's URL has no path: '{}'; write sqlite:///PATH", url);
  return DatabaseUrl{std::string(path)};
}

Result<DatabaseUrl> FindDatabase(const std::string& option, const std::string& default_path) {
  std::string text = option;
  if (const char* variable = std::getenv("PENSTOCK_DB"); text.empty() && variable != nullptr) text = variable;
  if (text.empty()) return DatabaseUrl{default_path};
  PENSTOCK_ASSIGN_OR_RETURN(DatabaseUrl url, ParseDatabaseUrl(text));
  if (!url.is_server) url.place = fs::Absolute(url.place);
  return url;
}

void HidePasswords(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    const size_t scheme = word.find("://");
    if (scheme == word.npos) continue;
    const size_t end = std::min(word.find('/', scheme + 3), word.size());
    const size_t at = word.substr(0, end).rfind('@');
    const size_t colon = word.find(':', scheme + 3);
    if (at != word.npos && colon != word.npos && colon < at) Overwrite(argv[i] + colon + 1, at - colon - 1);
    constexpr std::string_view kOption = "password=";
    if (const size_t option = word.find(kOption); option != word.npos) {
      const size_t begin = option + kOption.size();
      Overwrite(argv[i] + begin, std::min(word.find('&', begin), word.size()) - begin);
    }
  }
}

}  // namespace penstock::metadata
