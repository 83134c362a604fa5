#include "penstock/metadata/database/schema.h"

#include <algorithm>
#include <string>
#include <vector>

#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/transaction.h"

namespace penstock::metadata::database {
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
  if (!has_row) return Internal("No row of table names in {}", connection.name());
  return TablePresence{statement.Int(0), statement.Int(1) > 0, statement.Int(2) > 0, statement.Int(3) > 0};
}

Result<int64_t> ReadMlmdVersion(Connection& connection, const TablePresence& tables) {
  if (!tables.has_mlmd_version) return 0;  // The tables before ML Metadata 0.14 had no version.
  PENSTOCK_ASSIGN_OR_RETURN(const std::optional<int64_t> stored, connection.FindInt(sql::kSelectMlmdVersion));
  return stored.value_or(0);
}

Status CheckMlmdVersion(Connection& connection, const TablePresence& tables) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t version, ReadMlmdVersion(connection, tables));
  if (version == kMlmdSchemaVersion) return OkStatus();
  if (version < kMlmdSchemaVersion) {
    return FailedPrecondition(
        "The metadata store {} has ML Metadata's tables of the older schema version {}; Penstock reads {}. "
        "Make a copy, then upgrade it once: penstock metadata upgrade --db {}",
        connection.name(), version, kMlmdSchemaVersion, connection.name());
  }
  return FailedPrecondition(
      "The metadata store {} has ML Metadata's tables of the newer schema version {}; this Penstock reads "
      "{}. Use a "
      "newer Penstock, or another --root, or downgrade the file with Python: "
      "ml_metadata.metadata_store.downgrade_schema(config, {})",
      connection.name(), version, kMlmdSchemaVersion, kMlmdSchemaVersion);
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
        connection.name(), *version, kPenstockSchemaVersion);
  }
  return DataLoss("The metadata store {} has no valid penstock_schema version: {}", connection.name(),
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
        connection.name(), tables.num_tables);
  } else {
    PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kCreateMlmdTables));
    PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kCreateMlmdIndices));
    PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertSimpleTypes));
    PENSTOCK_RETURN_IF_ERROR(connection.Run(sql::kInsertMlmdVersion, kMlmdSchemaVersion));
  }
  PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kCreatePenstockTables));
  return connection.Run(sql::kInsertPenstockVersion, kPenstockSchemaVersion);
}

constexpr std::string_view kMlmdTables[] = {
    "Type",      "ParentType",        "TypeProperty", "Artifact",        "ArtifactProperty",
    "Execution", "ExecutionProperty", "Context",      "ContextProperty", "ParentContext",
    "Event",     "EventPath",         "Association",  "Attribution"};

Result<std::vector<std::string>> ColumnsOf(Connection& connection, const std::string& table) {
  std::vector<std::string> columns;
  Statement row = connection.PrepareOnce(sql::kSelectColumns);
  row.Bind(table);
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return columns;
    columns.push_back(row.Text(0));
  }
}

/// Copies a table's rows into the new table of its name: the columns that both have. What later versions
/// added is NULL or its default; types before version 2 said whether they are an artifact's (1) or not (0),
/// which became their kind.
Status CopyRows(Connection& connection, const std::string& table, const std::string& old_table) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto old_columns, ColumnsOf(connection, old_table));
  PENSTOCK_ASSIGN_OR_RETURN(const auto columns, ColumnsOf(connection, table));
  std::string into, from;
  for (const std::string& column : columns) {
    std::string source = column;
    const auto has = [&](const std::string& name) {
      return std::find(old_columns.begin(), old_columns.end(), name) != old_columns.end();
    };
    if (column == "type_kind" && !has(column)) source = "is_artifact_type";
    if (!has(source)) continue;
    into += fmt::format("{}`{}`", into.empty() ? "" : ", ", column);
    from += fmt::format("{}`{}`", from.empty() ? "" : ", ", source);
  }
  // Before version 8 an artifact could have the same event twice: ML Metadata keeps the later one.
  const std::string_view order = table == "Event" ? " ORDER BY `id` DESC" : " ORDER BY rowid";
  const std::string copy = fmt::format("INSERT OR IGNORE INTO `{}`({}) SELECT {} FROM `{}`{}", table, into,
                                       from, old_table, order);
  return connection.PrepareOnce(copy).Run();
}

/// ML Metadata began with PostgreSQL at version 9, which lacks two columns.
Status UpgradePostgresqlTables(Connection& connection, int64_t version) {
  if (version < 9)
    return FailedPrecondition(
        "{} has tables of version {}, which no ML Metadata wrote to a PostgreSQL database", connection.name(),
        version);
  for (const char* table : {"ArtifactProperty", "ExecutionProperty", "ContextProperty"})
    PENSTOCK_RETURN_IF_ERROR(
        connection.RunScript(fmt::format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS proto_value BYTEA, "
                                         "ADD COLUMN IF NOT EXISTS bool_value BOOLEAN",
                                         table)));
  PENSTOCK_RETURN_IF_ERROR(connection.RunScript("DELETE FROM MLMDEnv"));
  return connection.Run(sql::kInsertMlmdVersion, kMlmdSchemaVersion);
}

Status UpgradeTables(Connection& connection, const TablePresence& tables) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t version, ReadMlmdVersion(connection, tables));
  if (!tables.has_mlmd_types || version >= kMlmdSchemaVersion) return CheckMlmdVersion(connection, tables);
  if (connection.driver().dialect() == Dialect::kPostgresql)
    return UpgradePostgresqlTables(connection, version);
  std::vector<std::string> present;
  for (const std::string_view table : kMlmdTables) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto columns, ColumnsOf(connection, std::string(table)));
    if (columns.empty()) continue;
    present.emplace_back(table);
    PENSTOCK_RETURN_IF_ERROR(
        connection.RunScript(fmt::format("ALTER TABLE `{0}` RENAME TO `{0}_before_upgrade`", table)));
  }
  PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kDropMlmdVersion));
  PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kCreateMlmdTables));
  for (const std::string& table : present) {
    PENSTOCK_RETURN_IF_ERROR(CopyRows(connection, table, table + "_before_upgrade"));
    PENSTOCK_RETURN_IF_ERROR(connection.RunScript(fmt::format("DROP TABLE `{}_before_upgrade`", table)));
  }
  PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kDeleteLostEventPaths));
  PENSTOCK_RETURN_IF_ERROR(connection.RunScript(sql::kCreateMlmdIndices));
  return connection.Run(sql::kInsertMlmdVersion, kMlmdSchemaVersion);
}

}  // namespace

Status UpgradeSchema(Connection& connection) {
  PENSTOCK_RETURN_IF_ERROR(InWriteTransaction(connection, [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const TablePresence tables, FindTables(connection));
    return UpgradeTables(connection, tables);
  }));
  return PrepareSchema(connection);
}

Status PrepareSchema(Connection& connection) {
  PENSTOCK_ASSIGN_OR_RETURN(const TablePresence tables, FindTables(connection));
  if (tables.has_penstock) return CheckSchema(connection, tables);
  return InWriteTransaction(connection, [&]() -> Status {
    // Another process may have made them while this one waited for the lock.
    PENSTOCK_ASSIGN_OR_RETURN(const TablePresence now, FindTables(connection));
    return now.has_penstock ? CheckSchema(connection, now) : MakeSchema(connection, now);
  });
}

}  // namespace penstock::metadata::database
