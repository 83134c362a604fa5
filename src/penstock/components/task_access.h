#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/pipeline/executor.h"

namespace penstock::components {

/// What every executor asks of its task. The launcher fills in defaults and checks types, so
/// a missing entry is a broken task (kInternal), not bad input.

/// The one artifact of a required input.
Result<const pipeline::Artifact*> Input(const pipeline::ExecutionTask& task, std::string_view name);
/// The one artifact of an optional input; null where it is open or resolved to nothing.
const pipeline::Artifact* OptionalInput(const pipeline::ExecutionTask& task, std::string_view name);
/// The pending artifact of an output, to be written below and given properties.
Result<pipeline::Artifact*> Output(pipeline::ExecutionReport& report, std::string_view name);
/// A report that starts as the task's pending outputs.
pipeline::ExecutionReport StartReport(const pipeline::ExecutionTask& task);

/// A parameter as a C++ value; kInvalidArgument names it when it cannot be one.
template <class T>
Result<T> Parameter(const pipeline::ExecutionTask& task, const std::string& name) {
  const auto entry = task.parameters.find(name);
  if (entry == task.parameters.end())
    return InvalidArgument("{}: parameter '{}' is missing", task.node_id, name);
  try {
    return entry->second.get<T>();
  } catch (const nlohmann::json::exception& error) {
    return InvalidArgument("{}: parameter '{}' is {}: {}", task.node_id, name, entry->second.dump(),
                           error.what());
  }
}
/// The same, or `fallback` where it is not given.
template <class T>
Result<T> ParameterOr(const pipeline::ExecutionTask& task, const std::string& name, T fallback) {
  const auto entry = task.parameters.find(name);
  if (entry == task.parameters.end() || entry->second.is_null()) return fallback;
  return Parameter<T>(task, name);
}

/// The splits an Examples or ExampleStatistics artifact holds, by its property `split_names`
/// (a JSON list, as TFX writes it), in that order.
Result<std::vector<std::string>> SplitNames(const pipeline::Artifact& artifact);
void SetSplitNames(const std::vector<std::string>& names, pipeline::Artifact& artifact);
/// Those of `names` that `excluded` does not list; kInvalidArgument for an excluded one that is not there.
Result<std::vector<std::string>> WithoutSplits(const std::vector<std::string>& names,
                                               const std::vector<std::string>& excluded);
/// kInvalidArgument, with the names there are, unless the artifact has the split.
Status CheckHasSplit(const pipeline::Artifact& artifact, const std::string& split);

}  // namespace penstock::components
