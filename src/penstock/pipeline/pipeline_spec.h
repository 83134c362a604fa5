#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/component_recorder.h"
#include "penstock/pipeline/condition.h"
#include "penstock/pipeline/pipeline_ir.h"

namespace penstock::pipeline {

/// A pipeline as the scheduler and launcher read it: plain values, checked, with the defaults
/// of the component definitions filled in. Made by ViewPipeline from IR of any origin.

/// Where a task's parameter comes from. "The enclosing DAG" is the pipeline itself for tasks of the root.
struct ParameterInput {
  enum class Source {
    kConstant,
    kRuntimeParameter,  ///< An input parameter of the enclosing DAG.
    kTaskOutput,
    kFinalStatus,  ///< How a task of the same DAG ended: KFP's PipelineTaskFinalStatus.
    kLoopItem      ///< What the task's own iterator hands to this iteration.
  };
  Source source = Source::kConstant;
  ParameterType type = ParameterType::kString;
  nlohmann::json constant;        ///< May hold {{$.inputs.parameters['…']}}: see ResolveParameters.
  std::string runtime_parameter;  ///< A key of PipelineView::parameters, or of the enclosing DAG's inputs.
  OutputReference task_output;    ///< kFinalStatus: the task; its output is empty.
  /// parseJson(string_value)["a"] and the like, applied to the source's value.
  std::optional<Condition> selector;
  nlohmann::json default_value;  ///< Of the component, where the source has no value; null: none.
  bool is_optional = false;      ///< May end up without a value.
  bool is_helper = false;  ///< Not declared by the component: only feeds placeholders; `type` says nothing.
};

/// A ParallelFor: the task runs once per item.
struct IteratorView {
  bool is_over_artifacts = false;
  std::string item_input;     ///< The input of the component that gets the item.
  nlohmann::json raw_items;   ///< A list, or null where `items_input` says whence they come.
  std::string items_input;    ///< A parameter (or artifact) input of the task.
  int parallelism_limit = 0;  ///< Iterations at a time; 0: any number.
};

/// An importer: makes an artifact of something that lies somewhere.
struct ImporterView {
  std::string uri;            ///< May hold placeholders; empty: `uri_parameter` has it.
  std::string uri_parameter;  ///< An input parameter.
  std::string artifact_type;
  nlohmann::json metadata = nlohmann::json::object();  ///< Values may hold placeholders.
  bool is_reimported = false;  ///< False: an artifact of the store with that type, URI and metadata is taken.
};

/// One output of a resolver: which artifacts of the store it takes.
struct ArtifactQueryView {
  std::string artifact_type;
  std::vector<std::pair<std::string, nlohmann::json>> properties;
  /// Not empty: the artifact that a property of an artifact of this input names (TFX's second step to the
  /// latest blessed model: the input is a blessing, the property says which model).
  std::string name_input, name_property;
  int limit = 1;
};

/// Resources a container asks for, as written: numbers with units, or placeholders.
struct ResourceView {
  std::string cpu_request, cpu_limit, memory_request, memory_limit;
};

struct RetryView {
  int num_retries = 0;
  double backoff_seconds = 0;
  double backoff_factor = 2;
  double max_backoff_seconds = 3600;
};

struct TaskView {
  enum class Kind { kContainer, kImporter, kResolver, kDag };
  Kind kind = Kind::kContainer;
  std::string id;
  std::string display_name;
  std::string component_name;    ///< Key in the IR's components.
  std::string native_component;  ///< "StatisticsGen" where a Penstock component does the work; else empty.
  std::string image;
  std::vector<std::string> command;  ///< With placeholders.
  std::vector<std::string> args;
  std::map<std::string, std::string> environment;
  ResourceView resources;
  nlohmann::json platform = nlohmann::json::object();  ///< KFP's KubernetesExecutorConfig.
  std::map<std::string, OutputReference>
      inputs;  ///< Artifacts of other tasks; an open optional input has no entry.
  std::map<std::string, std::string>
      dag_inputs;  ///< Artifacts that are inputs of the enclosing DAG, by its name.
  std::map<std::string, std::string>
      input_types;  ///< Artifact type of each entry of `inputs` and `dag_inputs`.
  std::map<std::string, ParameterInput> parameters;
  std::map<std::string, std::string> outputs;  ///< Key -> artifact type.
  std::set<std::string> list_outputs;          ///< Outputs that may be any number of artifacts.
  std::map<std::string, ParameterType> output_parameters;
  std::vector<std::string> dependencies;  ///< Sorted; producers of inputs among them.
  std::optional<Condition> condition;     ///< Runs only where it is true.
  bool runs_after_failures = false;       ///< Starts when all dependencies have ended, however they did.
  /// Of an exit handler: runs_after_failures, and it cleans up, so a cancellation of the run lets it be.
  bool is_exit_task = false;
  std::optional<IteratorView> iterator;
  bool has_retry = false;  ///< Otherwise `retry` is the nearest enclosing DAG's.
  RetryView retry;
  double timeout_seconds = 0;  ///< 0: none.
  bool is_cache_enabled = true;
  std::string cache_key;        ///< The author's own, instead of the computed one; empty: none.
  std::string resolver_policy;  ///< Not empty: answered from the metadata store (ComponentDescription).
  std::map<std::string, ArtifactQueryView> queries;  ///< Of a resolver of another system, by output.
  ImporterView importer;
};

/// The tasks of one DAG and what they make for outside.
struct DagView {
  /// In topological order; among ready tasks the alphabetically first comes first.
  std::vector<TaskView> tasks;
  /// The DAG's outputs. Several references: the first that has a value (OneOf).
  std::map<std::string, std::vector<OutputReference>> output_parameters;
  /// Several references: all their artifacts as one list (of a OneOf only one has any).
  std::map<std::string, std::vector<OutputReference>> output_artifacts;

  /// Null where there is none.
  const TaskView* FindTask(std::string_view id) const;
};

struct RuntimeParameterView {
  ParameterType type = ParameterType::kString;
  nlohmann::json default_value;  ///< Null: none.
  bool is_optional = false;      ///< May be left without a value.
  std::string help;
};

struct PipelineView : DagView {
  std::string name;
  std::string description;
  std::string default_pipeline_root;
  std::map<std::string, RuntimeParameterView> parameters;
  /// The nested DAGs by their component; none contains itself.
  std::map<std::string, DagView> dags;
};

/// Checks `ir` and lays it out. kInvalidArgument: a reference to something that is not there,
/// artifact types that differ, a cycle (spelled out), a DAG that contains itself, a condition that does
/// not parse. At most 64 DAGs deep and 100,000 tasks.
Result<PipelineView> ViewPipeline(const PipelineIr& ir);
Result<PipelineView> ViewPipeline(const ml_pipelines::PipelineSpec& spec);

using ParameterValues = std::map<std::string, nlohmann::json>;

/// The values of a run's parameters: `given` (text as of --param k=v, read by each parameter's
/// type; or JSON) over the defaults. kInvalidArgument: an unknown name (with the nearest), a
/// value of another type, or a missing one.
Result<ParameterValues> BindParameterTexts(const PipelineView& pipeline,
                                           const std::map<std::string, std::string>& given);
Result<ParameterValues> BindParameters(const PipelineView& pipeline, const ParameterValues& given);

/// A task's parameters, ready for its executor: sources followed, placeholders inside constants
/// replaced (a text that is one placeholder takes the value with its type). For native components
/// integers are made integers and helper parameters are left out; others get values as KFP's backend
/// hands them: anything but text is JSON text for a STRING, 3.0 is 3, helpers stay.
/// `source_value` answers for parameters that come from elsewhere (null: there is none); the pointer
/// need only live until the next call.
using SourceValue =
    std::function<Result<const nlohmann::json*>(const std::string& name, const ParameterInput& input)>;
Result<ParameterValues> ResolveParameters(const TaskView& task, const SourceValue& source_value);

/// As above, of a task of the root, with `run_parameters` known and task outputs unknown.
Result<ParameterValues> ResolveKnownParameters(const TaskView& task, const ParameterValues& run_parameters);

/// `value` through the selector of `input`, if it has one.
Result<nlohmann::json> SelectPart(const ParameterInput& input, const nlohmann::json& value);

/// `value` as KFP's backend hands it to a parameter of `type`. kInvalidArgument: the types do not go
/// together.
Result<nlohmann::json> HandParameter(const nlohmann::json& value, ParameterType type, std::string_view what);
/// What stands in an output parameter's file, read as KFP reads it.
Result<nlohmann::json> ReadOutputParameter(const std::string& text, ParameterType type,
                                           std::string_view what);

/// "integer", "list", ...: for messages.
std::string_view ParameterTypeName(ParameterType type);
/// `value` as a value of `type`: an integral double becomes an integer, an integer a double.
/// kInvalidArgument says what was expected and what came; `what` names the parameter.
Result<nlohmann::json> ConvertParameter(const nlohmann::json& value, ParameterType type,
                                        std::string_view what);

/// "tfx.Examples" of "Examples"; a type with a dot ("system.Dataset") stays as it is; and back.
std::string SchemaTitleOf(std::string_view artifact_type);
std::string ArtifactTypeOf(std::string_view schema_title);

}  // namespace penstock::pipeline
