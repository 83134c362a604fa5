#include "penstock/backends/local_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <system_error>

#include "penstock/backends/control_group.h"
#include "penstock/backends/python_packages.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/logging.h"
#include "penstock/base/process_environment.h"

namespace penstock::backends {
namespace {

using runtime::TaskCommand;
using runtime::TaskOutcome;
using Clock = std::chrono::steady_clock;
using OnProgress = std::function<void(double, const std::string&)>;

/// Marks every process of a task, whatever it starts: a kill of the engine itself reaches only the first.
constexpr const char* kOwnerVariable = "PENSTOCK_TASK_ROOT";
constexpr int kReportFd = 3;
constexpr int kPollMillis = 20;  // How quickly a cancellation is seen.
constexpr size_t kMaxReportLine = 1 << 16;

Status Errno(std::string_view action) {
  return Unavailable("Cannot {}: {}", action, std::generic_category().message(errno));
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void Reset(int fd) {
    Close();
    fd_ = fd;
  }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

std::string Unescape(std::string_view line) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      text += line[++i] == 'n' ? '\n' : line[i];
    } else {
      text += line[i];
    }
  }
  return text;
}

/// Takes the task's reports apart as they arrive.
class ReportParser {
 public:
  ReportParser(TaskOutcome& outcome, const OnProgress& on_progress)
      : outcome_(outcome), on_progress_(on_progress) {}

  void Add(std::string_view bytes) {
    for (char c : bytes) {
      if (c == '\n') {
        Line(line_);
        line_.clear();
      } else if (line_.size() < kMaxReportLine) {
        line_ += c;
      }
    }
  }

 private:
  void Line(std::string_view line) {
    const bool is_progress = line.starts_with("progress ");
    if (!is_progress && !line.starts_with("error ")) return;
    line.remove_prefix(line.find(' ') + 1);
    const size_t space = std::min(line.find(' '), line.size());
    const std::string number(line.substr(0, space));
    const std::string message = Unescape(line.substr(std::min(space + 1, line.size())));
    if (is_progress) {
      if (on_progress_) on_progress_(std::clamp(std::atof(number.c_str()), 0.0, 1.0), message);
    } else if (const int code = std::atoi(number.c_str()); code > 0 && code <= 16) {
      outcome_.reported_error = Status(static_cast<StatusCode>(code), message);
    }
  }

  TaskOutcome& outcome_;
  const OnProgress& on_progress_;
  std::string line_;
};

/// What holds a task's processes to its limits: the kernel, so what they start is held too.
struct ProcessLimits {
  rlimit memory{RLIM_INFINITY, RLIM_INFINITY};  ///< Of each process: data it may write, mapped or not.
  cpu_set_t cpus{};
  bool has_cpus = false;
  int group_fd = -1;  ///< Of the cgroup that holds it instead.
};

/// As many cores as the limit begins; tasks that follow each other get different ones.
ProcessLimits LimitsOf(const TaskCommand& command) {
  static std::atomic<size_t> next_cpu{0};
  ProcessLimits limits;
  if (command.max_memory_bytes > 0)
    limits.memory.rlim_cur = limits.memory.rlim_max = static_cast<rlim_t>(command.max_memory_bytes);
  cpu_set_t allowed;
  if (command.max_cpus <= 0 || ::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return limits;
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
  const auto count = static_cast<size_t>(std::ceil(std::min(command.max_cpus, 1e6)));
  if (count >= cpus.size()) return limits;
  CPU_ZERO(&limits.cpus);
  for (size_t i = 0; i < count; ++i) CPU_SET(cpus[next_cpu++ % cpus.size()], &limits.cpus);
  limits.has_cpus = true;
  return limits;
}

/// Between fork and exec only what is safe there: no allocation, no locks.
[[noreturn]] void BecomeTask(char* const* arguments, char* const* environment, const char* directory,
                             int log_fd, int report_fd, pid_t parent, const ProcessLimits& limits) {
  ::setpgid(0, 0);
  if (limits.group_fd >= 0 && ::write(limits.group_fd, "0", 1) != 1) ::_exit(126);
  if (limits.memory.rlim_cur != RLIM_INFINITY) ::setrlimit(RLIMIT_DATA, &limits.memory);
  if (limits.has_cpus) ::sched_setaffinity(0, sizeof limits.cpus, &limits.cpus);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // It died before the line above.
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null_fd = ::open("/dev/null", O_RDONLY);
  ::dup2(null_fd, 0);
  ::dup2(log_fd, 1);
  ::dup2(log_fd, 2);
  // dup2 clears close-on-exec; when it already is number 3, that has to be done by hand.
  if (report_fd == kReportFd) {
    ::fcntl(report_fd, F_SETFD, 0);
  } else {
    ::dup2(report_fd, kReportFd);
  }
  if (directory[0] != '\0' && ::chdir(directory) != 0) ::_exit(126);
  ::execvpe(arguments[0], arguments, environment);
  static constexpr char kMessage[] = "penstock: the program of this task cannot be started\n";
  [[maybe_unused]] const ssize_t ignored = ::write(2, kMessage, sizeof kMessage - 1);
  ::_exit(127);
}

std::vector<std::string> EnvironmentOf(const TaskCommand& command) {
  // What the engine itself is let in by is none of a component's business.
  static constexpr std::string_view kSecrets[] = {"PENSTOCK_DB", "PENSTOCK_TOKEN", "PGPASSWORD", "PGPASSFILE",
                                                  "MYSQL_PWD"};
  std::map<std::string, std::string> added = command.environment;
  if (!command.owner.empty()) added[kOwnerVariable] = command.owner;
  added[runtime::kReportChannelVariable] = std::to_string(kReportFd);
  return ProcessEnvironment(
      [](std::string_view name) {
        return std::find(std::begin(kSecrets), std::end(kSecrets), name) != std::end(kSecrets);
      },
      added);
}

class LocalProcessBackend : public runtime::TaskBackend {
 public:
  explicit LocalProcessBackend(std::string self) : self_(std::move(self)) {}

  Result<TaskOutcome> Run(const TaskCommand& asked, const CancellationToken& cancellation,
                          const OnProgress& on_progress) override {
    if (asked.is_for_entry_point || asked.arguments.empty())
      return InvalidArgument(
          "The task has no command: it relies on the entry point of its image {}, which only a container has "
          "(--backend container)",
          asked.image);
    TaskCommand command = asked;
    PENSTOCK_ASSIGN_OR_RETURN(const auto failed, packages_.Prepare(command, [&](const TaskCommand& other) {
      return RunOne(other, cancellation, on_progress);
    }));
    if (failed.has_value()) return *failed;
    return RunOne(command, cancellation, on_progress);
  }

  void EndLeftovers(const std::string& owner) override {
    const std::string mark = std::string(kOwnerVariable) + "=" + owner;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
      const pid_t process = std::atoi(entry.path().filename().c_str());
      if (process <= 0 || process == ::getpid()) continue;
      std::ifstream environment(entry.path() / "environ", std::ios::binary);
      std::string line;
      while (std::getline(environment, line, '\0'))
        if (line == mark) ::kill(process, SIGKILL);
    }
  }

 private:
  Result<TaskOutcome> RunOne(const TaskCommand& command, const CancellationToken& cancellation,
                             const OnProgress& on_progress) {
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(fs::DirName(command.log_path)));
    Descriptor log(::open(command.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (log.get() < 0) return Errno("write the log " + command.log_path);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Errno("make a pipe");
    Descriptor reports(ends[0]), child_end(ends[1]);
    ::fcntl(reports.get(), F_SETFL, O_NONBLOCK);

    std::vector<std::string> arguments = command.arguments;
    if (arguments[0] == "penstock") arguments[0] = self_;
    std::vector<std::string> environment = EnvironmentOf(command);
    const auto argument_pointers = PointersOf(arguments);
    const auto environment_pointers = PointersOf(environment);
    const auto group = GroupOf(command);
    ProcessLimits limits;
    if (group != nullptr) {
      limits.group_fd = group->processes_fd();
    } else {
      limits = LimitsOf(command);
    }
    const auto started = Clock::now();
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return Errno("start a process");
    if (child == 0)
      BecomeTask(argument_pointers.data(), environment_pointers.data(), command.working_directory.c_str(),
                 log.get(), child_end.get(), parent, limits);
    ::setpgid(child, child);  // Both sides do it: whoever comes first.
    child_end.Close();
    auto outcome = Watch(child, started, reports.get(), cancellation, on_progress);
    if (group != nullptr && outcome.ok()) TellUsage(group->Usage(), command, *outcome);
    return outcome;
  }

  /// Null where the task has no limits, or this machine gives this process no groups to make.
  std::unique_ptr<ControlGroup> GroupOf(const TaskCommand& command) {
    if (command.max_memory_bytes <= 0 && command.max_cpus <= 0) return nullptr;
    const std::lock_guard lock(mutex_);
    if (!groups_.has_value()) {
      groups_ = ControlGroups::FindOwn();
      logging::Info("limits of tasks", {{"by", groups_->reason().empty() ? "cgroup" : "rlimit"},
                                        {"because", groups_->reason()}});
    }
    return groups_->Make(command.max_memory_bytes, command.max_cpus);
  }

  static void TellUsage(const GroupUsage& usage, const TaskCommand& command, TaskOutcome& outcome) {
    outcome.cpu_seconds = usage.cpu_seconds;
    if (usage.peak_memory_bytes > 0) outcome.peak_memory_bytes = usage.peak_memory_bytes;
    const bool has_failed = outcome.exit_code != 0 || outcome.signal != 0;
    if (usage.is_out_of_memory && has_failed)
      outcome.reported_error = ResourceExhausted(
          "The task used more than the {} bytes of memory that it may have", command.max_memory_bytes);
  }

  static Result<TaskOutcome> Watch(pid_t child, Clock::time_point started, int reports,
                                   const CancellationToken& cancellation, const OnProgress& on_progress) {
    TaskOutcome outcome;
    ReportParser parser(outcome, on_progress);
    const Descriptor exited(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    bool is_cancelled = false;
    int status = 0;
    rusage usage{};
    while (true) {
      pollfd watched[2] = {{reports, POLLIN, 0}, {exited.get(), POLLIN, 0}};
      ::poll(watched, exited.get() >= 0 ? 2 : 1, kPollMillis);
      const bool is_open = Drain(reports, parser);
      const pid_t reaped = ::wait4(child, &status, WNOHANG, &usage);
      if (reaped == child || (reaped < 0 && errno != EINTR)) break;
      is_cancelled = is_cancelled || cancellation.IsCancelled();
      if (is_cancelled) ::kill(-child, SIGKILL);
      // A closed report channel polls as ready for ever: wait on the process alone.
      if (!is_open) reports = -1;
    }
    Drain(reports, parser);
    ::kill(-child, SIGKILL);  // What it left running.
    outcome.wall_seconds = std::chrono::duration<double>(Clock::now() - started).count();
    auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    outcome.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    outcome.peak_memory_bytes = usage.ru_maxrss * int64_t{1024};
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (is_cancelled) return Cancelled("The task was cancelled");
    return outcome;
  }

  /// False when the task has closed its end.
  static bool Drain(int fd, ReportParser& parser) {
    char buffer[4096];
    while (fd >= 0) {
      const ssize_t count = ::read(fd, buffer, sizeof buffer);
      if (count > 0) {
        parser.Add({buffer, static_cast<size_t>(count)});
      } else if (count == 0) {
        return false;
      } else if (errno != EINTR) {
        return true;
      }
    }
    return false;
  }

  const std::string self_;  // Constant after construction.
  PythonPackages packages_;
  std::mutex mutex_;
  std::optional<ControlGroups> groups_;  // Guarded by mutex_; looked for at the first limit.
};

}  // namespace

std::unique_ptr<runtime::TaskBackend> MakeLocalProcessBackend(std::string self) {
  return std::make_unique<LocalProcessBackend>(std::move(self));
}

std::string SelfPath() {
  std::string path(4096, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return path;
}

}  // namespace penstock::backends
