#pragma once

#include <map>
#include <string>

#include "penstock/base/status.h"
#include "penstock/data/sql/secrets.h"

namespace penstock::data::sql {

/// A database to ask: the driver that speaks to it and what that driver wants to know.
struct SqlConnection {
  std::string name;        ///< As it was given, without secrets: for messages.
  std::string driver;      ///< "postgresql", or the path of a library.
  std::string entrypoint;  ///< Of the library; empty: what such drivers have.
  std::map<std::string, std::string> database_options;
  std::map<std::string, std::string> statement_options;
  Secrets secrets;
};

/// What `text` names. Either a driver with its place:
///
///   sqlite:trips.db                           a file, opened to read only
///   duckdb:  or  duckdb:trips.duckdb          nothing (queries name files), or a file, opened to read only
///   postgresql://analyst@db.example.org/sales libpq's URI; the password comes from PGPASSWORD or ~/.pgpass
///   flightsql:grpc+tls://host:port            bigquery:PROJECT or bigquery:PROJECT/DATASET
///   snowflake:USER@ACCOUNT/DATABASE/SCHEMA
///
/// or the name of a profile in the file ConnectionsFile(), a YAML map of maps with the keys driver, uri,
/// username, password, entrypoint, options and statement_options, whose values may hold ${VARIABLE} of the
/// environment.
///
/// A text with a password in it is refused (kInvalidArgument): pipelines, metadata and logs would keep it.
/// kNotFound for an unknown profile, a variable that is not set, and a database file that is not there.
Result<SqlConnection> FindSqlConnection(const std::string& text);

/// What FindSqlConnection says of `text` without looking at files or the environment.
Status CheckConnectionText(const std::string& text);

/// $PENSTOCK_CONNECTIONS, else $XDG_CONFIG_HOME/penstock/connections.yaml, else
/// ~/.config/penstock/connections.yaml.
std::string ConnectionsFile();

}  // namespace penstock::data::sql
