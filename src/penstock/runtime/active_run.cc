#include "penstock/runtime/active_run.h"

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/storage_uri.h"
#include "penstock/pipeline/placeholders.h"

namespace penstock::runtime {

Result<std::set<std::string>> TasksFrom(const pipeline::PipelineView& pipeline, const std::string& from) {
  std::set<std::string> tasks;
  if (from.empty()) return tasks;
  if (pipeline.FindTask(from) == nullptr) {
    std::vector<std::string> names;
    for (const auto& task : pipeline.tasks) names.push_back(task.id);
    return InvalidArgument("The pipeline has no node '{}'{}", from, DidYouMean(from, names));
  }
  tasks.insert(from);
  for (const auto& task : pipeline.tasks)
    for (const auto& dependency : task.dependencies)
      if (tasks.contains(dependency)) tasks.insert(task.id);
  return tasks;
}

Result<RunContext> MakeContext(const StoredRun& run, const std::string& root) {
  std::string asked = run.settings.pipeline_root;
  while (asked.ends_with('/')) asked.pop_back();
  std::string artifact_root;  // Of a scheme that only containers know, such as minio://: what they are told.
  if (fs::IsObjectStorage(asked)) {
    artifact_root = asked;
  } else if (asked.starts_with('/') || asked.starts_with("file://")) {
    artifact_root = pipeline::LocalPathOf(asked);
  }
  RunContext context{
      .run_id = run.record.run_id,
      .pipeline_name = run.record.pipeline_name,
      .settings = run.settings,
      .pipeline_root = asked.empty() ? root : asked,
      .base_directory = run.settings.base_directory.empty() ? root : run.settings.base_directory,
      .created = run.record.created,
      .layout = RunLayout(root, std::move(artifact_root))};
  PENSTOCK_ASSIGN_OR_RETURN(context.always_run, TasksFrom(*run.view, run.settings.from_node));
  return context;
}

}  // namespace penstock::runtime
