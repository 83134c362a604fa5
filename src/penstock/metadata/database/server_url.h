#pragma once

#include <map>
#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock::metadata::database {

/// A database of a server: postgresql://USER:PASSWORD@HOST:PORT/DATABASE?option=value, mysql://… likewise.
/// The parts are percent-decoded.
struct ServerUrl {
  std::string scheme;  ///< "postgresql" or "mysql".
  std::string user, password, host, port, database;
  std::map<std::string, std::string> options;

  /// Without password and options: what may be shown.
  std::string Shown() const;
};

/// True of a URL that names a server, not a file.
bool IsServerUrl(std::string_view url);
/// kInvalidArgument: not of that form, or no database; the message does not repeat the URL, which may hold
/// a password.
Result<ServerUrl> ParseServerUrl(std::string_view url);

}  // namespace penstock::metadata::database
