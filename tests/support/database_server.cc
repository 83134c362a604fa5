#include "tests/support/database_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace penstock::tests {
namespace {

constexpr int kStartMillis = 60'000, kPollMillis = 100;

/// In memory where there is a file system for that: making tables syncs, whatever the server is told.
std::string NewFolder(const std::string& name) {
  const bool has_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
  const std::filesystem::path parent = has_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string pattern = (parent / (name + "-XXXXXX")).string();
  return ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
}

/// The program of that name in any of the folders; empty where there is none.
std::string FindProgram(const std::string& name, std::initializer_list<const char*> folders) {
  for (const char* folder : folders)
    if (const std::string path = std::string(folder) + "/" + name; ::access(path.c_str(), X_OK) == 0)
      return path;
  return "";
}

std::string PostgresqlFolder() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", error))
    if (::access((entry.path() / "bin/initdb").c_str(), X_OK) == 0) return (entry.path() / "bin").string();
  return "";
}

int FreePort() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool is_bound = ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(listener);
  return is_bound ? ntohs(address.sin_port) : 0;
}

/// As one word of a shell.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char letter : text) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return quoted + "'";
}

class PostgresqlServer : public DatabaseServer {
 public:
  /// `password`: empty, or what the user penstock needs on a port.
  explicit PostgresqlServer(std::string password = "")
      : programs_(PostgresqlFolder()), password_(std::move(password)) {
    if (programs_.empty()) {
      why_not_ = "PostgreSQL is not installed (tools/setup_databases.sh)";
      return;
    }
    folder_ = NewFolder("penstock-postgresql");
    if (!password_.empty()) port_ = FreePort();
    const std::string data = folder_ + "/data", password_file = folder_ + "/password";
    std::string login = " --auth=trust";
    if (port_ != 0) {
      std::ofstream(password_file) << password_ << "\n";
      login = " --auth=scram-sha-256 --pwfile=" + password_file;
    }
    const char* user = ::geteuid() == 0 ? "postgres" : nullptr;
    if (user != nullptr && !RunShell("chown -R postgres " + folder_)) why_not_ = "there is no user postgres";
    const std::string as = user == nullptr ? "" : "setpriv --reuid=postgres --regid=postgres --clear-groups ";
    if (why_not_.empty() && !RunShell(as + programs_ + "/initdb -D " + data + " -U " + User() + login +
                                      " --encoding=UTF8 --no-sync --locale=C.UTF-8"))
      why_not_ = "initdb fails";
    if (!why_not_.empty()) return;
    const std::string listen =
        port_ == 0 ? " -c listen_addresses=" : " -c listen_addresses=127.0.0.1 -p " + std::to_string(port_);
    Start(programs_ + "/postgres -D " + data + " -k " + folder_ + listen +
              " -c dynamic_shared_memory_type=mmap -c fsync=off -c max_connections=200 "
              "-c shared_buffers=16MB",
          user);
    for (int waited = 0; !Run("postgres", "SELECT 1"); waited += kPollMillis) {
      if (waited >= kStartMillis) {
        why_not_ = "the PostgreSQL server does not start";
        return;
      }
      ::poll(nullptr, 0, kPollMillis);
    }
  }
  bool Run(const std::string& database, const std::string& sql) override {
    const std::string login = port_ == 0 ? "" : "PGPASSWORD=" + Quoted(password_) + " ";
    return RunShell(login + programs_ + "/psql -q -v ON_ERROR_STOP=1 -d " + Quoted(UrlOf(database)) + " -c " +
                    Quoted(sql));
  }

 protected:
  std::string UrlOf(const std::string& name) const override {
    if (port_ == 0) return "postgresql://postgres@/" + name + "?host=" + folder_;
    return "postgresql://penstock@127.0.0.1:" + std::to_string(port_) + "/" + name;
  }
  bool Make(const std::string& name) override { return Run("postgres", "CREATE DATABASE " + name); }

 private:
  std::string User() const { return port_ == 0 ? "postgres" : "penstock"; }
  const std::string programs_, password_;
  int port_ = 0;  // 0: by the socket, and without a password.
};

class MysqlServer : public DatabaseServer {
 public:
  MysqlServer()
      : server_(FindProgram("mariadbd", {"/usr/sbin", "/usr/libexec"})),
        install_(FindProgram("mariadb-install-db", {"/usr/bin"})),
        client_(FindProgram("mariadb", {"/usr/bin"})) {
    if (server_.empty() || install_.empty() || client_.empty()) {
      why_not_ = "MariaDB is not installed (tools/setup_databases.sh)";
      return;
    }
    folder_ = NewFolder("penstock-mariadb");
    const std::string data = folder_ + "/data", user = ::geteuid() == 0 ? " --user=root" : "";
    if (!RunShell(install_ + " --no-defaults --datadir=" + data +
                  " --auth-root-authentication-method=normal" + " --skip-test-db" + user)) {
      why_not_ = "mariadb-install-db fails";
      return;
    }
    Start(server_ + " --no-defaults --datadir=" + data + " --socket=" + Socket() +
              " --skip-networking --pid-file=" + folder_ +
              "/pid --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=32M" + user,
          nullptr);
    for (int waited = 0; !Run("mysql", "SELECT 1"); waited += kPollMillis) {
      if (waited >= kStartMillis) {
        why_not_ = "the MariaDB server does not start";
        return;
      }
      ::poll(nullptr, 0, kPollMillis);
    }
  }
  bool Run(const std::string& database, const std::string& sql) override {
    return RunShell(client_ + " --no-defaults -S " + Socket() + " -u root " + database + " -e \"" + sql +
                    "\"");
  }

 protected:
  std::string UrlOf(const std::string& name) const override {
    return "mysql://root@localhost/" + name + "?unix_socket=" + Socket();
  }
  bool Make(const std::string& name) override {
    return Run("mysql", "CREATE DATABASE IF NOT EXISTS " + name);
  }

 private:
  std::string Socket() const { return folder_ + "/socket"; }
  const std::string server_, install_, client_;
};

}  // namespace

bool RunShell(const std::string& command) {
  return std::system((command + " > /dev/null 2>&1").c_str()) == 0;
}

DatabaseServer& DatabaseServer::Postgresql() {
  static PostgresqlServer server;
  return server;
}

std::unique_ptr<DatabaseServer> DatabaseServer::PostgresqlWithPassword(const std::string& password) {
  return std::make_unique<PostgresqlServer>(password);
}

DatabaseServer& DatabaseServer::Mysql() {
  static MysqlServer server;
  return server;
}

DatabaseServer::~DatabaseServer() {
  if (process_ > 0) {
    // At once, but PostgreSQL gives its shared memory back first.
    ::kill(process_, SIGQUIT);
    constexpr int kEndMillis = 10'000;
    for (int waited = 0; ::waitpid(process_, nullptr, WNOHANG) == 0; waited += kPollMillis) {
      if (waited >= kEndMillis) ::kill(process_, SIGKILL);
      ::poll(nullptr, 0, kPollMillis);
    }
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void DatabaseServer::Start(const std::string& command, const char* user) {
  const pid_t parent = ::getpid();
  const passwd* account = user == nullptr ? nullptr : ::getpwnam(user);
  process_ = ::fork();
  if (process_ != 0) return;
  if (account != nullptr && (::setgid(account->pw_gid) != 0 || ::setuid(account->pw_uid) != 0)) _exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // PostgreSQL's word for at once; MariaDB ends by it too.
  if (::getppid() != parent) _exit(126);
  const std::string line = "exec " + command + " > " + folder_ + "/log 2>&1";
  ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
  _exit(127);
}

std::string DatabaseServer::Database(const std::string& name) {
  Make(name);
  return UrlOf(name);
}

}  // namespace penstock::tests
