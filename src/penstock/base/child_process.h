#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"

namespace penstock {

/// A program that works for this one.
struct ChildOptions {
  std::vector<std::string> arguments;  ///< The first is the program; without a slash, from the PATH.
  std::map<std::string, std::string> environment;  ///< Over what is inherited.
  /// Leaves variables out whose names speak of a secret (TOKEN, SECRET, PASSWORD, CREDENTIAL, API_KEY), but
  /// for those of `environment`.
  bool withholds_secrets = false;
  /// The child's standard input and output are this object's; else the input is empty and the output
  /// inherited. Standard error is inherited always: whatever keeps this process's log keeps the child's.
  bool is_piped = false;
};

/// A running child. Killed by the kernel when the thread that started it ends, and by the destructor; it
/// stays in this process's group, so that whoever kills the group gets it too. Not for concurrent use.
class ChildProcess {
 public:
  /// kNotFound names a program that is not there.
  static Result<ChildProcess> Start(const ChildOptions& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  /// Writes all of `bytes` to a piped child. kUnavailable where it has gone.
  Status Write(std::string_view bytes);
  /// Reads exactly so many bytes. kUnavailable where it has gone.
  Status Read(size_t num_bytes, std::string& bytes);

  /// Waits for its end: OK for exit code 0. kDeadlineExceeded after `max_seconds` (0: never) and kCancelled,
  /// both after killing it; kUnavailable names another exit code or the signal.
  Status Wait(double max_seconds, const CancellationToken* cancellation);

 private:
  explicit ChildProcess(pid_t child) : child_(child) {}
  void Kill();

  pid_t child_ = 0;  // 0: has ended.
  int input_ = -1, output_ = -1;
};

/// Start and Wait.
Status RunChild(const ChildOptions& options, double max_seconds = 0,
                const CancellationToken* cancellation = nullptr);

}  // namespace penstock
