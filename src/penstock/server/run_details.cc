#include "penstock/server/json_message.h"
#include "penstock/server/run_routes.h"

namespace penstock::server {
namespace {

using nlohmann::json;
using runtime::TaskSnapshot;

std::string FormatTime(Timestamp time) { return FormatSeconds(time.micros / 1'000'000); }

json ErrorOf(const Status& status) {
  return {{"code", static_cast<int>(status.code())}, {"message", std::string(status.message())}};
}

json ArtifactIds(const metadata::ArtifactsByName& artifacts) {
  json lists = json::object();
  for (const auto& [name, list] : artifacts) {
    json ids = json::array();
    for (const auto& artifact : list) ids.push_back(std::to_string(artifact.id));
    lists[name] = {{"artifact_ids", ids}};
  }
  return lists;
}

/// What the API has no field for: for Penstock's own clients, ignored by others.
json Extras(const TaskSnapshot& task) {
  json extras = {{"kind", std::string(runtime::TaskKindName(task.kind))},
                 {"path", task.path},
                 {"num_attempts", task.num_attempts},
                 {"is_cached", task.is_cached},
                 {"seconds", task.seconds}};
  SetText(extras, "component", task.component);
  SetText(extras, "cache_note", task.cache_note);
  SetText(extras, "refusal", task.refusal);
  if (task.iteration_index >= 0) extras["iteration_index"] = task.iteration_index;
  if (!task.input_parameters.empty()) extras["input_parameters"] = task.input_parameters;
  if (!task.output_parameters.empty()) extras["output_parameters"] = task.output_parameters;
  for (const auto* artifacts : {&task.input_artifacts, &task.output_artifacts}) {
    const char* field = artifacts == &task.input_artifacts ? "input_artifacts" : "output_artifacts";
    for (const auto& [name, list] : *artifacts)
      for (const auto& artifact : list)
        extras[field][name].push_back({{"id", artifact.id}, {"type", artifact.type}, {"uri", artifact.uri}});
  }
  return extras;
}

json ToJson(const runtime::RunSnapshot& run, const TaskSnapshot& task) {
  json message = {{"run_id", run.run_id},
                  {"task_id", task.task_id},
                  {"display_name", task.path.empty() ? "root" : task.display_name},
                  {"create_time", FormatTime(task.created)},
                  {"start_time", FormatTime(task.started)},
                  {"end_time", FormatTime(task.ended)},
                  {"state", std::string(runtime::RuntimeStateName(task.state))},
                  {"penstock", Extras(task)}};
  if (task.execution_id != 0) message["execution_id"] = std::to_string(task.execution_id);
  if (task.parent_index >= 0 && task.parent_index < static_cast<int64_t>(run.tasks.size()))
    message["parent_task_id"] = run.tasks[static_cast<size_t>(task.parent_index)].task_id;
  for (const auto& change : task.state_history) {
    message["state_history"].push_back({{"update_time", FormatTime(change.time)},
                                        {"state", std::string(runtime::RuntimeStateName(change.state))}});
  }
  if (!task.error.ok()) message["error"] = ErrorOf(task.error);
  if (!task.input_artifacts.empty()) message["inputs"] = ArtifactIds(task.input_artifacts);
  if (!task.output_artifacts.empty()) message["outputs"] = ArtifactIds(task.output_artifacts);
  for (const int64_t child : task.child_indices) {
    if (child >= 0 && child < static_cast<int64_t>(run.tasks.size()))
      message["child_tasks"].push_back({{"task_id", run.tasks[static_cast<size_t>(child)].task_id}});
  }
  return message;
}

}  // namespace

json RunDetails(const runtime::RunSnapshot& snapshot) {
  json details = json::object();
  for (const TaskSnapshot& task : snapshot.tasks) details["task_details"].push_back(ToJson(snapshot, task));
  return details;
}

}  // namespace penstock::server
