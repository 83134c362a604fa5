#include "penstock/metadata/mysql/libmariadb.h"

#include "penstock/metadata/database/shared_library.h"

namespace penstock::metadata::mysql {
namespace {

Result<Libmariadb> Load() {
  PENSTOCK_ASSIGN_OR_RETURN(const auto library,
                            database::SharedLibrary::Load("libmariadb.so.3", "libmariadb3"));
  Libmariadb maria;
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_init", maria.init));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_close", maria.close));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_options", maria.options));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_real_connect", maria.connect));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_real_query", maria.query));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_store_result", maria.store_result));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_fetch_row", maria.fetch_row));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_free_result", maria.free_result));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_errno", maria.error_number));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_error", maria.error));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_insert_id", maria.insert_id));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_affected_rows", maria.affected_rows));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_init", maria.statement_init));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_prepare", maria.statement_prepare));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_close", maria.statement_close));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_bind_param", maria.statement_bind_parameters));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_bind_result", maria.statement_bind_result));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_execute", maria.statement_execute));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_store_result", maria.statement_store_result));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_fetch", maria.statement_fetch));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_fetch_column", maria.statement_fetch_column));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_free_result", maria.statement_free_result));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_errno", maria.statement_error_number));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_error", maria.statement_error));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_field_count", maria.statement_num_columns));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_insert_id", maria.statement_insert_id));
  PENSTOCK_RETURN_IF_ERROR(library.Find("mysql_stmt_affected_rows", maria.statement_affected_rows));
  return maria;
}

}  // namespace

Result<const Libmariadb*> Libmariadb::Get() {
  static const Result<Libmariadb> loaded = Load();
  if (!loaded.ok()) return loaded.status();
  return &*loaded;
}

}  // namespace penstock::metadata::mysql
