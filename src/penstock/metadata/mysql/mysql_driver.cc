#include "penstock/metadata/mysql/mysql_driver.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <deque>
#include <vector>

#include <absl/strings/ascii.h>

#include "penstock/metadata/database/dialect.h"
#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/mysql/session.h"
#include "penstock/metadata/mysql/statements.h"

namespace penstock::metadata::mysql {
namespace {

using database::TranslatedSql;

/// Of the session, so it holds over statements that commit by themselves, and ends with the connection.
constexpr std::string_view kTakeLock = "SELECT GET_LOCK(CONCAT('penstock.', DATABASE()), 10)";
constexpr std::string_view kGiveLock = "SELECT RELEASE_LOCK(CONCAT('penstock.', DATABASE()))";

constexpr std::string_view kTakeLead = "SELECT GET_LOCK(CONCAT('penstock.lead.', DATABASE()), 0)";

const database::Replacements& OwnTexts() {
  namespace ours = database::sql;
  static const database::Replacements texts = {{ours::kCreateMlmdTables, sql::kCreateMlmdTables},
                                               {ours::kCreateMlmdIndices, sql::kCreateMlmdIndices},
                                               {ours::kSelectTablePresence, sql::kSelectTablePresence},
                                               {ours::kSelectColumns, sql::kSelectColumns},
                                               {ours::kCreatePenstockTables, sql::kCreatePenstockTables},
                                               {ours::kCreateServiceTables, sql::kCreateServiceTables},
                                               {ours::kCreateAccessTables, sql::kCreateAccessTables},
                                               {ours::kCreateAuditTables, sql::kCreateAuditTables}};
  return texts;
}

struct Parameter {
  enum_field_types type = MYSQL_TYPE_NULL;
  int64_t integer = 0;
  double number = 0;
  std::string text;
};

class MysqlStatement : public database::PreparedStatement {
 public:
  MysqlStatement(Session& session, TranslatedSql sql)
      : session_(session), library_(session.library()), sql_(std::move(sql)) {
    int num_parameters = 0;
    for (const int parameter : sql_.parameters) num_parameters = std::max(num_parameters, parameter);
    parameters_.resize(static_cast<size_t>(num_parameters));
  }
  ~MysqlStatement() override {
    if (statement_ != nullptr) library_.statement_close(statement_);
  }

  Status BindNull(int parameter) override { return Put(parameter, {}); }
  Status BindInt(int parameter, int64_t value) override {
    return Put(parameter, {.type = MYSQL_TYPE_LONGLONG, .integer = value});
  }
  Status BindBool(int parameter, bool value) override { return BindInt(parameter, value ? 1 : 0); }
  Status BindDouble(int parameter, double value) override {
    if (!std::isfinite(value))
      return InvalidArgument("The metadata store {} keeps no infinite numbers: MySQL has none",
                             session_.name());
    return Put(parameter, {.type = MYSQL_TYPE_DOUBLE, .number = value});
  }
  Status BindText(int parameter, std::string_view value) override {
    return Put(parameter, {.type = MYSQL_TYPE_STRING, .text = std::string(value)});
  }
  Status BindDigest(int parameter, const Digest& value) override {
    return Put(parameter,
               {.type = MYSQL_TYPE_BLOB,
                .text = std::string(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size())});
  }

  Result<bool> Step() override {
    if (!is_executed_) PENSTOCK_RETURN_IF_ERROR(Execute());
    if (num_columns_ == 0) return false;
    const int code = library_.statement_fetch(statement_);
    if (code == MYSQL_NO_DATA) return false;
    if (code != 0 && code != MYSQL_DATA_TRUNCATED) return Error();
    for (unsigned i = 0; i < num_columns_; ++i) {
      Column& column = columns_[i];
      if (column.is_null != 0) column.length = 0;
      if (column.length <= sizeof column.buffer) {
        column.text.assign(column.buffer, column.length);
        continue;
      }
      column.text.resize(column.length);
      MYSQL_BIND whole{};
      whole.buffer_type = MYSQL_TYPE_STRING;
      whole.buffer = column.text.data();
      whole.buffer_length = column.length;
      if (library_.statement_fetch_column(statement_, &whole, i, 0) != 0) return Error();
    }
    return true;
  }
  void Reset() override {
    if (is_executed_ && statement_ != nullptr) library_.statement_free_result(statement_);
    is_executed_ = false;
    for (Parameter& parameter : parameters_) parameter = {};
  }

  bool IsNull(int column) const override { return columns_[static_cast<size_t>(column)].is_null != 0; }
  int64_t Int(int column) const override {
    const std::string_view text = Text(column);
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  double Double(int column) const override { return std::strtod(std::string(Text(column)).c_str(), nullptr); }
  std::string_view Text(int column) const override { return columns_[static_cast<size_t>(column)].text; }
  Digest DigestAt(int column) const override {
    Digest digest;
    const std::string_view text = Text(column);
    if (text.size() == digest.bytes.size()) std::memcpy(digest.bytes.data(), text.data(), text.size());
    return digest;
  }

 private:
  struct Column {
    unsigned long length = 0;  // NOLINT: the library's type.
    my_bool is_null = 0;
    my_bool is_cut = 0;
    char buffer[64];  // Numbers and short texts arrive here; longer ones are fetched when it is known how
                      // long.
    std::string text;
  };

  Status Put(int index, Parameter parameter) {
    if (index < 1 || index > static_cast<int>(parameters_.size()))
      return Internal("The metadata store {} failed: parameter {} of a statement with {}", session_.name(),
                      index, parameters_.size());
    parameters_[static_cast<size_t>(index - 1)] = std::move(parameter);
    return OkStatus();
  }

  Status Error() {
    return session_.ErrorOf(library_.statement_error_number(statement_),
                            library_.statement_error(statement_));
  }

  Status Prepare() {
    if (statement_ != nullptr && generation_ == session_.generation()) return OkStatus();
    if (statement_ != nullptr) library_.statement_close(statement_);
    statement_ = library_.statement_init(session_.connection());
    generation_ = session_.generation();
    if (statement_ == nullptr) return ResourceExhausted("Out of memory at {}", session_.name());
    if (library_.statement_prepare(statement_, sql_.text.data(), sql_.text.size()) == 0) return OkStatus();
    const Status status = Error();
    library_.statement_close(statement_);
    statement_ = nullptr;
    return status;
  }

  /// Of the transaction's own words, which servers do not prepare.
  bool IsSavepointWord() const {
    return sql_.text.starts_with("SAVEPOINT") || sql_.text.starts_with("RELEASE") ||
           sql_.text.starts_with("ROLLBACK");
  }

  Status Execute() {
    if (IsSavepointWord()) {
      num_columns_ = 0;
      return session_.Run(sql_.text);
    }
    PENSTOCK_RETURN_IF_ERROR(Prepare());
    std::vector<MYSQL_BIND> bound(sql_.parameters.size());
    for (size_t i = 0; i < bound.size(); ++i) {
      Parameter& parameter = parameters_[static_cast<size_t>(sql_.parameters[i] - 1)];
      bound[i].buffer_type = parameter.type;
      if (parameter.type == MYSQL_TYPE_LONGLONG) bound[i].buffer = &parameter.integer;
      if (parameter.type == MYSQL_TYPE_DOUBLE) bound[i].buffer = &parameter.number;
      if (parameter.type == MYSQL_TYPE_STRING || parameter.type == MYSQL_TYPE_BLOB) {
        bound[i].buffer = parameter.text.data();
        bound[i].buffer_length = parameter.text.size();
      }
    }
    if (!bound.empty() && library_.statement_bind_parameters(statement_, bound.data()) != 0) return Error();
    if (library_.statement_execute(statement_) != 0) return Error();
    is_executed_ = true;
    num_columns_ = library_.statement_num_columns(statement_);
    if (num_columns_ > 0) return BindColumns();
    session_.num_changed = static_cast<int64_t>(library_.statement_affected_rows(statement_));
    session_.last_insert_id = static_cast<int64_t>(library_.statement_insert_id(statement_));
    return OkStatus();
  }

  Status BindColumns() {
    columns_ = std::deque<Column>(num_columns_);
    std::vector<MYSQL_BIND> bound(num_columns_);
    for (unsigned i = 0; i < num_columns_; ++i) {
      bound[i].buffer_type = MYSQL_TYPE_STRING;
      bound[i].buffer = columns_[i].buffer;
      bound[i].buffer_length = sizeof columns_[i].buffer;
      bound[i].length = &columns_[i].length;
      bound[i].is_null = &columns_[i].is_null;
      bound[i].error = &columns_[i].is_cut;
    }
    if (library_.statement_bind_result(statement_, bound.data()) != 0) return Error();
    return library_.statement_store_result(statement_) == 0 ? OkStatus() : Error();
  }

  Session& session_;
  const Libmariadb& library_;
  const TranslatedSql sql_;
  std::vector<Parameter> parameters_;
  std::deque<Column> columns_;  // Never moved: the library writes into them.
  MYSQL_STMT* statement_ = nullptr;
  int64_t generation_ = 0;
  unsigned num_columns_ = 0;
  bool is_executed_ = false;
};

class MysqlDriver : public database::Driver {
 public:
  explicit MysqlDriver(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  database::Dialect dialect() const override { return database::Dialect::kMysql; }
  const std::string& name() const override { return session_->name(); }

  Result<std::unique_ptr<database::PreparedStatement>> Prepare(std::string_view sql,
                                                               bool /*is_kept*/) override {
    return std::make_unique<MysqlStatement>(
        *session_, database::Translate(database::Replaced(sql, OwnTexts()), dialect()));
  }
  /// One by one: no text of ours has a ';' but at the end of a statement.
  Status RunScript(std::string_view script) override {
    const std::string_view own = database::Replaced(script, OwnTexts());
    std::string text =
        own.data() == script.data() ? database::Translate(script, dialect()).text : std::string(own);
    std::string_view rest = text;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      const absl::string_view statement = absl::StripAsciiWhitespace({rest.data(), end});
      if (!statement.empty()) PENSTOCK_RETURN_IF_ERROR(session_->Run({statement.data(), statement.size()}));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return OkStatus();
  }
  Status BeginWrite() override {
    std::string answer;
    PENSTOCK_RETURN_IF_ERROR(RunFirst(kTakeLock, &answer));
    if (answer != "1")
      return Unavailable("Another process keeps the metadata store locked: {}; let it finish, or stop it",
                         name());
    has_lock_ = true;
    const Status status = session_->Run("START TRANSACTION");
    if (!status.ok()) Rollback();
    return status;
  }
  Status BeginRead() override {
    return RunFirst("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", nullptr);
  }
  Status Commit() override {
    PENSTOCK_RETURN_IF_ERROR(session_->Run("COMMIT"));
    return GiveLock();
  }
  void Rollback() override {
    session_->Run("ROLLBACK").IgnoreError();
    GiveLock().IgnoreError();
  }
  Result<bool> TakeLead() override {
    std::string answer;
    PENSTOCK_RETURN_IF_ERROR(RunFirst(kTakeLead, &answer));
    return answer == "1";
  }
  int64_t LastInsertId() const override { return session_->last_insert_id; }
  int64_t NumChanged() const override { return session_->num_changed; }

 private:
  /// A server that was started again is noticed by the first word to it.
  Status RunFirst(std::string_view text, std::string* answer) {
    PENSTOCK_RETURN_IF_ERROR(session_->Restore());
    const int64_t generation = session_->generation();
    const Status status = session_->Run(text, answer);
    if (!absl::IsUnavailable(status)) return status;
    PENSTOCK_RETURN_IF_ERROR(session_->Restore());
    return session_->generation() == generation ? status : session_->Run(text, answer);
  }
  Status GiveLock() {
    if (!std::exchange(has_lock_, false)) return OkStatus();
    // What was committed stays so, whatever becomes of the lock: it ends with the session.
    session_->Run(kGiveLock).IgnoreError();
    return OkStatus();
  }

  const std::unique_ptr<Session> session_;
  bool has_lock_ = false;
};

}  // namespace

Result<std::unique_ptr<database::Driver>> OpenDriver(const std::string& url) {
  PENSTOCK_ASSIGN_OR_RETURN(const database::ServerUrl parsed, database::ParseServerUrl(url));
  PENSTOCK_ASSIGN_OR_RETURN(auto session, Session::Open(parsed));
  return std::make_unique<MysqlDriver>(std::move(session));
}

}  // namespace penstock::metadata::mysql
