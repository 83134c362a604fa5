#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "penstock/base/status.h"

namespace penstock::backends {

struct GroupUsage {
  double cpu_seconds = 0;
  int64_t peak_memory_bytes = 0;  ///< 0: the kernel does not tell.
  bool is_out_of_memory = false;  ///< The kernel ended something of it for its limit.
};

/// A cgroup (v2) that holds one task and all it starts to its limits together. Removed with all that is left
/// in it by the destructor.
class ControlGroup {
 public:
  ControlGroup(std::string folder, int processes_fd);
  ~ControlGroup();
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  /// Whoever writes "0" to it is in the group: one write between fork and exec. Close-on-exec.
  int processes_fd() const { return processes_fd_; }
  GroupUsage Usage() const;

 private:
  const std::string folder_;
  const int processes_fd_;
};

/// Makes the groups of tasks below this process's own cgroup, where memory and cpu are given into its hands:
/// the controllers are enabled for children already, or this process is alone in its group (a systemd
/// service with Delegate=yes, a container with a writable cgroup) and moves into a child of it. Otherwise
/// there are none, which is said in the log once, and rlimits hold the tasks. Safe from any thread.
class ControlGroups {
 public:
  /// `root`: where cgroup v2 is mounted; `self`: the text of /proc/self/cgroup.
  static ControlGroups Find(const std::string& root, const std::string& self);
  static ControlGroups FindOwn();

  /// Null where there are none, or where making one fails (said in the log). 0: that one is not limited.
  std::unique_ptr<ControlGroup> Make(int64_t max_memory_bytes, double max_cpus);
  /// Why there are none; empty: there are.
  const std::string& reason() const { return reason_; }

 private:
  ControlGroups(std::string parent, std::string reason)
      : parent_(std::move(parent)), reason_(std::move(reason)) {}

  std::string parent_, reason_;
};

}  // namespace penstock::backends
