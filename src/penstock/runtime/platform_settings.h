#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/process_slots.h"
#include "penstock/runtime/task_backend.h"

namespace penstock::runtime {

/// Who a task is, for fieldPathAsEnv.
struct PlatformIdentity {
  std::string run_id, pipeline_name, task_name;
};

/// What of KFP's KubernetesExecutorConfig a process on this machine can have: environment from secrets
/// (<root>/secrets/<name>/<key>), from config maps (<root>/config_maps/<name>/<key>) and from fields of the
/// pod; PVCs, empty directories, secrets and config maps as folders (<root>/volumes/<name> and the like),
/// which the variable PENSTOCK_MOUNTS tells by mount path, as a JSON object. A secret that is not there
/// leaves its variables unset. Everything else (tolerations, affinities, pull secrets) is about a cluster and
/// is ignored.
Status ApplyPlatform(const nlohmann::json& config, const pipeline::ParameterValues& parameters,
                     const std::string& root, const PlatformIdentity& identity, TaskCommand& command);

/// Where a task wants to run (the pod annotation penstock.dev/backend: "local" or "container") and when its
/// image is fetched (imagePullPolicy, in the words of TaskCommand::pull_policy).
struct TaskPlacement {
  std::string place, pull_policy;
};
TaskPlacement PlacementOf(const nlohmann::json& config);

/// What the container asks for, placeholders of its parameters replaced. Requests count; where there is none,
/// the limit. kInvalidArgument: not a quantity.
Result<ResourceDemand> DemandOf(const pipeline::ResourceView& resources,
                                const pipeline::ParameterValues& parameters);
/// The same of the limits alone: what the task's processes are held to. 0: no limit.
Result<ResourceDemand> LimitOf(const pipeline::ResourceView& resources,
                               const pipeline::ParameterValues& parameters);

}  // namespace penstock::runtime
