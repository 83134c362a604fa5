#include "penstock/metadata/postgresql/libpq.h"

#include "penstock/metadata/database/shared_library.h"

namespace penstock::metadata::postgresql {
namespace {

Result<Libpq> Load() {
  PENSTOCK_ASSIGN_OR_RETURN(const auto library, database::SharedLibrary::Load("libpq.so.5", "libpq5"));
  Libpq pq;
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQconnectdbParams", pq.connect));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQfinish", pq.finish));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQstatus", pq.status));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQerrorMessage", pq.error_message));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQexec", pq.exec));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQprepare", pq.prepare));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQexecPrepared", pq.exec_prepared));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQexecParams", pq.exec_params));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQresultStatus", pq.result_status));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQresultErrorField", pq.error_field));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQclear", pq.clear));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQntuples", pq.num_rows));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQgetvalue", pq.value));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQgetlength", pq.length));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQgetisnull", pq.is_null));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQftype", pq.column_type));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQcmdTuples", pq.num_changed));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQtransactionStatus", pq.transaction_status));
  PENSTOCK_RETURN_IF_ERROR(library.Find("PQsetNoticeProcessor", pq.set_notice_processor));
  return pq;
}

}  // namespace

Result<const Libpq*> Libpq::Get() {
  static const Result<Libpq> loaded = Load();
  if (!loaded.ok()) return loaded.status();
  return &*loaded;
}

}  // namespace penstock::metadata::postgresql
