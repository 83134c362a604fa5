#include "penstock/metadata/postgresql/session.h"

#include <vector>

#include <absl/strings/ascii.h>
#include <absl/strings/str_replace.h>

namespace penstock::metadata::postgresql {
namespace {

/// Values as they were stored, waits that end, and no chatter.
constexpr const char* kSetUp =
    "SET client_min_messages = warning; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = "
    "0; "
    "SET bytea_output = hex; SET extra_float_digits = 1; SET standard_conforming_strings = on; SET TIME ZONE "
    "'UTC'";

void DropNotice(void* /*unused*/, const char* /*message*/) {}

}  // namespace

Result<std::unique_ptr<Session>> Session::Open(const database::ServerUrl& url) {
  PENSTOCK_ASSIGN_OR_RETURN(const Libpq* pq, Libpq::Get());
  std::unique_ptr<Session> session(new Session(*pq, url));
  PENSTOCK_RETURN_IF_ERROR(session->Connect());
  return session;
}

Session::~Session() {
  if (connection_ != nullptr) pq_.finish(connection_);
}

Status Session::Connect() {
  std::vector<const char*> names, values;
  const auto add = [&](const char* name, const char* value) {
    if (*value == '\0') return;
    names.push_back(name);
    values.push_back(value);
  };
  // Of two settings of one name the later counts.
  add("connect_timeout", "10");
  add("keepalives_idle", "5");
  add("keepalives_interval", "2");
  add("keepalives_count", "2");
  for (const auto& [name, value] : url_.options) add(name.c_str(), value.c_str());
  add("host", url_.host.c_str());
  add("port", url_.port.c_str());
  add("user", url_.user.c_str());
  add("password", url_.password.c_str());
  add("dbname", url_.database.c_str());
  add("client_encoding", "UTF8");
  add("fallback_application_name", "penstock");
  names.push_back(nullptr);
  values.push_back(nullptr);
  if (connection_ != nullptr) pq_.finish(connection_);
  connection_ = pq_.connect(names.data(), values.data(), 0);
  ++generation_;
  if (connection_ == nullptr) return ResourceExhausted("Out of memory at {}", name_);
  pq_.set_notice_processor(connection_, DropNotice, nullptr);
  if (pq_.status(connection_) == CONNECTION_OK) return Run(kSetUp);
  const std::string text = WithoutPassword(pq_.error_message(connection_));
  for (const char* refusal :
       {"authentication failed", "no password supplied", "no pg_hba.conf entry", "role"})
    if (text.find(refusal) != std::string::npos)
      return PermissionDenied("The database {} does not let us in: {}", name_, text);
  if (text.find("does not exist") != std::string::npos)
    return NotFound("There is no database {}: {}", name_, text);
  return Unavailable("Cannot reach the database {}: {}", name_, text);
}

Status Session::Restore() {
  if (connection_ != nullptr && pq_.status(connection_) == CONNECTION_OK) return OkStatus();
  return Connect();
}

Status Session::Run(const char* text) {
  const QueryResult result(pq_, pq_.exec(connection_, text));
  return StatusOf(result);
}

Status Session::StatusOf(const QueryResult& result) const {
  const ExecStatusType status = pq_.result_status(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
    return OkStatus();
  const char* state = result.get() == nullptr ? nullptr : pq_.error_field(result.get(), PG_DIAG_SQLSTATE);
  const char* text =
      result.get() == nullptr ? nullptr : pq_.error_field(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  return ErrorOf(state == nullptr ? "08006" : state, text == nullptr ? pq_.error_message(connection_) : text);
}

bool Session::IsInTransaction() const {
  const PGTransactionStatusType status = pq_.transaction_status(connection_);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

Status Session::ErrorOf(std::string_view state, std::string_view message) const {
  const std::string text = WithoutPassword(std::string(message));
  const std::string_view kind = state.substr(0, 2);
  if (kind == "23")
    return AlreadyExists("The metadata store {} has that entry already: UNIQUE constraint failed: {}", name_,
                         text);
  if (kind == "08" || kind == "57") return Unavailable("The database {} is away: {}", name_, text);
  if (kind == "40" || state == "55P03")
    return Unavailable("Another process keeps the metadata store locked: {}; let it finish, or stop it ({})",
                       name_, text);
  if (kind == "53") return ResourceExhausted("No room in the metadata store {}: {}", name_, text);
  if (kind == "28" || state == "42501" || kind == "25")
    return PermissionDenied("The metadata store {} refuses: {}", name_, text);
  if (kind == "22" || kind == "54")
    return InvalidArgument("A value does not fit the metadata store {}: {}", name_, text);
  return Internal("The metadata store {} failed: {} (SQLSTATE {})", name_, text, state);
}

std::string Session::WithoutPassword(std::string text) const {
  if (!url_.password.empty()) text = absl::StrReplaceAll(text, {{url_.password, "***"}});
  return std::string(absl::StripAsciiWhitespace(text));
}

}  // namespace penstock::metadata::postgresql
