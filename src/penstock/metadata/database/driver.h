#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"

namespace penstock::metadata::database {

/// Statements are written in SQLite's dialect; what the others say differently is in dialect.h.
enum class Dialect { kSqlite, kPostgresql, kMysql };

/// A statement as a backend keeps it. Parameters count from 1, columns from 0. Not for concurrent use.
class PreparedStatement {
 public:
  virtual ~PreparedStatement() = default;

  virtual Status BindNull(int parameter) = 0;
  virtual Status BindInt(int parameter, int64_t value) = 0;
  virtual Status BindBool(int parameter, bool value) = 0;
  virtual Status BindDouble(int parameter, double value) = 0;
  virtual Status BindText(int parameter, std::string_view value) = 0;
  virtual Status BindDigest(int parameter, const Digest& value) = 0;

  /// True: there is a row to read.
  virtual Result<bool> Step() = 0;
  /// Back to before the first step, nothing bound.
  virtual void Reset() = 0;

  virtual bool IsNull(int column) const = 0;
  virtual int64_t Int(int column) const = 0;
  virtual double Double(int column) const = 0;
  /// Valid until the next Step or Reset.
  virtual std::string_view Text(int column) const = 0;
  /// Zero where the column is NULL or not 16 bytes long.
  virtual Digest DigestAt(int column) const = 0;
};

/// One connection to a database: a file of SQLite, or a session of a PostgreSQL or MySQL server.
///
/// Statuses name the database (never its password) and are the same on every backend: kAlreadyExists with
/// "UNIQUE constraint failed" for a violated constraint, kUnavailable where another keeps it locked or the
/// server is away, kResourceExhausted, kPermissionDenied, kInvalidArgument for a value that does not fit.
/// A session that was lost is made anew at the next Begin. Not for concurrent use.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual Dialect dialect() const = 0;
  /// The file's path, or the URL without the password.
  virtual const std::string& name() const = 0;

  /// `is_kept`: the text comes again, so preparing it may cost something.
  virtual Result<std::unique_ptr<PreparedStatement>> Prepare(std::string_view sql, bool is_kept) = 0;
  /// Runs several statements of fixed text.
  virtual Status RunScript(std::string_view script) = 0;

  /// Begins a transaction that is the only writing one of all processes, waiting up to ten seconds for it.
  virtual Status BeginWrite() = 0;
  /// Begins one that sees the database as it is now, whatever others write meanwhile.
  virtual Status BeginRead() = 0;
  virtual Status Commit() = 0;
  /// Does nothing where no transaction is open any more.
  virtual void Rollback() = 0;

  /// True: this session leads, until it ends, among all that ask of this database; asked again it says
  /// whether it still does. A file has no leader to choose: always true.
  virtual Result<bool> TakeLead() = 0;

  /// Of the last INSERT. PostgreSQL has none: its INSERTs answer the id (RETURNING).
  virtual int64_t LastInsertId() const = 0;
  /// Rows that the last statement changed.
  virtual int64_t NumChanged() const = 0;
};

}  // namespace penstock::metadata::database
