#pragma once

#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock::metadata {

/// Where a store is.
struct DatabaseUrl {
  std::string path;  ///< Of the SQLite file.
};

/// Reads "sqlite:///PATH": three slashes for a path from here, four for one from the root, as SQLAlchemy has
/// it; a plain path means the same. kInvalidArgument: another scheme, or no path.
Result<DatabaseUrl> ParseDatabaseUrl(std::string_view url);

}  // namespace penstock::metadata
