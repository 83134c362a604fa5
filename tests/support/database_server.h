#pragma once

#include <memory>
#include <string>

namespace penstock::tests {

/// A PostgreSQL or MariaDB server of this process alone: started in a temporary folder when it is first asked
/// for, reached by a socket there where nothing else is said, killed when the process ends. Syncing is off:
/// what is tested is what it answers, not what it survives.
class DatabaseServer {
 public:
  static DatabaseServer& Postgresql();
  static DatabaseServer& Mysql();
  /// Another PostgreSQL server, reached as the user penstock on a port of 127.0.0.1 with this password, which
  /// its URLs do not hold. It ends with the object.
  static std::unique_ptr<DatabaseServer> PostgresqlWithPassword(const std::string& password);
  DatabaseServer(const DatabaseServer&) = delete;
  DatabaseServer& operator=(const DatabaseServer&) = delete;
  virtual ~DatabaseServer();

  /// Empty: it runs. Otherwise why not, for a test to skip with (tools/setup_databases.sh installs them).
  const std::string& why_not() const { return why_not_; }
  /// The URL of the database of that name ([a-z0-9_]), which is made where there is none.
  std::string Database(const std::string& name);
  /// Runs SQL in it with the server's own client; false where that fails.
  virtual bool Run(const std::string& database, const std::string& sql) = 0;

 protected:
  DatabaseServer() = default;
  virtual std::string UrlOf(const std::string& name) const = 0;
  virtual bool Make(const std::string& name) = 0;
  /// Starts a program that dies with this process, as `user` where this is root; its output goes to a file.
  void Start(const std::string& command, const char* user);

  std::string folder_, why_not_;
  int process_ = -1;
};

/// Runs a shell command; true when it exits with 0. Its output is dropped.
bool RunShell(const std::string& command);

}  // namespace penstock::tests
