#pragma once

#include <memory>
#include <string>

#include "penstock/metadata/database/driver.h"

namespace penstock::metadata::mysql {

/// Opens a database of a MySQL (8.0.13 or later) or MariaDB (10.6 or later) server:
/// "mysql://USER:PASSWORD@HOST:PORT/DATABASE"; the option unix_socket=PATH names a socket instead. MYSQL_PWD
/// is the password where the URL has none. Making or upgrading tables is not undone by a crash: these
/// servers commit each such statement. Errors as database::Driver.
Result<std::unique_ptr<database::Driver>> OpenDriver(const std::string& url);

}  // namespace penstock::metadata::mysql
