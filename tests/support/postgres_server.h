#pragma once

#include <sys/types.h>

#include <string>

namespace penstock::tests {

/// A PostgreSQL 15 server of a test's own: a new database in a temporary folder, on a free port of 127.0.0.1,
/// with a password. It ends with the object, or with the test program. Not thread-safe.
class PostgresServer {
 public:
  /// Why there can be none ("Debian's postgresql-15 is not installed"); "" where there can.
  static std::string WhyMissing();

  explicit PostgresServer(const std::string& password);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// "" once it answers; else what went wrong.
  const std::string& problem() const { return problem_; }
  /// postgresql://penstock@127.0.0.1:PORT/postgres: without the password.
  std::string Uri() const;
  /// Runs statements by psql. "" or what it says.
  std::string Execute(const std::string& statements) const;

 private:
  std::string Start();

  const std::string password_;
  std::string folder_;
  int port_ = 0;
  pid_t server_ = -1;
  std::string problem_;
};

}  // namespace penstock::tests
