#include "penstock/components/task_access.h"

#include <algorithm>

#include "penstock/base/near_miss.h"

namespace penstock::components {

using pipeline::Artifact;

Result<const Artifact*> Input(const pipeline::ExecutionTask& task, std::string_view name) {
  const Artifact* artifact = OptionalInput(task, name);
  if (artifact == nullptr) return Internal("{}: input '{}' has no artifact", task.node_id, name);
  return artifact;
}

const Artifact* OptionalInput(const pipeline::ExecutionTask& task, std::string_view name) {
  const auto entry = task.inputs.find(std::string(name));
  return entry == task.inputs.end() || entry->second.empty() ? nullptr : &entry->second.front();
}

Result<Artifact*> Output(pipeline::ExecutionReport& report, std::string_view name) {
  const auto entry = report.outputs.find(std::string(name));
  if (entry == report.outputs.end() || entry->second.empty())
    return Internal("The task has no output '{}'", name);
  return &entry->second.front();
}

pipeline::ExecutionReport StartReport(const pipeline::ExecutionTask& task) {
  pipeline::ExecutionReport report;
  report.outputs = task.outputs;
  return report;
}

Result<std::vector<std::string>> SplitNames(const Artifact& artifact) {
  const auto entry = artifact.properties.find("split_names");
  if (entry == artifact.properties.end() || !entry->is_string())
    return InvalidArgument("The {} at {} do not say their splits (property split_names)", artifact.type,
                           artifact.uri);
  const auto names =
      nlohmann::json::parse(entry->get_ref<const std::string&>(), nullptr, /*allow_exceptions=*/false);
  if (!names.is_array() ||
      !std::all_of(names.begin(), names.end(), [](const auto& name) { return name.is_string(); }))
    return InvalidArgument("The property split_names of {} is no JSON list of names: {}", artifact.uri,
                           entry->get_ref<const std::string&>());
  return names.get<std::vector<std::string>>();
}

void SetSplitNames(const std::vector<std::string>& names, Artifact& artifact) {
  artifact.properties["split_names"] = nlohmann::json(names).dump();
}

Result<std::vector<std::string>> WithoutSplits(const std::vector<std::string>& names,
                                               const std::vector<std::string>& excluded) {
  for (const auto& name : excluded)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return InvalidArgument("exclude_splits names '{}', which is not a split (there are: {}){}", name,
                             fmt::join(names, ", "), DidYouMean(name, names));
  std::vector<std::string> kept;
  for (const auto& name : names)
    if (std::find(excluded.begin(), excluded.end(), name) == excluded.end()) kept.push_back(name);
  return kept;
}

Status CheckHasSplit(const Artifact& artifact, const std::string& split) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto names, SplitNames(artifact));
  if (std::find(names.begin(), names.end(), split) != names.end()) return OkStatus();
  return InvalidArgument("There is no split '{}' among the {} (there are: {}){}", split, artifact.type,
                         fmt::join(names, ", "), DidYouMean(split, names));
}

}  // namespace penstock::components
