#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/metadata/execution_record.h"
#include "penstock/runtime/task_launcher.h"

namespace penstock::runtime {

/// A job with what it is done with.
struct TaskLauncher::Attempt {
  const RunContext& run;
  TaskJob job;
  TaskEvents& events;
  const OnProgress& on_progress;
  const pipeline::ComponentDescription* component = nullptr;
  metadata::ArtifactsByName local_inputs;  ///< The job's, as its program finds them.
  metadata::ExecutionPlan plan;
  std::string note;
  KeyParts parts;
  int64_t execution_id = 0;
};

/// KFP's components may write an output to a path of their own and say so ("custom_path" in their
/// report): it is copied to where the artifact belongs.
Status CopyCustomPaths(const std::string& report, const metadata::ArtifactsByName& outputs);

}  // namespace penstock::runtime
