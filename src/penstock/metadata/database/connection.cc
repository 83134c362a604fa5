#include "penstock/metadata/database/connection.h"

#include "penstock/metadata/database/server_url.h"
#include "penstock/metadata/mysql/mysql_driver.h"
#include "penstock/metadata/postgresql/postgresql_driver.h"
#include "penstock/metadata/sqlite/sqlite_driver.h"

namespace penstock::metadata::database {

Statement::Statement(Statement&& other) noexcept
    : home_(other.home_),
      statement_(std::move(other.statement_)),
      num_bound_(other.num_bound_),
      status_(std::move(other.status_)) {}

Statement::~Statement() {
  if (statement_ == nullptr || home_ == nullptr) return;
  statement_->Reset();
  home_->push_back(std::move(statement_));
}

void Statement::Put(std::nullptr_t) {
  ++num_bound_;
  if (status_.ok()) Check(statement_->BindNull(num_bound_));
}

void Statement::Put(bool value) {
  ++num_bound_;
  if (status_.ok()) Check(statement_->BindBool(num_bound_, value));
}

void Statement::Put(double value) {
  ++num_bound_;
  if (status_.ok()) Check(statement_->BindDouble(num_bound_, value));
}

void Statement::PutInteger(int64_t value) {
  ++num_bound_;
  if (status_.ok()) Check(statement_->BindInt(num_bound_, value));
}

void Statement::Put(std::string_view value) {
  ++num_bound_;
  if (status_.ok()) Check(statement_->BindText(num_bound_, value));
}

void Statement::Put(const Digest& value) {
  if (value.IsZero()) return Put(nullptr);
  ++num_bound_;
  if (status_.ok()) Check(statement_->BindDigest(num_bound_, value));
}

Result<bool> Statement::Step() {
  PENSTOCK_RETURN_IF_ERROR(status_);
  Result<bool> has_row = statement_->Step();
  if (!has_row.ok()) status_ = has_row.status();
  return has_row;
}

Status Statement::Run() {
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, Step());
    if (!has_row) return OkStatus();
  }
}

bool Statement::IsNull(int column) const { return statement_->IsNull(column); }
int64_t Statement::Int(int column) const { return statement_->Int(column); }
double Statement::Double(int column) const { return statement_->Double(column); }
std::string Statement::Text(int column) const { return std::string(TextView(column)); }
std::string_view Statement::TextView(int column) const { return statement_->Text(column); }
Digest Statement::DigestAt(int column) const { return statement_->DigestAt(column); }

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& place) {
  std::unique_ptr<Driver> driver;
  if (!IsServerUrl(place)) {
    PENSTOCK_ASSIGN_OR_RETURN(driver, sqlite::OpenDriver(place));
  } else if (place.starts_with("postgres")) {
    PENSTOCK_ASSIGN_OR_RETURN(driver, postgresql::OpenDriver(place));
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(driver, mysql::OpenDriver(place));
  }
  return std::unique_ptr<Connection>(new Connection(std::move(driver)));
}

Statement Connection::Prepare(std::string_view sql) {
  auto entry = idle_statements_.find(sql);
  if (entry == idle_statements_.end()) entry = idle_statements_.emplace(sql, Statement::Idle()).first;
  Statement::Idle& idle = entry->second;
  if (idle.empty()) return Compile(sql, &idle);
  std::unique_ptr<PreparedStatement> statement = std::move(idle.back());
  idle.pop_back();
  return Statement(&idle, std::move(statement), OkStatus());
}

Statement Connection::PrepareOnce(std::string_view sql) { return Compile(sql, nullptr); }

Statement Connection::Compile(std::string_view sql, Statement::Idle* home) {
  auto statement = driver_->Prepare(sql, home != nullptr);
  if (!statement.ok()) return Statement(home, nullptr, statement.status());
  return Statement(home, *std::move(statement), OkStatus());
}

std::string Connection::Returning(std::string_view insert) {
  while (!insert.empty() && (insert.back() == ';' || insert.back() == '\n')) insert.remove_suffix(1);
  return std::string(insert) + " RETURNING id";
}

}  // namespace penstock::metadata::database
