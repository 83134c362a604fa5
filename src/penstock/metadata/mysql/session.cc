#include "penstock/metadata/mysql/session.h"

#include <cstdlib>

#include <absl/strings/str_replace.h>

namespace penstock::metadata::mysql {
namespace {

// Numbers of the server (1xxx, 3xxx) and of the client library (2xxx).
constexpr unsigned kDuplicateEntry = 1062, kDuplicateKeyName = 1061, kLockWaitTimeout = 1205,
                   kDeadlock = 1213, kAccessDenied = 1045, kDatabaseDenied = 1044, kTableDenied = 1142,
                   kUnknownDatabase = 1049, kDataTooLong = 1406, kOutOfRange = 1264, kWrongString = 1366,
                   kTableFull = 1114, kDiskFull = 1021, kServerShutdown = 1053, kKilled = 1317;

/// Values that do not fit are errors, || joins texts, quotes are SQL's.
constexpr const char* kSetUp =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION,NO_BACKSLASH_ESCAPES', "
    "time_zone = '+00:00', innodb_lock_wait_timeout = 10, transaction_isolation = 'REPEATABLE-READ'";
/// MariaDB before 11.1 calls the last one tx_isolation.
constexpr const char* kSetUpOfMariadb =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION,NO_BACKSLASH_ESCAPES', "
    "time_zone = '+00:00', innodb_lock_wait_timeout = 10, tx_isolation = 'REPEATABLE-READ'";

std::string PasswordOf(const database::ServerUrl& url) {
  if (!url.password.empty()) return url.password;
  const char* variable = std::getenv("MYSQL_PWD");
  return variable == nullptr ? "" : variable;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::Open(const database::ServerUrl& url) {
  PENSTOCK_ASSIGN_OR_RETURN(const Libmariadb* library, Libmariadb::Get());
  std::unique_ptr<Session> session(new Session(*library, url));
  PENSTOCK_RETURN_IF_ERROR(session->Connect());
  return session;
}

Session::~Session() {
  if (connection_ != nullptr) library_.close(connection_);
}

Status Session::Connect() {
  if (connection_ != nullptr) library_.close(connection_);
  connection_ = library_.init(nullptr);
  if (connection_ == nullptr) return ResourceExhausted("Out of memory at {}", name_);
  ++generation_;
  is_lost_ = false;
  const unsigned seconds = 10;
  library_.options(connection_, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  library_.options(connection_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const auto option = [&](const char* name) {
    const auto found = url_.options.find(name);
    return found == url_.options.end() || found->second.empty() ? nullptr : found->second.c_str();
  };
  const auto text = [](const std::string& value) { return value.empty() ? nullptr : value.c_str(); };
  const std::string password = PasswordOf(url_);
  const unsigned port = url_.port.empty() ? 0 : static_cast<unsigned>(std::atoi(url_.port.c_str()));
  // Found rows, not changed ones: an UPDATE that alters nothing has met its row all the same.
  if (library_.connect(connection_, text(url_.host), text(url_.user), text(password), url_.database.c_str(),
                       port, option("unix_socket"), CLIENT_FOUND_ROWS) == nullptr)
    return ErrorOf(library_.error_number(connection_), library_.error(connection_));
  if (Run(kSetUp).ok()) return OkStatus();
  return Run(kSetUpOfMariadb);
}

Status Session::Restore() { return is_lost_ ? Connect() : OkStatus(); }

Status Session::Run(std::string_view text, std::string* first) {
  if (library_.query(connection_, text.data(), text.size()) != 0) {
    const unsigned number = library_.error_number(connection_);
    if (number == kDuplicateKeyName) return OkStatus();  // CREATE INDEX: it is there.
    return ErrorOf(number, library_.error(connection_));
  }
  num_changed = static_cast<int64_t>(library_.affected_rows(connection_));
  MYSQL_RES* rows = library_.store_result(connection_);
  if (rows == nullptr) return OkStatus();
  if (first != nullptr) {
    MYSQL_ROW row = library_.fetch_row(rows);
    *first = row == nullptr || row[0] == nullptr ? "" : row[0];
  }
  library_.free_result(rows);
  return OkStatus();
}

Status Session::ErrorOf(unsigned number, std::string_view message) {
  std::string text(message);
  if (const std::string password = PasswordOf(url_); !password.empty())
    text = absl::StrReplaceAll(text, {{password, "***"}});
  if (number >= 2000 && number < 3000) is_lost_ = true;
  switch (number) {
    case kDuplicateEntry:
      return AlreadyExists("The metadata store {} has that entry already: UNIQUE constraint failed: {}",
                           name_, text);
    case kLockWaitTimeout:
    case kDeadlock:
      return Unavailable("Another process keeps the metadata store locked: {}; let it finish, or stop it",
                         name_);
    case kAccessDenied:
    case kDatabaseDenied:
    case kTableDenied:
      return PermissionDenied("The database {} does not let us in: {}", name_, text);
    case kUnknownDatabase:
      return NotFound("There is no database {}: {}", name_, text);
    case kDataTooLong:
    case kOutOfRange:
    case kWrongString:
      return InvalidArgument("A value does not fit the metadata store {}: {}", name_, text);
    case kTableFull:
    case kDiskFull:
      return ResourceExhausted("No room in the metadata store {}: {}", name_, text);
    case kServerShutdown:
    case kKilled:
      is_lost_ = true;
      break;
    default:
      break;
  }
  if (is_lost_) return Unavailable("The database {} is away: {}", name_, text);
  return Internal("The metadata store {} failed: {} (MySQL error {})", name_, text, number);
}

}  // namespace penstock::metadata::mysql
