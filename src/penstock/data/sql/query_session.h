#pragma once

#include <memory>
#include <string>

#include <arrow/record_batch.h>

#include "penstock/base/status.h"
#include "penstock/data/sql/sql_connection.h"

namespace penstock::data::sql {

/// One query at one database, running: its result is pulled batch by batch, as the driver hands it out.
/// Closes everything when it goes. Not for concurrent use. What errors quote of the driver holds no secret.
class QuerySession {
 public:
  /// Connects and starts the query. kInvalidArgument for what the database refuses, kPermissionDenied where
  /// it lets nobody in, kNotFound without a driver.
  static Result<std::unique_ptr<QuerySession>> Start(const SqlConnection& connection,
                                                     const std::string& query);
  virtual ~QuerySession() = default;

  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// Null at the end. The columns' types are the driver's.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
};

}  // namespace penstock::data::sql
