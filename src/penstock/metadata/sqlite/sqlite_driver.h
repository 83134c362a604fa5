#pragma once

#include <memory>
#include <string>

#include "penstock/metadata/database/driver.h"

namespace penstock::metadata::sqlite {

/// Opens or makes the file in WAL mode, fully synced, waiting up to ten seconds for other processes' locks.
/// kNotFound: no such folder. kDataLoss: no database. Otherwise as database::Driver.
Result<std::unique_ptr<database::Driver>> OpenDriver(const std::string& path);

}  // namespace penstock::metadata::sqlite
