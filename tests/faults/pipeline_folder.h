#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "scenarios/program.h"

namespace penstock::faults {

using scenarios::Ending;
using scenarios::Program;

/// The files a glob names, hidden ones only where it says so.
std::vector<std::string> Matches(const std::string& pattern);

/// A folder with a pipeline, as a user has it, and what a test may ask about it afterwards.
/// Removed with everything in it at the end of a test that passes.
class PipelineFolder {
 public:
  PipelineFolder();
  ~PipelineFolder();

  const std::string& path() const { return path_; }
  std::string root() const { return root_; }
  void set_root(const std::string& root) { root_ = root; }
  void Write(const std::string& name, const std::string& content) const;

  /// The taxi example, on its own data.
  void UseTaxi() const;
  /// Six nodes on `data`, a file name or glob: rows x,y with the label y > 0.
  void UseSmall(const std::string& data = "data.csv") const;

  std::vector<std::string> RunCommand() const;
  Ending Run() const;

  /// What lies below the root is whole: nothing staged, no artifact that the store does not
  /// know as published, no push half done; and the store opens (where there is one).
  void ExpectNothingHalf() const;
  /// Processes of this folder's pipeline that still live.
  std::vector<std::string> LivingProcesses() const;
  /// The same, until they are gone or five seconds have passed.
  std::vector<std::string> LivingProcessesAfterWaiting() const;
  /// The process id of the task of this component; 0: none runs.
  pid_t FindTask(const std::string& component) const;

  /// Execution id -> "run id/node/attempt" of those with this number as MLMD's state.
  std::map<int64_t, std::string> ExecutionsInState(int state) const;
  /// The runs' ids and states, the latest first.
  std::vector<std::pair<std::string, std::string>> Runs() const;

  static constexpr int kRunning = 2, kComplete = 3;  // ml_metadata.Execution.State.

 private:
  std::string path_;
  std::string root_;
};

/// Rows x,y of both classes, enough for every split; deterministic.
std::string GoodRows(int num_rows = 600);

}  // namespace penstock::faults
