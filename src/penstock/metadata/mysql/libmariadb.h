#pragma once

#include <mariadb/mysql.h>

#include "penstock/base/status.h"

namespace penstock::metadata::mysql {

/// The client library's functions, found when the first MySQL database is opened.
struct Libmariadb {
  decltype(::mysql_init)* init = nullptr;
  decltype(::mysql_close)* close = nullptr;
  decltype(::mysql_options)* options = nullptr;
  decltype(::mysql_real_connect)* connect = nullptr;
  decltype(::mysql_real_query)* query = nullptr;
  decltype(::mysql_store_result)* store_result = nullptr;
  decltype(::mysql_fetch_row)* fetch_row = nullptr;
  decltype(::mysql_free_result)* free_result = nullptr;
  decltype(::mysql_errno)* error_number = nullptr;
  decltype(::mysql_error)* error = nullptr;
  decltype(::mysql_insert_id)* insert_id = nullptr;
  decltype(::mysql_affected_rows)* affected_rows = nullptr;
  decltype(::mysql_stmt_init)* statement_init = nullptr;
  decltype(::mysql_stmt_prepare)* statement_prepare = nullptr;
  decltype(::mysql_stmt_close)* statement_close = nullptr;
  decltype(::mysql_stmt_bind_param)* statement_bind_parameters = nullptr;
  decltype(::mysql_stmt_bind_result)* statement_bind_result = nullptr;
  decltype(::mysql_stmt_execute)* statement_execute = nullptr;
  decltype(::mysql_stmt_store_result)* statement_store_result = nullptr;
  decltype(::mysql_stmt_fetch)* statement_fetch = nullptr;
  decltype(::mysql_stmt_fetch_column)* statement_fetch_column = nullptr;
  decltype(::mysql_stmt_free_result)* statement_free_result = nullptr;
  decltype(::mysql_stmt_errno)* statement_error_number = nullptr;
  decltype(::mysql_stmt_error)* statement_error = nullptr;
  decltype(::mysql_stmt_field_count)* statement_num_columns = nullptr;
  decltype(::mysql_stmt_insert_id)* statement_insert_id = nullptr;
  decltype(::mysql_stmt_affected_rows)* statement_affected_rows = nullptr;

  /// kFailedPrecondition says which package to install.
  static Result<const Libmariadb*> Get();
};

}  // namespace penstock::metadata::mysql
