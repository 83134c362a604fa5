#include "penstock/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "penstock/base/process_environment.h"

namespace penstock {
namespace {

constexpr int kPollMillis = 20;  // How quickly a cancellation is seen.
constexpr int kNotFoundExitCode = 127;

Status Errno(std::string_view action) {
  return Unavailable("Cannot {}: {}", action, std::generic_category().message(errno));
}

bool SpeaksOfASecret(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  for (const std::string_view word : {"TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "API_KEY"})
    if (name.find(word) != std::string::npos) return true;
  return false;
}

/// Between fork and exec only what is safe there: no allocation, no locks. -1: nothing, or inherited.
[[noreturn]] void BecomeChild(char* const* arguments, char* const* environment, int input, int output,
                              pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotFoundExitCode);  // It died before the line above.
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(input >= 0 ? input : ::open("/dev/null", O_RDONLY), 0);
  if (output >= 0) ::dup2(output, 1);
  ::execvpe(arguments[0], arguments, environment);
  ::_exit(kNotFoundExitCode);
}

}  // namespace

Result<ChildProcess> ChildProcess::Start(const ChildOptions& options) {
  if (options.arguments.empty()) return InvalidArgument("There is no program to start");
  // Sockets, so that writing to a child that has gone is an error and no signal.
  int to_child[2] = {-1, -1}, from_child[2] = {-1, -1};
  if (options.is_piped && (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to_child) != 0 ||
                           ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, from_child) != 0))
    return Errno("open a pipe");
  std::vector<std::string> arguments = options.arguments;
  std::vector<std::string> environment = ProcessEnvironment(
      [&](std::string_view name) { return options.withholds_secrets && SpeaksOfASecret(std::string(name)); },
      options.environment);
  const auto argument_pointers = PointersOf(arguments);
  const auto environment_pointers = PointersOf(environment);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0)
    BecomeChild(argument_pointers.data(), environment_pointers.data(), to_child[0], from_child[1], parent);
  const Status failure = child < 0 ? Errno("start a process") : OkStatus();
  for (const int fd : {to_child[0], from_child[1]}) {
    if (fd >= 0) ::close(fd);
  }
  ChildProcess started(std::max<pid_t>(child, 0));
  started.input_ = to_child[1];
  started.output_ = from_child[0];
  PENSTOCK_RETURN_IF_ERROR(failure);
  return started;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : child_(std::exchange(other.child_, 0)),
      input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)) {}

ChildProcess::~ChildProcess() {
  Kill();
  for (const int fd : {input_, output_}) {
    if (fd >= 0) ::close(fd);
  }
}

void ChildProcess::Kill() {
  if (child_ == 0) return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = 0;
}

Status ChildProcess::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::send(input_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Errno("write to a child process");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return OkStatus();
}

Status ChildProcess::Read(size_t num_bytes, std::string& bytes) {
  bytes.resize(num_bytes);
  for (size_t done = 0; done < num_bytes;) {
    const ssize_t count = ::read(output_, bytes.data() + done, num_bytes - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Errno("read from a child process");
    if (count == 0) return Unavailable("A child process has ended before it answered");
    done += static_cast<size_t>(count);
  }
  return OkStatus();
}

Status ChildProcess::Wait(double max_seconds, const CancellationToken* cancellation) {
  if (child_ == 0) return OkStatus();
  const auto started = std::chrono::steady_clock::now();
  const int exited = static_cast<int>(::syscall(SYS_pidfd_open, child_, 0));
  int status = 0;
  Status failure;
  while (::waitpid(child_, &status, WNOHANG) == 0) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started;
    if (cancellation != nullptr) failure = cancellation->Check();
    if (failure.ok() && max_seconds > 0 && passed.count() > max_seconds)
      failure = DeadlineExceeded("The process did not end within {} s", max_seconds);
    if (!failure.ok()) break;
    pollfd watched{exited, POLLIN, 0};
    ::poll(&watched, 1, kPollMillis);
  }
  if (exited >= 0) ::close(exited);
  if (!failure.ok()) {
    Kill();
    return failure;
  }
  child_ = 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return OkStatus();
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotFoundExitCode)
    return NotFound("The program cannot be started: it is not there or not to be executed");
  return Unavailable("The process ended with {} {}", WIFSIGNALED(status) ? "signal" : "exit code",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

Status RunChild(const ChildOptions& options, double max_seconds, const CancellationToken* cancellation) {
  PENSTOCK_ASSIGN_OR_RETURN(ChildProcess child, ChildProcess::Start(options));
  return child.Wait(max_seconds, cancellation);
}

}  // namespace penstock
