#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "penstock/data/dataset.h"

namespace penstock::data::sql {

struct SqlQuery {
  std::string connection;  ///< sql_connection.h: a URI without a password, or a profile's name.
  std::string query;
};

struct SqlReadOptions {
  /// So much of the result stays in memory as it came from the driver, without a copy; what comes after it
  /// goes to a temporary file without a name (in TMPDIR, else /tmp).
  int64_t memory_bytes = int64_t{256} << 20;
};

/// The rows a query answers, as a dataset that can be read any number of times, on all threads: the query
/// runs once, here, to its end. A shard is a run of 65,536 rows in the order in which the database gives
/// them: for the same bytes every time the query needs an ORDER BY.
///
/// Types map as Parquet's do (parquet/column_conversion.h); PostgreSQL's numeric becomes a double. Of
/// `options` columns and max_batch_rows count. Errors: what sql_connection.h and query_session.h say;
/// kInvalidArgument for two columns of one name and for types that examples cannot hold; kResourceExhausted
/// for a full disk.
Result<std::unique_ptr<Dataset>> OpenSqlDataset(const SqlQuery& query, const DatasetOptions& options,
                                                const ExecutionOptions& execution,
                                                const SqlReadOptions& reading = {});

/// What can be said of a query without asking a database.
Status CheckSqlQuery(const SqlQuery& query);

}  // namespace penstock::data::sql
