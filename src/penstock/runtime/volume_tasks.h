#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/metadata/execution_record.h"
#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::runtime {

/// kfp-kubernetes' CreatePVC and DeletePVC: containers in name only, which KFP's driver answers itself.
bool IsVolumeTask(const pipeline::TaskView& task);

/// Makes or removes the folder that stands for the claim, <root>/volumes/<name>. One that is there already is
/// taken as it is (an interrupted run goes on so); kNotFound where the one to delete is not there, unless
/// `is_resumed`: an attempt before this one was killed, and may have deleted it. `run_id` goes before a name
/// that is only a suffix.
Result<metadata::ExecutionOutcome> RunVolumeTask(const pipeline::TaskView& task,
                                                 const pipeline::ParameterValues& parameters,
                                                 const std::string& root, const std::string& run_id,
                                                 bool is_resumed);

}  // namespace penstock::runtime
