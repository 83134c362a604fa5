#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/component_recorder.h"
#include "penstock/pipeline/pipeline_ir.h"

namespace penstock::pipeline {

/// A pipeline as the scheduler and launcher read it: plain values, checked, with the defaults
/// of the component definitions filled in. Made by ViewPipeline from IR of any origin.

/// Where a task's parameter comes from.
struct ParameterInput {
  enum class Source { kConstant, kRuntimeParameter, kTaskOutput };
  Source source = Source::kConstant;
  ParameterType type = ParameterType::kString;
  nlohmann::json constant;        ///< May hold {{$.inputs.parameters['…']}}: see ResolveParameters.
  std::string runtime_parameter;  ///< A key of PipelineView::parameters.
  OutputReference task_output;
  nlohmann::json default_value;  ///< Of the component, where the source has no value; null: none.
  bool is_optional = false;      ///< May end up without a value.
  bool is_helper = false;  ///< Not declared by the component: only feeds placeholders; `type` says nothing.
};

struct RetryView {
  int num_retries = 0;
  double backoff_seconds = 0;
  double backoff_factor = 2;
  double max_backoff_seconds = 3600;
};

struct TaskView {
  std::string id;
  std::string component_name;    ///< Key in the IR's components.
  std::string native_component;  ///< "StatisticsGen" where a Penstock component does the work; else empty.
  std::string image;
  std::vector<std::string> command;  ///< With placeholders.
  std::vector<std::string> args;
  std::map<std::string, std::string> environment;
  std::map<std::string, OutputReference> inputs;   ///< Artifacts; an open optional input has no entry.
  std::map<std::string, std::string> input_types;  ///< Artifact type of each entry of `inputs`.
  std::map<std::string, ParameterInput> parameters;
  std::map<std::string, std::string> outputs;  ///< Key -> artifact type.
  std::map<std::string, ParameterType> output_parameters;
  std::vector<std::string> dependencies;  ///< Sorted; producers of inputs among them.
  RetryView retry;
  double timeout_seconds = 0;  ///< 0: none.
  bool is_cache_enabled = true;
  std::string resolver_policy;  ///< Not empty: answered from the metadata store (ComponentDescription).
};

struct RuntimeParameterView {
  ParameterType type = ParameterType::kString;
  nlohmann::json default_value;  ///< Null: none.
  bool is_optional = false;      ///< May be left without a value.
  std::string help;
};

struct PipelineView {
  std::string name;
  std::string description;
  std::string default_pipeline_root;
  std::map<std::string, RuntimeParameterView> parameters;
  /// In topological order; among ready tasks the alphabetically first comes first.
  std::vector<TaskView> tasks;

  /// Null where there is none.
  const TaskView* FindTask(std::string_view id) const;
};

/// Checks `ir` and lays it out. kInvalidArgument: a reference to something that is not there,
/// artifact types that differ, a cycle (spelled out). kUnimplemented names the task that uses what
/// the scheduler does not run yet: nested DAGs, iterators, conditions, exit tasks, importers.
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
/// replaced (a text that is one placeholder takes the value with its type), integers made
/// integers, helper parameters of native components left out.
/// `task_output` answers for output parameters of finished tasks (null: there is none).
Result<ParameterValues> ResolveParameters(
    const TaskView& task, const ParameterValues& run_parameters,
    const std::function<const nlohmann::json*(const OutputReference&)>& task_output);

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
