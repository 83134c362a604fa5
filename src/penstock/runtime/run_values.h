#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/cache_key.h"
#include "penstock/runtime/run_machine.h"

namespace penstock::runtime {

/// What a task that succeeded made.
struct TaskOutputs {
  metadata::ArtifactsByName artifacts;
  nlohmann::json parameters = nlohmann::json::object();
};

/// The values that flow through a run: answers for any task instance what its inputs are, through
/// nested DAGs, loops and collected outputs. Values stay where they were made and are looked up by
/// reference: an iteration that takes one item of a list of ten thousand costs one item.
///
/// A reader of the machine and the store; not for concurrent use. Outputs are remembered, or read from
/// the store after a restart.
class RunValues {
 public:
  /// Nothing is owned; all must outlive it.
  RunValues(const pipeline::PipelineView& pipeline, const RunMachine& machine, const std::string& run_id,
            const pipeline::ParameterValues& parameters, const metadata::MetadataStore& store)
      : pipeline_(pipeline), machine_(machine), run_id_(run_id), parameters_(parameters), store_(store) {}

  void PutOutputs(TaskIndex task, std::shared_ptr<const TaskOutputs> outputs);
  /// After a Retry: collected lists may grow.
  void ForgetDerived() { made_.clear(); }

  /// Of a leaf, or of a DAG for its condition: everything it declares.
  Result<ResolvedInputs> Resolve(TaskIndex task);
  /// True where there is none. kInvalidArgument: it cannot be evaluated.
  Result<bool> EvaluateCondition(TaskIndex task);
  /// Items of a loop's iterator. kInvalidArgument: they are no list.
  Result<int32_t> CountIterations(TaskIndex loop);
  /// What a DAG (0: the pipeline itself) gives out; what has no value is left out.
  Result<TaskOutputs> OutputsOfDag(TaskIndex dag);

 private:
  using Value = Result<const nlohmann::json*>;  // Null: there is none.
  using Artifacts = Result<std::vector<pipeline::Artifact>>;

  TaskIndex EnclosingDag(TaskIndex task) const;
  Value InputParameter(TaskIndex dag, const std::string& name);
  Value ParameterOf(TaskIndex task, const std::string& name, const pipeline::ParameterInput& input);
  Value SourceOf(TaskIndex task, const std::string& name, const pipeline::ParameterInput& input);
  Value OutputParameter(TaskIndex task, const std::string& key);
  Value CollectParameters(TaskIndex loop, const std::string& key);
  Result<const nlohmann::json*> Items(TaskIndex loop);
  Artifacts InputArtifacts(TaskIndex task, const std::string& name);
  Artifacts OutputArtifacts(TaskIndex task, const std::string& key);
  Result<const TaskOutputs*> OutputsOf(TaskIndex task);
  nlohmann::json FinalStatusOf(TaskIndex task) const;
  const nlohmann::json* Keep(TaskIndex task, const std::string& what, nlohmann::json value);
  const nlohmann::json* FindKept(TaskIndex task, const std::string& what) const;

  // Constant after construction.
  const pipeline::PipelineView& pipeline_;
  const RunMachine& machine_;
  const std::string& run_id_;
  const pipeline::ParameterValues& parameters_;
  const metadata::MetadataStore& store_;

  std::map<TaskIndex, std::shared_ptr<const TaskOutputs>> outputs_;
  std::map<std::pair<TaskIndex, std::string>, nlohmann::json> made_;  ///< Values that stand nowhere else.
};

}  // namespace penstock::runtime
