#include "penstock/data/sql/query_session.h"

#include <arrow-adbc/adbc.h>
#include <arrow/c/bridge.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/sql/adbc_error.h"
#include "penstock/data/sql/driver_library.h"

namespace penstock::data::sql {
namespace {

/// Rows SQLite's driver hands out at a time. It takes a column's type from the first of them.
constexpr std::string_view kSqliteBatchRows = "65536";

class AdbcSession : public QuerySession {
 public:
  AdbcSession(DriverLibrary library, const SqlConnection& connection)
      : library_(std::move(library)), driver_(*library_.driver()), source_(connection) {}

  ~AdbcSession() override {
    // A reader holds on to its statement, a statement to its connection.
    reader_ = nullptr;
    AdbcErrorHolder ignored;
    if (statement_.private_data != nullptr) driver_.StatementRelease(&statement_, ignored.get());
    if (connection_.private_data != nullptr) driver_.ConnectionRelease(&connection_, ignored.get());
    if (database_.private_data != nullptr) driver_.DatabaseRelease(&database_, ignored.get());
  }

  Status Start(const std::string& query) {
    PENSTOCK_RETURN_IF_ERROR(source_.secrets.Hide(Connect()));
    return source_.secrets.Hide(Execute(query));
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    auto batch = reader_->Next();
    if (batch.ok()) return *std::move(batch);
    return source_.secrets.Hide(InvalidArgument("The query at {} fails while it is read: {}", source_.name,
                                                batch.status().message()));
  }

 private:
  Status Connect() {
    database_.private_driver = connection_.private_driver = statement_.private_driver = &driver_;
    const std::string failure = fmt::format("Cannot connect to {}", source_.name);
    AdbcErrorHolder error;
    PENSTOCK_RETURN_IF_ERROR(error.ToStatus(driver_.DatabaseNew(&database_, error.get()), failure));
    for (const auto& [key, value] : source_.database_options)
      PENSTOCK_RETURN_IF_ERROR(error.ToStatus(
          driver_.DatabaseSetOption(&database_, key.c_str(), value.c_str(), error.get()), failure));
    PENSTOCK_RETURN_IF_ERROR(error.ToStatus(driver_.DatabaseInit(&database_, error.get()), failure));
    PENSTOCK_RETURN_IF_ERROR(error.ToStatus(driver_.ConnectionNew(&connection_, error.get()), failure));
    return error.ToStatus(driver_.ConnectionInit(&connection_, &database_, error.get()), failure);
  }

  Status Execute(const std::string& query) {
    const std::string failure = fmt::format("The query at {} fails", source_.name);
    AdbcErrorHolder error;
    PENSTOCK_RETURN_IF_ERROR(
        error.ToStatus(driver_.StatementNew(&connection_, &statement_, error.get()), failure));
    if (source_.driver == "sqlite")
      PENSTOCK_RETURN_IF_ERROR(SetStatementOption("adbc.sqlite.query.batch_rows", kSqliteBatchRows.data()));
    for (const auto& [key, value] : source_.statement_options)
      PENSTOCK_RETURN_IF_ERROR(SetStatementOption(key.c_str(), value.c_str()));
    PENSTOCK_RETURN_IF_ERROR(
        error.ToStatus(driver_.StatementSetSqlQuery(&statement_, query.c_str(), error.get()), failure));
    ArrowArrayStream stream{};
    PENSTOCK_RETURN_IF_ERROR(
        error.ToStatus(driver_.StatementExecuteQuery(&statement_, &stream, nullptr, error.get()), failure));
    auto reader = arrow::ImportRecordBatchReader(&stream);
    if (!reader.ok()) return InvalidArgument("{}: {}", failure, reader.status().message());
    reader_ = std::move(reader).ValueUnsafe();
    schema_ = reader_->schema();
    return OkStatus();
  }

  Status SetStatementOption(const char* key, const char* value) {
    AdbcErrorHolder error;
    return error.ToStatus(driver_.StatementSetOption(&statement_, key, value, error.get()),
                          fmt::format("The driver of {} refuses the option {}", source_.name, key));
  }

  const DriverLibrary library_;
  AdbcDriver& driver_;
  const SqlConnection source_;
  AdbcDatabase database_{};
  AdbcConnection connection_{};
  AdbcStatement statement_{};
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::unique_ptr<QuerySession>> QuerySession::Start(const SqlConnection& connection,
                                                          const std::string& query) {
  PENSTOCK_ASSIGN_OR_RETURN(auto library, DriverLibrary::Load(connection));
  auto session = std::make_unique<AdbcSession>(std::move(library), connection);
  PENSTOCK_RETURN_IF_ERROR(session->Start(query));
  return session;
}

}  // namespace penstock::data::sql
