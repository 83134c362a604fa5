#pragma once

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata::database {

/// The version of ML Metadata's tables that this store reads and writes.
inline constexpr int kMlmdSchemaVersion = 10;
/// The version of the penstock_ tables.
inline constexpr int kPenstockSchemaVersion = 1;

/// Makes the tables in an empty file, adds Penstock's to one that ML Metadata made, or
/// checks the versions of one that has both. One transaction; safe when several processes
/// open a new file at once. kFailedPrecondition: a version that is not ours, or a database of another
/// program.
Status PrepareSchema(Connection& connection);

/// Brings the tables of an older ML Metadata (from 0.13 on) to this version, all or nothing, then does as
/// PrepareSchema. Ids and values stay. Later ML Metadata reads the file, earlier ones do not any more.
Status UpgradeSchema(Connection& connection);

}  // namespace penstock::metadata::database
