#pragma once

#include <map>
#include <string>

#include "penstock/base/status.h"
#include "scenarios/program.h"
#include "scenarios/scenario.h"

namespace penstock::scenarios {

/// Performs the steps of a scenario in a folder of its own. Paths are taken from there.
class ScenarioRunner {
 public:
  /// `names`: what {name} stands for.
  ScenarioRunner(std::string folder, std::map<std::string, std::string> names);

  /// OK: the step was done, or what it says holds. Otherwise why not.
  Status Perform(const Step& step);

  /// `text` with every {name} replaced that is known and does not follow a '$'.
  std::string Substitute(const std::string& text) const;

 private:
  Status ChangeFiles(const Step& step);
  Status CheckEnding(const Step& step) const;
  Status CheckJson(const Step& step);
  Status CheckFiles(const Step& step) const;
  std::string Path(const std::string& path) const;
  /// The one thing that the glob names.
  Result<std::string> OnlyMatch(const std::string& glob) const;

  const std::string folder_;
  std::map<std::string, std::string> names_;
  Ending last_;  // Of the last run.
};

}  // namespace penstock::scenarios
