#pragma once

#include <postgresql/libpq-fe.h>

#include "penstock/base/status.h"

namespace penstock::metadata::postgresql {

/// libpq's functions, found when the first PostgreSQL database is opened: a program that needs none starts
/// without the library and what it pulls in.
struct Libpq {
  decltype(::PQconnectdbParams)* connect = nullptr;
  decltype(::PQfinish)* finish = nullptr;
  decltype(::PQstatus)* status = nullptr;
  decltype(::PQerrorMessage)* error_message = nullptr;
  decltype(::PQexec)* exec = nullptr;
  decltype(::PQprepare)* prepare = nullptr;
  decltype(::PQexecPrepared)* exec_prepared = nullptr;
  decltype(::PQexecParams)* exec_params = nullptr;
  decltype(::PQresultStatus)* result_status = nullptr;
  decltype(::PQresultErrorField)* error_field = nullptr;
  decltype(::PQclear)* clear = nullptr;
  decltype(::PQntuples)* num_rows = nullptr;
  decltype(::PQgetvalue)* value = nullptr;
  decltype(::PQgetlength)* length = nullptr;
  decltype(::PQgetisnull)* is_null = nullptr;
  decltype(::PQftype)* column_type = nullptr;
  decltype(::PQcmdTuples)* num_changed = nullptr;
  decltype(::PQtransactionStatus)* transaction_status = nullptr;
  decltype(::PQsetNoticeProcessor)* set_notice_processor = nullptr;

  /// kFailedPrecondition says which package to install.
  static Result<const Libpq*> Get();
};

}  // namespace penstock::metadata::postgresql
