#include "penstock/apps/sql_flags.h"

#include "penstock/data/sql/sql_dataset.h"

namespace penstock::apps {

void SqlFlags::AddOptions(CLI::App* command) {
  command->add_option(
      "--connection", connection,
      "Read a database: duckdb:, sqlite:FILE, postgresql://USER@HOST/DATABASE, … or a profile "
      "(docs/guides/sql.md)");
  command->add_option("--query", query, "SQL that answers the examples");
}

Result<std::unique_ptr<data::Dataset>> SqlFlags::Open(const std::vector<std::string>& files,
                                                      const data::DatasetOptions& options,
                                                      const ExecutionOptions& compute) const {
  const bool is_sql = !connection.empty() || !query.empty();
  if (is_sql && !files.empty())
    return InvalidArgument("Examples come from files or from a database, not both: {} and {}", files[0],
                           connection.empty() ? "--query" : connection);
  if (!is_sql && files.empty())
    return InvalidArgument("Nothing is named to read: give files, or --connection and --query");
  if (is_sql && query.empty()) return InvalidArgument("--connection needs --query, the SQL to ask");
  if (is_sql && connection.empty())
    return InvalidArgument(
        "--query needs --connection, such as duckdb: (the query then names files) or sqlite:trips.db");
  if (is_sql) return data::sql::OpenSqlDataset({connection, query}, options, compute);
  return data::OpenDataset(files, options, compute);
}

}  // namespace penstock::apps
