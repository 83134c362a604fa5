#include "penstock/metadata/sqlite/sqlite_driver.h"

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

class SqliteDriver : public database::Driver {
 public:
  explicit SqliteDriver(std::string path) : name_(std::move(path)) {}
  ~SqliteDriver() override { sqlite3_close(database_); }

  Status Open();
  database::Dialect dialect() const override { return database::Dialect::kSqlite; }
  const std::string& name() const override { return name_; }
  Result<std::unique_ptr<database::PreparedStatement>> Prepare(std::string_view sql, bool is_kept) override;
  Status RunScript(std::string_view script) override {
    const int code = sqlite3_exec(database_, std::string(script).c_str(), nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? OkStatus() : ErrorOf(code);
  }
  Status BeginWrite() override { return RunScript("BEGIN IMMEDIATE"); }
  Status BeginRead() override { return RunScript("BEGIN"); }
  Status Commit() override { return RunScript("COMMIT"); }
  /// SQLite rolls back by itself after some errors (a full disk).
  void Rollback() override {
    if (sqlite3_get_autocommit(database_) == 0) RunScript("ROLLBACK").IgnoreError();
  }
  Result<bool> TakeLead() override { return true; }
  int64_t LastInsertId() const override { return sqlite3_last_insert_rowid(database_); }
  int64_t NumChanged() const override { return sqlite3_changes64(database_); }

  Status ErrorOf(int code) const;

 private:
  Status Configure();
  Status EnterWalMode();

  const std::string name_;
  sqlite3* database_ = nullptr;
};

class SqliteStatement : public database::PreparedStatement {
 public:
  SqliteStatement(const SqliteDriver& driver, sqlite3_stmt* statement)
      : driver_(driver), statement_(statement) {}
  ~SqliteStatement() override { sqlite3_finalize(statement_); }

  Status BindNull(int parameter) override { return StatusOf(sqlite3_bind_null(statement_, parameter)); }
  Status BindInt(int parameter, int64_t value) override {
    return StatusOf(sqlite3_bind_int64(statement_, parameter, value));
  }
  Status BindBool(int parameter, bool value) override { return BindInt(parameter, value ? 1 : 0); }
  Status BindDouble(int parameter, double value) override {
    return StatusOf(sqlite3_bind_double(statement_, parameter, value));
  }
  Status BindText(int parameter, std::string_view value) override {
    // An empty view may have no address, and SQLite takes a null address for NULL.
    const char* text = value.empty() ? "" : value.data();
    return StatusOf(
        sqlite3_bind_text64(statement_, parameter, text, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  Status BindDigest(int parameter, const Digest& value) override {
    return StatusOf(
        sqlite3_bind_blob64(statement_, parameter, value.bytes.data(), value.bytes.size(), SQLITE_TRANSIENT));
  }
  Result<bool> Step() override {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return driver_.ErrorOf(code);
  }
  void Reset() override {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  bool IsNull(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t Int(int column) const override { return sqlite3_column_int64(statement_, column); }
  double Double(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string_view Text(int column) const override {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (text == nullptr) return {};
    return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }
  Digest DigestAt(int column) const override {
    Digest digest;
    const void* blob = sqlite3_column_blob(statement_, column);
    const bool is_digest = sqlite3_column_bytes(statement_, column) == static_cast<int>(digest.bytes.size());
    if (blob != nullptr && is_digest) std::memcpy(digest.bytes.data(), blob, digest.bytes.size());
    return digest;
  }

 private:
  Status StatusOf(int code) const { return code == SQLITE_OK ? OkStatus() : driver_.ErrorOf(code); }

  const SqliteDriver& driver_;
  sqlite3_stmt* statement_;
};

Status SqliteDriver::Open() {
  if (name_.empty()) return InvalidArgument("The path of the metadata store is empty");
  // No mutex of SQLite's own: the store has one.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(name_.c_str(), &database_, flags, nullptr);
  return code == SQLITE_OK ? Configure() : ErrorOf(code);
}

Status SqliteDriver::Configure() {
  sqlite3_busy_timeout(database_, kBusyTimeoutMillis);
  // A file from elsewhere must not run functions that its schema hides.
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (sqlite3_db_readonly(database_, "main") == 1) {
    return PermissionDenied("Cannot write the metadata store {}: the file is read-only", name_);
  }
  PENSTOCK_RETURN_IF_ERROR(EnterWalMode());
  return RunScript("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;");
}

/// Two processes that make the file at once refuse each other here without waiting: the
/// busy timeout does not cover the change of the journal mode, so it is tried again.
Status SqliteDriver::EnterWalMode() {
  for (int waited_millis = 0;; waited_millis += kRetryMillis) {
    const Status status = RunScript("PRAGMA journal_mode = WAL;");
    if (!absl::IsUnavailable(status) || waited_millis >= kBusyTimeoutMillis) return status;
    const int code = sqlite3_errcode(database_);
    if (code != SQLITE_BUSY && code != SQLITE_LOCKED) return status;
    sqlite3_sleep(kRetryMillis);
  }
}

Result<std::unique_ptr<database::PreparedStatement>> SqliteDriver::Prepare(std::string_view sql,
                                                                           bool is_kept) {
  sqlite3_stmt* statement = nullptr;
  const unsigned flags = is_kept ? SQLITE_PREPARE_PERSISTENT : 0;
  const int code =
      sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), flags, &statement, nullptr);
  if (code != SQLITE_OK) return ErrorOf(code);
  return std::make_unique<SqliteStatement>(*this, statement);
}

Status SqliteDriver::ErrorOf(int code) const {
  const char* text = database_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database_);
  const int system_error = SystemErrorOf(database_);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable("Another process keeps the metadata store locked: {}; let it finish, or stop it",
                         name_);
    case SQLITE_FULL:
      return InputOutputError(name_, system_error == 0 ? ENOSPC : system_error, text);
    case SQLITE_IOERR:
      return InputOutputError(name_, system_error, text);
    case SQLITE_CANTOPEN:
      return CannotOpen(name_, system_error);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return PermissionDenied(
          "Cannot write the metadata store {}: {}; the file and its folder must be writable", name_, text);
    case SQLITE_NOTADB:
      return DataLoss("The metadata store is not an SQLite database, or its beginning is damaged: {}", name_);
    case SQLITE_CORRUPT:
      return DataLoss(
          "The metadata store is damaged: {} ({}); restore it from a copy, or move it away to begin anew",
          name_, text);
    case SQLITE_CONSTRAINT:
      return AlreadyExists("The metadata store {} has that entry already: {}", name_, text);
    case SQLITE_NOMEM:
      return ResourceExhausted("Out of memory in the metadata store {}", name_);
    case SQLITE_TOOBIG:
      return InvalidArgument("A value is too large for the metadata store {}", name_);
    default:
      return Internal("The metadata store {} failed: {} (SQLite code {})", name_, text, code);
  }
}

}  // namespace

Result<std::unique_ptr<database::Driver>> OpenDriver(const std::string& path) {
  auto driver = std::make_unique<SqliteDriver>(path);
  PENSTOCK_RETURN_IF_ERROR(driver->Open());
  return driver;
}

}  // namespace penstock::metadata::sqlite
