#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"
#include "penstock/metadata/database/driver.h"

namespace penstock::metadata::database {

class Connection;

/// A prepared statement, lent by its connection until it is destroyed. The first error (of
/// preparing, binding or stepping) sticks and is what Step answers. Values are bound, never
/// written into the text. Not for concurrent use; must not outlive the connection.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binds the next values in order: integers, bools, doubles, texts, digests (a zero digest
  /// is NULL), nullptr, and optionals of these.
  template <class... Values>
  Statement& Bind(const Values&... values) {
    (Put(values), ...);
    return *this;
  }

  /// True: there is a row to read.
  Result<bool> Step();
  /// Steps to the end.
  Status Run();

  // Of the current row, columns from 0.
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  double Double(int column) const;
  std::string Text(int column) const;
  /// Not owned; valid until the next Step or the statement's end.
  std::string_view TextView(int column) const;
  /// Zero where the column is NULL or not 16 bytes long.
  Digest DigestAt(int column) const;

 private:
  friend class Connection;
  using Idle = std::vector<std::unique_ptr<PreparedStatement>>;
  Statement(Idle* home, std::unique_ptr<PreparedStatement> statement, Status status)
      : home_(home), statement_(std::move(statement)), status_(std::move(status)) {}

  void Put(std::nullptr_t);
  void Put(double value);
  void Put(std::string_view value);
  void Put(const std::string& value) { Put(std::string_view(value)); }
  void Put(const char* value) { Put(std::string_view(value)); }
  void Put(const Digest& value);
  void PutInteger(int64_t value);
  void Put(bool value);
  template <class T>
  requires((std::is_integral_v<T> && !std::is_same_v<T, bool>) || std::is_enum_v<T>) void Put(T value) {
    PutInteger(static_cast<int64_t>(value));
  }
  template <class T>
  void Put(const std::optional<T>& value) {
    if (value.has_value()) {
      Put(*value);
    } else {
      Put(nullptr);
    }
  }
  void Check(const Status& status) {
    if (status_.ok()) status_ = status;
  }

  Idle* home_;  // Where it lies between uses: one place per text, never moved. Null: it is not kept.
  std::unique_ptr<PreparedStatement> statement_;  // Null where preparing it failed.
  int num_bound_ = 0;
  Status status_;
};

/// One open database: its statements, its errors as statuses (each names the database).
/// Not for concurrent use: the store's mutex guards it.
class Connection {
 public:
  /// `place`: the path of an SQLite file (opened or made in WAL mode, fully synced), or the URL of a database
  /// of a PostgreSQL or MySQL server. Writers of all processes follow each other; each waits up to ten
  /// seconds.
  static Result<std::unique_ptr<Connection>> Open(const std::string& place);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Prepares `sql`, or takes it from the cache.
  Statement Prepare(std::string_view sql);
  /// The same for a text that is not met again: nothing is kept of it.
  Statement PrepareOnce(std::string_view sql);

  /// Runs a statement without result.
  template <class... Values>
  Status Run(std::string_view sql, const Values&... values) {
    return Prepare(sql).Bind(values...).Run();
  }
  /// Runs an INSERT into a table with a column `id`; answers the new row's.
  template <class... Values>
  Result<int64_t> Insert(std::string_view sql, const Values&... values) {
    if (driver_->dialect() == Dialect::kPostgresql) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto id, FindInt(Returning(sql), values...));
      return id.value_or(0);
    }
    PENSTOCK_RETURN_IF_ERROR(Run(sql, values...));
    return driver_->LastInsertId();
  }
  /// The first row's first column, an integer; empty where there is no row or it is NULL.
  template <class... Values>
  Result<std::optional<int64_t>> FindInt(std::string_view sql, const Values&... values) {
    Statement statement = Prepare(sql);
    statement.Bind(values...);
    PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row || statement.IsNull(0)) return std::optional<int64_t>();
    return std::optional<int64_t>(statement.Int(0));
  }
  /// The first column of all rows.
  template <class... Values>
  Result<std::vector<int64_t>> FindInts(std::string_view sql, const Values&... values) {
    Statement statement = Prepare(sql);
    statement.Bind(values...);
    std::vector<int64_t> found;
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
      if (!has_row) return found;
      found.push_back(statement.Int(0));
    }
  }
  /// Runs several statements of fixed text.
  Status RunScript(std::string_view script) { return driver_->RunScript(script); }

  /// Rows changed by the last statement.
  int64_t NumChanged() const { return driver_->NumChanged(); }
  Driver& driver() { return *driver_; }
  /// The file's path, or the URL without the password: for messages.
  const std::string& name() const { return driver_->name(); }

 private:
  explicit Connection(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {}
  static std::string Returning(std::string_view insert);
  Statement Compile(std::string_view sql, Statement::Idle* home);

  std::unique_ptr<Driver> driver_;  // Before the statements: they end first.
  std::map<std::string, Statement::Idle, std::less<>> idle_statements_;
};

}  // namespace penstock::metadata::database
