#include "tests/support/postgres_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace penstock::tests {
namespace {

namespace stdfs = std::filesystem;

const std::string kPrograms = "/usr/lib/postgresql/15/bin/";

std::string ReadText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// PostgreSQL refuses to run as root.
std::vector<std::string> AsAnyoneButRoot(std::vector<std::string> command) {
  std::vector<std::string> whole = {"setpriv", "--pdeathsig", "QUIT"};
  if (geteuid() == 0) whole.insert(whole.end(), {"--reuid=postgres", "--regid=postgres", "--clear-groups"});
  whole.push_back("--");
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

/// Starts a program whose output goes to `log`. The password goes by the environment, as psql wants it.
pid_t Spawn(const std::vector<std::string>& command, const std::string& log, const std::string& password) {
  const pid_t child = fork();
  if (child != 0) return child;
  setenv("PGPASSWORD", password.c_str(), 1);
  if (freopen(log.c_str(), "w", stdout) == nullptr || dup2(1, 2) < 0 || chdir("/") != 0) _exit(125);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

/// "" or what it said.
std::string RunToEnd(const std::vector<std::string>& command, const std::string& log,
                     const std::string& password) {
  int status = 0;
  const pid_t child = Spawn(command, log, password);
  if (child < 0 || waitpid(child, &status, 0) != child) return "cannot start " + command[0];
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : command[0] + ": " + ReadText(log);
}

int FreePort() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool is_bound = bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(listener);
  return is_bound ? ntohs(address.sin_port) : 0;
}

}  // namespace

std::string PostgresServer::WhyMissing() {
  if (!stdfs::exists(kPrograms + "postgres"))
    return "PostgreSQL is not tested: Debian's postgresql-15 is not installed";
  if (geteuid() == 0 && getpwnam("postgres") == nullptr)
    return "PostgreSQL is not tested: it does not run as root, and there is no user postgres";
  return "";
}

PostgresServer::PostgresServer(const std::string& password) : password_(password), port_(FreePort()) {
  std::string name = (stdfs::temp_directory_path() / "penstock-postgres-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    problem_ = "no temporary folder";
    return;
  }
  folder_ = name;
  problem_ = Start();
}

std::string PostgresServer::Start() {
  const std::string data = folder_ + "/data", password_file = folder_ + "/password";
  std::ofstream(password_file) << password_ << "\n";
  if (const passwd* user = getpwnam("postgres"); geteuid() == 0 && user != nullptr)
    for (const std::string& path : {folder_, password_file})
      if (chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) return "cannot give away " + path;
  const std::string failure =
      RunToEnd(AsAnyoneButRoot({kPrograms + "initdb", "-D", data, "-U", "penstock", "--auth=scram-sha-256",
                                "--pwfile=" + password_file, "-E", "UTF8", "--locale=C", "--no-sync"}),
               folder_ + "/initdb.log", password_);
  if (!failure.empty()) return failure;
  const std::string log = folder_ + "/server.log";
  server_ = Spawn(AsAnyoneButRoot({kPrograms + "postgres", "-D", data, "-p", std::to_string(port_), "-k",
                                   folder_, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"}),
                  log, password_);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    if (waitpid(server_, nullptr, WNOHANG) == server_) {
      server_ = -1;
      return "the server ended: " + ReadText(log);
    }
    if (Execute("SELECT 1").empty()) return "";
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return "the server does not answer: " + ReadText(log);
}

PostgresServer::~PostgresServer() {
  if (server_ > 0) {
    kill(server_, SIGQUIT);
    waitpid(server_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) stdfs::remove_all(folder_, ignored);
}

std::string PostgresServer::Uri() const {
  return "postgresql://penstock@127.0.0.1:" + std::to_string(port_) + "/postgres";
}

std::string PostgresServer::Execute(const std::string& statements) const {
  return RunToEnd({kPrograms + "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", Uri(), "-c", statements},
                  folder_ + "/psql.log", password_);
}

}  // namespace penstock::tests
