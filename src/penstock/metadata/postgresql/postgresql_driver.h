#pragma once

#include <memory>
#include <string>

#include "penstock/metadata/database/driver.h"

namespace penstock::metadata::postgresql {

/// Opens a PostgreSQL database (10 or later): "postgresql://USER:PASSWORD@HOST:PORT/DATABASE". What the URL
/// leaves out libpq takes from PGPASSWORD, ~/.pgpass and its other variables. Errors as database::Driver.
Result<std::unique_ptr<database::Driver>> OpenDriver(const std::string& url);

}  // namespace penstock::metadata::postgresql
