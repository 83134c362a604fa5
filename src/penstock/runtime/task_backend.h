#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"

namespace penstock::runtime {

/// A folder or file of this machine, as a container sees it.
struct TaskMount {
  std::string source, target;
  bool is_read_only = false;
};

/// One attempt of one task, ready to be started somewhere.
struct TaskCommand {
  std::vector<std::string> arguments;  ///< The first is the program.
  std::string image;                ///< Whose program it is; empty: this machine's own (native components).
  bool is_for_entry_point = false;  ///< `arguments` are for the image's own program.
  std::string place;                ///< "local" or "container"; empty: wherever the backend runs tasks.
  std::string pull_policy;          ///< "always", "never", "missing"; empty: as the engine does.
  std::vector<TaskMount> mounts;    ///< What a container may see of this machine.
  std::string working_directory;    ///< Empty: inherited.
  std::string state_directory;      ///< Where a backend may keep things between tasks; may be empty.
  std::string
      owner;  ///< The root it belongs to: what outlives a killed engine is known by it (EndLeftovers).
  std::map<std::string, std::string> environment;  ///< Added to the inherited one.
  std::string log_path;                            ///< Standard output and error go here, appended.
  int64_t max_memory_bytes = 0;                    ///< Of each of its processes; 0: no limit.
  double max_cpus = 0;                             ///< 0: all of the machine's.
};

struct TaskOutcome {
  int exit_code = 0;
  int signal = 0;  ///< Not 0: killed by it.
  double wall_seconds = 0;
  double cpu_seconds = 0;         ///< User and system, of the task and what it waited for.
  int64_t peak_memory_bytes = 0;  ///< Of the largest single process.
  /// What the task said of its failure over its report channel; OK: nothing was said.
  Status reported_error;
};

/// Where tasks run: processes of this machine, containers; Kubernetes behind the same door.
/// Never changes a result. Safe from any thread.
class TaskBackend {
 public:
  virtual ~TaskBackend() = default;
  /// Runs to the end or the cancellation (kCancelled): then it is killed, with all it started. A task that
  /// fails is an outcome; an error is that it could not be started or watched.
  virtual Result<TaskOutcome> Run(
      const TaskCommand& command, const CancellationToken& cancellation,
      const std::function<void(double fraction, const std::string& message)>& on_progress) = 0;
  /// Ends what tasks of `owner` have left running after whoever watched them was killed. Called while
  /// nothing of that owner is supposed to run.
  virtual void EndLeftovers(const std::string& /*owner*/) {}
  /// What the image is by its content, for the cache: its name where nothing is known of it or where tasks of
  /// that place do not run it.
  virtual std::string IdentityOf(const std::string& /*place*/, const std::string& image,
                                 const std::string& /*pull_policy*/) {
    return image;
  }
};

/// A native component reports over the file descriptor that this variable names, one line
/// each: "progress FRACTION MESSAGE" or "error CODE MESSAGE" (newlines as \n).
inline constexpr const char* kReportChannelVariable = "PENSTOCK_REPORT_FD";
std::string EncodeProgressReport(double fraction, std::string_view message);
std::string EncodeErrorReport(const Status& status);

}  // namespace penstock::runtime
