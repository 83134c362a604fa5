#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/pipeline/executor_input.h"
#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::pipeline {

/// What placeholders of container commands are answered from. References stay valid by the caller.
struct PlaceholderScope {
  const ExecutorInput& input;
  std::string pipeline_job_name;
  std::string pipeline_job_uuid;
  std::string pipeline_job_resource_name;
  std::string pipeline_root;
  std::string task_name;  ///< Empty: the executor input's node.
  std::string task_uuid;
  std::string create_time_utc;    ///< RFC 3339.
  std::string schedule_time_utc;  ///< RFC 3339.
  std::string workspace_path;     ///< A folder of the run that all its tasks share.
};

/// Replaces the placeholders of KFP's IR in `text`:
///   {{$}}                                    the whole ExecutorInput as JSON
///   {{$.inputs.parameters['x']}}             a value (text as it is, everything else as JSON)
///   {{$.inputs.artifacts['x'].uri|path|name|metadata['k']}}
///   {{$.outputs.artifacts['x'].uri|path|name|metadata['k']}}
///   {{$.outputs.parameters['x'].output_file}}, {{$.outputs.output_file}}
///   {{$.pipeline_job_name}}, _uuid, _resource_name, _create_time_utc, _schedule_time_utc,
///   {{$.pipeline_root}}, {{$.workspace_path}}, {{$.pipeline_task_name}}, {{$.pipeline_task_uuid}}
/// A value is not searched again. kInvalidArgument names an unknown placeholder, input or output, with the
/// nearest.
Result<std::string> ResolvePlaceholders(std::string_view text, const PlaceholderScope& scope);

/// A container's command or args, with KFP's structured placeholders: {"Concat": [...]} and
/// {"IfPresent": {"InputName": "x", "Then": ..., "Else": ...}}, which may yield any number of words.
Result<std::vector<std::string>> ResolveCommand(const std::vector<std::string>& words,
                                                const PlaceholderScope& scope);

/// True if a text of the task says {{$.workspace_path}}.
bool MentionsWorkspace(const TaskView& task);

/// Where a program inside a container finds `uri`: gs://b/x -> /gcs/b/x, s3://… -> /s3/…,
/// minio://… -> /minio/…, file:///x and plain paths -> the path.
std::string LocalPathOf(std::string_view uri);

}  // namespace penstock::pipeline
