#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::scenarios {

/// One line of a scenario, taken apart but not yet substituted.
struct Step {
  int line = 0;          ///< In the file, from 1.
  std::string verb;      ///< "stdout contains"
  std::string argument;  ///< What follows its ": ".
  std::string body;      ///< Of `write`: the lines.
};

/// README.md beside this has the format. kInvalidArgument names the line.
Result<std::vector<Step>> ParseScenario(std::string_view text);

/// "a -> b" or "a == b" around the first `separator`.
Result<std::pair<std::string, std::string>> SplitAround(const std::string& text, std::string_view separator);

/// The words of a command line; single quotes hold blanks together.
std::vector<std::string> SplitWords(std::string_view line);

}  // namespace penstock::scenarios
