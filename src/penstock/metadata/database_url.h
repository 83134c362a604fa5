#pragma once

#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock::metadata {

/// Where a store is.
struct DatabaseUrl {
  std::string place;  ///< The path of an SQLite file, or the URL of a server's database, password and all.
  bool is_server = false;
};

/// Reads "sqlite:///PATH" (three slashes for a path from here, four for one from the root, as SQLAlchemy has
/// it; a plain path means the same), "postgresql://USER:PASSWORD@HOST:PORT/DATABASE" and "mysql://…".
/// kInvalidArgument: another scheme, no path, no database; a password is never in the message.
Result<DatabaseUrl> ParseDatabaseUrl(std::string_view url);

/// The place of --db, of the variable PENSTOCK_DB where that is empty, else `default_path`; a file's path is
/// made absolute.
Result<DatabaseUrl> FindDatabase(const std::string& option, const std::string& default_path);

/// Overwrites the passwords of database URLs among a process's arguments: others see those in its command
/// line. The arguments must have been read before.
void HidePasswords(int argc, char** argv);

}  // namespace penstock::metadata
