#include "penstock/metadata/sqlite/connection.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "penstock/base/filesystem.h"

namespace penstock::metadata::sqlite {
namespace {

constexpr int kBusyTimeoutMillis = 10'000;
constexpr int kRetryMillis = 20;

std::string SystemMessage(int error) { return std::generic_category().message(error); }

/// What an I/O error means depends on what the system said beneath it.
Status InputOutputError(const std::string& path, int system_error, const char* text) {
  switch (system_error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ResourceExhausted("No room to write the metadata store {}: {}; free some space and run again",
                               path, SystemMessage(system_error));
    case EACCES:
    case EPERM:
    case EROFS:
      return PermissionDenied("Cannot write the metadata store {}: {}", path, SystemMessage(system_error));
    default:
      return Unavailable("Cannot read or write the metadata store {}: {} ({})", path, text,
                         SystemMessage(system_error));
  }
}

/// What the system said last. SQLite's own answer is lost when a rollback follows the
/// error; then the database's file or its log still knows.
int SystemErrorOf(sqlite3* database) {
  if (database == nullptr) return 0;
  if (const int error = sqlite3_system_errno(database); error != 0) return error;
  int error = 0;
  sqlite3_file_control(database, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
  if (error != 0) return error;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log != nullptr && log->pMethods != nullptr)
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

Status CannotOpen(const std::string& path, int system_error) {
  const std::string folder = fs::DirName(path).empty() ? "." : fs::DirName(path);
  const auto is_directory = fs::IsDirectory(folder);
  if (absl::IsNotFound(is_directory.status()) || (is_directory.ok() && !*is_directory)) {
    return NotFound("The folder of the metadata store is not there: {} (for {})", folder, path);
  }
  if (const auto itself = fs::IsDirectory(path); itself.ok() && *itself) {
    return InvalidArgument("The metadata store is a folder, not a file: {}", path);
  }
  if (system_error == ENOSPC || system_error == EDQUOT) return InputOutputError(path, system_error, "");
  return PermissionDenied("Cannot open the metadata store {}: {}; its folder must be writable too", path,
                          system_error == 0 ? "not permitted" : SystemMessage(system_error));
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      home_(other.home_),
      statement_(std::exchange(other.statement_, nullptr)),
      num_bound_(other.num_bound_),
      status_(std::move(other.status_)) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  if (home_ == nullptr) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  home_->push_back(statement_);
}

void Statement::Check(int code) {
  if (status_.ok() && code != SQLITE_OK) status_ = connection_->ErrorOf(code);
}

void Statement::Put(std::nullptr_t) {
  ++num_bound_;
  if (status_.ok()) Check(sqlite3_bind_null(statement_, num_bound_));
}

void Statement::Put(double value) {
  ++num_bound_;
  if (status_.ok()) Check(sqlite3_bind_double(statement_, num_bound_, value));
}

void Statement::PutInteger(int64_t value) {
  ++num_bound_;
  if (status_.ok()) Check(sqlite3_bind_int64(statement_, num_bound_, value));
}

void Statement::Put(std::string_view value) {
  ++num_bound_;
  // An empty view may have no address, and SQLite takes a null address for NULL.
  const char* text = value.empty() ? "" : value.data();
  if (status_.ok()) {
    Check(sqlite3_bind_text64(statement_, num_bound_, text, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
}

void Statement::Put(const Digest& value) {
  if (value.IsZero()) return Put(nullptr);
  ++num_bound_;
  if (status_.ok()) {
    Check(sqlite3_bind_blob64(statement_, num_bound_, value.bytes.data(), value.bytes.size(),
                              SQLITE_TRANSIENT));
  }
}

Result<bool> Statement::Step() {
  PENSTOCK_RETURN_IF_ERROR(status_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Check(code);
  return status_;
}

Status Statement::Run() {
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, Step());
    if (!has_row) return OkStatus();
  }
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Double(int column) const { return sqlite3_column_double(statement_, column); }

std::string Statement::Text(int column) const { return std::string(TextView(column)); }

std::string_view Statement::TextView(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

Digest Statement::DigestAt(int column) const {
  Digest digest;
  const void* blob = sqlite3_column_blob(statement_, column);
  if (blob != nullptr && sqlite3_column_bytes(statement_, column) == static_cast<int>(digest.bytes.size())) {
    std::memcpy(digest.bytes.data(), blob, digest.bytes.size());
  }
  return digest;
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path) {
  if (path.empty()) return InvalidArgument("The path of the metadata store is empty");
  std::unique_ptr<Connection> connection(new Connection(path));
  // No mutex of SQLite's own: the store has one.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &connection->database_, flags, nullptr);
  if (code != SQLITE_OK) return connection->ErrorOf(code);
  PENSTOCK_RETURN_IF_ERROR(connection->Configure());
  return connection;
}

Status Connection::Configure() {
  sqlite3_busy_timeout(database_, kBusyTimeoutMillis);
  // A file from elsewhere must not run functions that its schema hides.
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (sqlite3_db_readonly(database_, "main") == 1) {
    return PermissionDenied("Cannot write the metadata store {}: the file is read-only", path_);
  }
  PENSTOCK_RETURN_IF_ERROR(EnterWalMode());
  return RunScript("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;");
}

/// Two processes that make the file at once refuse each other here without waiting: the
/// busy timeout does not cover the change of the journal mode, so it is tried again.
Status Connection::EnterWalMode() {
  for (int waited_millis = 0;; waited_millis += kRetryMillis) {
    const Status status = RunScript("PRAGMA journal_mode = WAL;");
    if (!absl::IsUnavailable(status) || waited_millis >= kBusyTimeoutMillis) return status;
    const int code = sqlite3_errcode(database_);
    if (code != SQLITE_BUSY && code != SQLITE_LOCKED) return status;
    sqlite3_sleep(kRetryMillis);
  }
}

Connection::~Connection() {
  for (auto& [sql, statements] : idle_statements_) {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  }
  sqlite3_close(database_);
}

Statement Connection::Prepare(std::string_view sql) {
  auto entry = idle_statements_.find(sql);
  if (entry == idle_statements_.end()) entry = idle_statements_.emplace(sql, Statement::Idle()).first;
  Statement::Idle& idle = entry->second;
  if (!idle.empty()) {
    sqlite3_stmt* statement = idle.back();
    idle.pop_back();
    return Statement(this, &idle, statement, OkStatus());
  }
  return Compile(sql, &idle, SQLITE_PREPARE_PERSISTENT);
}

Statement Connection::PrepareOnce(std::string_view sql) { return Compile(sql, nullptr, 0); }

Statement Connection::Compile(std::string_view sql, Statement::Idle* home, unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), flags, &statement, nullptr);
  return Statement(this, home, statement, code == SQLITE_OK ? OkStatus() : ErrorOf(code));
}

Status Connection::RunScript(std::string_view script) {
  const int code = sqlite3_exec(database_, std::string(script).c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? OkStatus() : ErrorOf(code);
}

int64_t Connection::LastInsertId() const { return sqlite3_last_insert_rowid(database_); }
int64_t Connection::NumChanged() const { return sqlite3_changes64(database_); }

Status Connection::ErrorOf(int code) const {
  const char* text = database_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database_);
  const int system_error = SystemErrorOf(database_);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable("Another process keeps the metadata store locked: {}; let it finish, or stop it",
                         path_);
    case SQLITE_FULL:
      return InputOutputError(path_, system_error == 0 ? ENOSPC : system_error, text);
    case SQLITE_IOERR:
      return InputOutputError(path_, system_error, text);
    case SQLITE_CANTOPEN:
      return CannotOpen(path_, system_error);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return PermissionDenied(
          "Cannot write the metadata store {}: {}; the file and its folder must be writable", path_, text);
    case SQLITE_NOTADB:
      return DataLoss("The metadata store is not an SQLite database, or its beginning is damaged: {}", path_);
    case SQLITE_CORRUPT:
      return DataLoss(
          "The metadata store is damaged: {} ({}); restore it from a copy, or move it away to begin anew",
          path_, text);
    case SQLITE_CONSTRAINT:
      return AlreadyExists("The metadata store {} has that entry already: {}", path_, text);
    case SQLITE_NOMEM:
      return ResourceExhausted("Out of memory in the metadata store {}", path_);
    case SQLITE_TOOBIG:
      return InvalidArgument("A value is too large for the metadata store {}", path_);
    default:
      return Internal("The metadata store {} failed: {} (SQLite code {})", path_, text, code);
  }
}

}  // namespace penstock::metadata::sqlite
