#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace penstock::scenarios {

/// The program under test, of the build this test belongs to.
std::string PenstockPath();

/// How a run of it ended.
struct Ending {
  int exit_code = -1;
  int signal = 0;  ///< Not 0: killed by it.
  std::string output, errors;
  double seconds = 0;
  /// All of it, for a failing test's message.
  std::string Describe() const;
};

/// A started program whose output and errors go to files. Killed when it goes out of sight. Not thread-safe.
class Program {
 public:
  struct Options {
    std::vector<std::string> arguments;  ///< Without the program's own name.
    std::string working_directory;
    /// Called in the child before the program starts; false ends it with kNotSetUp.
    std::function<bool()> set_up;
  };
  static constexpr int kNotSetUp = 125;

  explicit Program(const Options& options);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  bool IsRunning();
  void Send(int signal) const;
  /// What it has said on standard output so far.
  std::string OutputSoFar() const;
  /// What it has said on standard error so far.
  std::string ErrorsSoFar() const;
  /// Waits until it ends; ends it with SIGKILL after `limit_seconds`.
  Ending Wait(double limit_seconds = 200);

 private:
  bool Reap(bool is_blocking);

  pid_t pid_ = -1;
  int wait_status_ = 0;
  bool has_ended_ = false;
  double started_ = 0;
  std::string files_;  // The folder of output and errors.
};

/// Starts and waits.
Ending RunPenstock(const std::vector<std::string>& arguments, const std::string& working_directory = "");

/// A new empty folder below the test's temporary one; the name of the running test is part of it.
std::string MakeTestFolder();

}  // namespace penstock::scenarios
