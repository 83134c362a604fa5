#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::pipeline {

/// Where a task stands: the document, its executors, and the inputs of the DAG around it.
struct TaskSurroundings {
  const PipelineIr& ir;
  const ml_pipelines::PipelineDeploymentConfig& deployment;
  const ml_pipelines::ComponentSpec& enclosing;  ///< The root or the nested DAG's component.
};

/// Lays out one task of a DAG; references to other tasks are not checked yet.
Result<TaskView> ReadTask(const TaskSurroundings& surroundings, const std::string& id,
                          const ml_pipelines::PipelineTaskSpec& task);

/// Of an input or output parameter, by the new field or the one of old SDKs.
Result<ParameterType> TypeOfParameter(int parameter_type, int old_type, const std::string& task,
                                      const std::string& name);
/// "Examples" of {schemaTitle: tfx.Examples}, or of an instance schema with that title.
std::string TypeOfArtifact(const ml_pipelines::ArtifactTypeSchema& schema);
/// kInvalidArgument when it cannot be said in JSON (infinities).
Result<nlohmann::json> ProtoToJson(const google::protobuf::Message& message);

/// What a query of a resolver says: schema_title="tfx.Model" AND state=LIVE AND
/// metadata.blessed.number_value=1. kUnimplemented for anything else.
Result<ArtifactQueryView> ReadArtifactQuery(std::string_view filter, int limit, const std::string& task);

template <class Map>
std::vector<std::string> KeysOf(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace penstock::pipeline
