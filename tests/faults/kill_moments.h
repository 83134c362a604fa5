#pragma once

#include <functional>
#include <string>

#include "faults/pipeline_folder.h"

namespace penstock::faults {

/// When to strike: answers true once the moment has come.
struct Moment {
  std::string name;
  std::function<bool(const PipelineFolder& folder, const Program& program)> has_come;
};

/// So many lines were said on standard error.
Moment AfterLines(size_t num_lines);
/// Something has this name; `glob` is below the pipeline's folder.
Moment WhenThereIs(const std::string& glob);

/// False: the program ended before.
bool WaitFor(const Moment& moment, const PipelineFolder& folder, Program& program);

/// Nothing is half done, nothing lives on, and one version is pushed.
void ExpectWholeRun(const PipelineFolder& folder);

/// Runs the taxi pipeline, kills the whole at `moment`, runs the same command again, and
/// expects one finished run in which no published work was repeated.
void KillAndRunAgain(const Moment& moment);

}  // namespace penstock::faults
