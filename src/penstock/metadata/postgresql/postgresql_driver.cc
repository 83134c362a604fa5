#include "penstock/metadata/postgresql/postgresql_driver.h"

#include <charconv>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include <absl/strings/escaping.h>

#include "penstock/metadata/database/dialect.h"
#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/postgresql/session.h"
#include "penstock/metadata/postgresql/statements.h"

namespace penstock::metadata::postgresql {
namespace {

using database::TranslatedSql;

// Of pg_type, which never change.
constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kFloat8 = 701, kAny = 0;

/// One per database: who holds it is the only one that writes.
constexpr const char* kBeginWrite = "BEGIN; SELECT pg_advisory_xact_lock(8101938651)";
constexpr const char* kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Of the session; what it holds already it is given again.
constexpr const char* kTakeLead = "SELECT pg_try_advisory_lock(8101938652)";

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
  Oid type = kAny;
  bool is_null = true;
  std::string text;
};

/// Prepared on the server once for each combination of parameter types that comes up: what a NULL is has to
/// be told by the column, what a number is by the value.
class PostgresqlStatement : public database::PreparedStatement {
 public:
  PostgresqlStatement(Session& session, TranslatedSql sql, bool is_kept, int64_t& next_name)
      : session_(session),
        sql_(std::move(sql)),
        is_kept_(is_kept),
        next_name_(next_name),
        parameters_(sql_.parameters.size()) {}

  Status BindNull(int parameter) override { return Put(parameter, {}); }
  Status BindInt(int parameter, int64_t value) override {
    return Put(parameter, {kInt8, false, std::to_string(value)});
  }
  Status BindBool(int parameter, bool value) override {
    return Put(parameter, {kBool, false, value ? "t" : "f"});
  }
  Status BindDouble(int parameter, double value) override {
    return Put(parameter, {kFloat8, false, fmt::format("{}", value)});
  }
  Status BindText(int parameter, std::string_view value) override {
    if (value.find('\0') != std::string_view::npos)
      return InvalidArgument("A text with a NUL character cannot be kept by the metadata store {}",
                             session_.name());
    return Put(parameter, {kAny, false, std::string(value)});
  }
  Status BindDigest(int parameter, const Digest& value) override {
    return Put(parameter, {kBytea, false, "\\x" + value.ToHex()});
  }

  Result<bool> Step() override {
    if (!result_.has_value()) PENSTOCK_RETURN_IF_ERROR(Execute());
    ++row_;
    return row_ < num_rows_;
  }
  void Reset() override {
    Clear();
    for (Parameter& parameter : parameters_) parameter = {};
  }

  bool IsNull(int column) const override { return session_.pq().is_null(result_->get(), row_, column) != 0; }
  int64_t Int(int column) const override {
    const std::string_view text = Text(column);
    if (text == "t") return 1;
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  double Double(int column) const override { return std::strtod(std::string(Text(column)).c_str(), nullptr); }
  std::string_view Text(int column) const override {
    const std::string_view raw = Raw(column);
    if (session_.pq().column_type(result_->get(), column) != kBytea || !raw.starts_with("\\x")) return raw;
    const absl::string_view hex(raw.data() + 2, raw.size() - 2);
    return bytes_[column] = absl::HexStringToBytes(hex);
  }
  Digest DigestAt(int column) const override {
    const std::string_view raw = Raw(column);
    if (!raw.starts_with("\\x")) return {};
    return Digest::FromHex(raw.substr(2)).value_or(Digest());
  }

 private:
  /// As the server writes it: bytes in hex.
  std::string_view Raw(int column) const {
    return {session_.pq().value(result_->get(), row_, column),
            static_cast<size_t>(session_.pq().length(result_->get(), row_, column))};
  }

  Status Put(int index, Parameter parameter) {
    if (index < 1 || index > static_cast<int>(parameters_.size()))
      return Internal("The metadata store {} failed: parameter {} of a statement with {}", session_.name(),
                      index, parameters_.size());
    Clear();
    parameters_[static_cast<size_t>(index - 1)] = std::move(parameter);
    return OkStatus();
  }
  void Clear() {
    result_.reset();
    row_ = -1;
    num_rows_ = 0;
  }

  Status Execute() {
    const int count = static_cast<int>(parameters_.size());
    std::vector<Oid> types;
    std::vector<const char*> values;
    for (const Parameter& parameter : parameters_) {
      types.push_back(parameter.type);
      values.push_back(parameter.is_null ? nullptr : parameter.text.c_str());
    }
    const Libpq& pq = session_.pq();
    PGresult* raw = nullptr;
    if (is_kept_) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NameFor(types));
      raw = pq.exec_prepared(session_.connection(), name.c_str(), count, values.data(), nullptr, nullptr, 0);
    } else {
      raw = pq.exec_params(session_.connection(), sql_.text.c_str(), count, types.data(), values.data(),
                           nullptr, nullptr, 0);
    }
    QueryResult result(pq, raw);
    PENSTOCK_RETURN_IF_ERROR(session_.StatusOf(result));
    num_rows_ = pq.num_rows(result.get());
    const std::string_view changed = pq.num_changed(result.get());
    session_.num_changed = 0;
    std::from_chars(changed.data(), changed.data() + changed.size(), session_.num_changed);
    row_ = -1;
    result_.emplace(std::move(result));
    return OkStatus();
  }

  Result<std::string> NameFor(const std::vector<Oid>& types) {
    if (generation_ != session_.generation()) names_.clear();
    generation_ = session_.generation();
    const auto known = names_.find(types);
    if (known != names_.end()) return known->second;
    const std::string name = "p" + std::to_string(++next_name_);
    const QueryResult result(session_.pq(),
                             session_.pq().prepare(session_.connection(), name.c_str(), sql_.text.c_str(),
                                                   static_cast<int>(types.size()), types.data()));
    PENSTOCK_RETURN_IF_ERROR(session_.StatusOf(result));
    return names_.emplace(types, name).first->second;
  }

  Session& session_;
  const TranslatedSql sql_;
  const bool is_kept_;
  int64_t& next_name_;  // Of the driver: names are the session's.
  std::vector<Parameter> parameters_;
  std::map<std::vector<Oid>, std::string> names_;
  int64_t generation_ = 0;
  std::optional<QueryResult> result_;
  mutable std::map<int, std::string> bytes_;  // What Text answered of columns of bytes in this row.
  int row_ = -1;
  int num_rows_ = 0;
};

class PostgresqlDriver : public database::Driver {
 public:
  explicit PostgresqlDriver(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  database::Dialect dialect() const override { return database::Dialect::kPostgresql; }
  const std::string& name() const override { return session_->name(); }

  Result<std::unique_ptr<database::PreparedStatement>> Prepare(std::string_view sql, bool is_kept) override {
    return std::make_unique<PostgresqlStatement>(
        *session_, database::Translate(database::Replaced(sql, OwnTexts()), database::Dialect::kPostgresql),
        is_kept, next_name_);
  }
  Status RunScript(std::string_view script) override {
    const std::string_view own = database::Replaced(script, OwnTexts());
    // What is written for PostgreSQL is not ours to translate.
    const std::string text =
        own.data() == script.data() ? database::Translate(script, dialect()).text : std::string(own);
    return session_->Run(text.c_str());
  }
  Status BeginWrite() override { return Begin(kBeginWrite); }
  Status BeginRead() override { return Begin(kBeginRead); }
  Status Commit() override { return session_->Run("COMMIT"); }
  void Rollback() override {
    if (session_->IsInTransaction()) session_->Run("ROLLBACK").IgnoreError();
  }
  Result<bool> TakeLead() override {
    PENSTOCK_RETURN_IF_ERROR(session_->Restore());
    const QueryResult result(session_->pq(), session_->pq().exec(session_->connection(), kTakeLead));
    PENSTOCK_RETURN_IF_ERROR(session_->StatusOf(result));
    return std::string_view(session_->pq().value(result.get(), 0, 0)) == "t";
  }
  int64_t LastInsertId() const override { return 0; }
  int64_t NumChanged() const override { return session_->num_changed; }

 private:
  Status Begin(const char* text) {
    PENSTOCK_RETURN_IF_ERROR(session_->Restore());
    Status status = session_->Run(text);
    // A server that was started again is noticed by the first word to it.
    if (absl::IsUnavailable(status) && session_->pq().status(session_->connection()) != CONNECTION_OK) {
      PENSTOCK_RETURN_IF_ERROR(session_->Restore());
      status = session_->Run(text);
    }
    if (!status.ok()) Rollback();
    return status;
  }

  const std::unique_ptr<Session> session_;
  int64_t next_name_ = 0;
};

}  // namespace

Result<std::unique_ptr<database::Driver>> OpenDriver(const std::string& url) {
  PENSTOCK_ASSIGN_OR_RETURN(const database::ServerUrl parsed, database::ParseServerUrl(url));
  PENSTOCK_ASSIGN_OR_RETURN(auto session, Session::Open(parsed));
  return std::make_unique<PostgresqlDriver>(std::move(session));
}

}  // namespace penstock::metadata::postgresql
