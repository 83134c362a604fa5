#pragma once

#include <memory>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"

namespace penstock::metadata {

/// Opens the SQLite file at `path`, or makes it (its folder must exist), with ML Metadata's
/// tables of schema version 10 and Penstock's beside them (prefix penstock_). Write-ahead
/// log, fully synced. The file may be open in several processes; each write waits up to ten
/// seconds for the others. A file that ML Metadata itself made at version 10 is taken over
/// as it is. `clock` gives the times stored and must outlive the store.
///
/// kFailedPrecondition: a newer or older schema version (the message says what to do).
/// kDataLoss: not a database, or a damaged one. kNotFound: no such folder.
Result<std::unique_ptr<MetadataStore>> OpenStore(const std::string& path, const Clock& clock);

/// The version of ML Metadata's tables that Penstock reads and writes.
inline constexpr int kStoreSchemaVersion = 10;

/// Brings the file of an older ML Metadata to that version, all or nothing; one of that version stays as it
/// is. kNotFound: there is no file. Otherwise as OpenStore.
Status UpgradeStore(const std::string& path);

}  // namespace penstock::metadata
