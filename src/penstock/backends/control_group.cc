#include "penstock/backends/control_group.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "penstock/base/logging.h"

namespace penstock::backends {
namespace {

constexpr const char* kPrefix = "penstock-task-";
constexpr const char* kOwnGroup = "penstock";

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Files of a cgroup take one value a write and say with it whether they take it.
bool WriteText(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool is_written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return is_written;
}

bool HasWord(const std::string& text, std::string_view wanted) {
  std::stringstream words(text);
  for (std::string word; words >> word;)
    if (word == wanted) return true;
  return false;
}

bool HasControllers(const std::string& text) { return HasWord(text, "memory") && HasWord(text, "cpu"); }

/// The value after `name` in a flat-keyed file; 0: it is not there.
int64_t ValueOf(const std::string& text, std::string_view name) {
  std::stringstream lines(text);
  for (std::string key, value; lines >> key >> value;)
    if (key == name) return std::atoll(value.c_str());
  return 0;
}

/// Groups of servers that were killed.
void RemoveLeftovers(const std::string& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const pid_t owner = std::atoi(name.c_str() + std::string_view(kPrefix).size());
    if (owner <= 0 || owner == ::getpid() || ::kill(owner, 0) == 0 || errno != ESRCH) continue;
    WriteText(entry.path().string() + "/cgroup.kill", "1");
    ::rmdir(entry.path().c_str());
  }
}

}  // namespace

ControlGroup::ControlGroup(std::string folder, int processes_fd)
    : folder_(std::move(folder)), processes_fd_(processes_fd) {}

ControlGroup::~ControlGroup() {
  ::close(processes_fd_);
  WriteText(folder_ + "/cgroup.kill", "1");
  // What was killed leaves a moment later.
  constexpr int kTries = 200, kMicros = 1000;
  for (int i = 0; i < kTries && ::rmdir(folder_.c_str()) != 0 && errno == EBUSY; ++i) ::usleep(kMicros);
}

GroupUsage ControlGroup::Usage() const {
  return {static_cast<double>(ValueOf(ReadText(folder_ + "/cpu.stat"), "usage_usec")) * 1e-6,
          std::atoll(ReadText(folder_ + "/memory.peak").c_str()),
          ValueOf(ReadText(folder_ + "/memory.events"), "oom_kill") > 0};
}

ControlGroups ControlGroups::Find(const std::string& root, const std::string& self) {
  const auto none = [](const std::string& reason) { return ControlGroups("", reason); };
  std::string own;
  std::stringstream lines(self);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::/")) own = root + (line == "0::/" ? "" : line.substr(3));
  if (own.empty()) return none("this process is in no cgroup of version 2");
  if (!HasControllers(ReadText(own + "/cgroup.controllers")))
    return none("its cgroup has no memory and cpu controllers");
  if (!HasControllers(ReadText(own + "/cgroup.subtree_control"))) {
    std::stringstream processes(ReadText(own + "/cgroup.procs"));
    for (int64_t process = 0; processes >> process;)
      if (process != ::getpid()) return none("its cgroup is shared with other processes");
    const std::string inner = own + "/" + kOwnGroup;
    if (::mkdir(inner.c_str(), 0755) != 0 && errno != EEXIST) return none("its cgroup is not writable");
    if (!WriteText(inner + "/cgroup.procs", "0") ||
        !WriteText(own + "/cgroup.subtree_control", "+memory +cpu"))
      return none("its cgroup's controllers cannot be given to tasks");
  } else if (::access(own.c_str(), W_OK) != 0) {
    return none("its cgroup is not writable");
  }
  RemoveLeftovers(own);
  return ControlGroups(own, "");
}

ControlGroups ControlGroups::FindOwn() {
  const std::string self = ReadText("/proc/self/cgroup");
  for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (::access((std::string(root) + "/cgroup.procs").c_str(), F_OK) == 0) return Find(root, self);
  return ControlGroups("", "no cgroup of version 2 is mounted at /sys/fs/cgroup");
}

std::unique_ptr<ControlGroup> ControlGroups::Make(int64_t max_memory_bytes, double max_cpus) {
  static std::atomic<int64_t> next{0};
  if (!reason_.empty()) return nullptr;
  const std::string folder = fmt::format("{}/{}{}-{}", parent_, kPrefix, ::getpid(), next++);
  if (::mkdir(folder.c_str(), 0755) != 0) {
    logging::Warning("cannot make a cgroup for a task; rlimits hold it", {{"folder", folder}});
    return nullptr;
  }
  constexpr int64_t kPeriodMicros = 100'000;
  bool is_set = true;
  if (max_memory_bytes > 0) {
    is_set = WriteText(folder + "/memory.max", std::to_string(max_memory_bytes));
    WriteText(folder + "/memory.swap.max", "0");  // Absent where there is no swap.
  }
  if (max_cpus > 0) {
    const auto quota = static_cast<int64_t>(std::ceil(std::min(max_cpus, 1e6) * kPeriodMicros));
    is_set =
        WriteText(folder + "/cpu.max", fmt::format("{} {}", std::max<int64_t>(quota, 1000), kPeriodMicros)) &&
        is_set;
  }
  const int fd = ::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
  if (is_set && fd >= 0) return std::make_unique<ControlGroup>(folder, fd);
  logging::Warning("cannot set the limits of a task's cgroup; rlimits hold it", {{"folder", folder}});
  if (fd >= 0) ::close(fd);
  ::rmdir(folder.c_str());
  return nullptr;
}

}  // namespace penstock::backends
