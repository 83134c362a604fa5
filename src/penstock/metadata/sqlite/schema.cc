#include "penstock/metadata/sqlite/schema.h"

#include "penstock/metadata/sqlite/statements.h"
#include "penstock/metadata/sqlite/transaction.h"

namespace penstock::metadata::sqlite {
namespace {

struct TablePresence {
  int64_t num_tables = 0;
  bool has_mlmd_version = false;
  bool has_mlmd_types = false;
  bool has_penstock = false;
};

Result<TablePresence> FindTables(Connection& connection) {
  Statement statement = connection.Prepare(sql::kSelectTablePresence);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return Internal("No row of table names in {}", connection.path());
  return TablePresence{statement.Int(0), statement.Int(1) > 0, statement.Int(2) > 0, statement.Int(3) > 0};
}

Status CheckMlmdVersion(Connection& connection, const TablePresence& tables) {
  int64_t version = 0;  // The tables before ML Metadata 0.14 had no version.
  if (tables.has_mlmd_version) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> stored,
                              connection.FindInt(sql::kSelectMlmdVersion));
    version = stored.value_or(0);
  }
  if (version == kMlmdSchemaVersion) return OkStatus();
  if (version < kMlmdSchemaVersion) {
    return FailedPrecondition(
        "The metadata store {} has ML Metadata's tables of the older schema version {}; Penstock reads {}. "
        "Upgrade it "
        "once with Python: ml_metadata.metadata_store.MetadataStore(config, enable_upgrade_migration=True)",
        connection.path(), version, kMlmdSchemaVersion);
  }
  return FailedPrecondition(
      "The metadata store {} has ML Metadata's tables of the newer schema version {}; this Penstock reads "
      "{}. Use a "
      "newer Penstock, or another --root, or downgrade the file with Python: "
      "ml_metadata.metadata_store.downgrade_schema(config, {})",
      connection.path(), version, kMlmdSchemaVersion, kMlmdSchemaVersion);
}

Status CheckPenstockVersion(Connection& connection) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> version,
                            connection.FindInt(sql::kSelectPenstockVersion));
  if (version == kPenstockSchemaVersion) return OkStatus();
  if (version.value_or(0) > kPenstockSchemaVersion) {
    return FailedPrecondition(
        "The metadata store {} was written by a newer Penstock (schema version {}, this one knows {}): use "
        "that "
        "Penstock, or another --root",
        connection.path(), *version, kPenstockSchemaVersion);
  }
  return DataLoss("The metadata store {} has no valid penstock_schema version: {}", connection.path(),
                  version.value_or(0));
}

Status CheckSchema(Connection& connection, const TablePresence& tables) {
  PENSTOCK_RETURN_IF_ERROR(CheckMlmdVersion(connection, tables));
  return CheckPenstockVersion(connection);
}

Status MakeSchema(Connection& connection, const TablePresence& tables) {
  if (tables.has_mlmd_types || tables.has_mlmd_version) {
    PENSTOCK_RETURN_IF_ERROR(CheckMlmdVersion(connection, tables));
  } else if (tables.num_tables > 0) {
    return FailedPrecondition(
        "{} is the database of another program ({} tables, none of them ML Metadata's): give "
        "Penstock a file of its own, with another --root",
        connection.path(), tables.num_tables);
  } else {
    PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kCreateMlmdTables));
    PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kCreateMlmdIndices));
    PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertSimpleTypes));
    PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertMlmdVersion, kMlmdSchemaVersion));
  }
  PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kCreatePenstockTables));
  return connection.Run(sql::kInsertPenstockVersion, kPenstockSchemaVersion);
}

}  // namespace

Status PrepareSchema(Connection& connection) {
  PENSTOCK_ASSIGN_OR_RETURN(const TablePresence tables, FindTables(connection));
  if (tables.has_penstock) return CheckSchema(connection, tables);
  return InWriteTransaction(connection, [&]() -> Status {
    // Another process may have made them while this one waited for the lock.
    PENSTOCK_ASSIGN_OR_RETURN(const TablePresence now, FindTables(connection));
    return now.has_penstock ? CheckSchema(connection, now) : MakeSchema(connection, now);
  });
}

}  // namespace penstock::metadata::sqlite
