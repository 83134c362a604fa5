#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/runtime/task_backend.h"

namespace penstock::backends {

/// What the script at the front of kfp's Python components installs: they are made for a bare
/// container, and begin with `sh -c 'python3 -m pip install ... && "$0" "$@"'`.
struct PythonBootstrap {
  std::vector<std::string> requirements;  ///< "kfp==2.14.2", "pandas>=2"; those with markers are left out.
  std::vector<std::string> command;       ///< What runs after the installation.
};

/// Nothing for commands of any other form.
std::optional<PythonBootstrap> ParsePythonBootstrap(const std::vector<std::string>& arguments);

/// "python3" where `program` is "python" and `path` (as PATH has it) knows only that; otherwise `program`.
std::string PythonOf(const std::string& program, const std::string& path);

/// "pandas" of "pandas[excel]>=2".
std::string PackageOf(std::string_view requirement);

/// Gives Python components their packages on a host, without touching the host's own: what python3 (of the
/// task's PATH) has already is taken (any version of kfp; of others the one pinned, if one is), the rest is
/// installed once under the task's state directory and put on its PYTHONPATH. Safe from any thread.
class PythonPackages {
 public:
  using Run = std::function<Result<runtime::TaskOutcome>(const runtime::TaskCommand&)>;

  /// Takes the script off `command` and sees to its packages with `run`. An outcome is of a pip that failed.
  Result<std::optional<runtime::TaskOutcome>> Prepare(runtime::TaskCommand& command, const Run& run);

 private:
  struct Environment {
    std::string folder;  ///< Empty: the host has it all.
  };

  std::mutex mutex_;
  // Guarded by mutex_, which is held while packages are installed.
  std::map<std::string, Environment> ready_;  ///< By python, state directory and requirements.
};

}  // namespace penstock::backends
