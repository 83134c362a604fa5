#include "penstock/pipeline/pipeline_spec.h"

#include <algorithm>
#include <set>

#include <google/protobuf/util/json_util.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/pipeline/task_graph.h"
#include "penstock/pipeline/task_reader_internal.h"

namespace penstock::pipeline {
namespace {

using ml_pipelines::PipelineDeploymentConfig;
using nlohmann::json;

Result<PipelineDeploymentConfig> ReadDeployment(const ml_pipelines::PipelineSpec& spec) {
  PENSTOCK_ASSIGN_OR_RETURN(json value, ProtoToJson(spec.deployment_spec()));
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  PipelineDeploymentConfig config;
  const auto status = google::protobuf::util::JsonStringToMessage(value.dump(), &config, options);
  if (!status.ok())
    return InvalidArgument("The pipeline's deploymentSpec is broken: {}", status.message().ToString());
  return config;
}

/// That everything tasks say of each other is so.
Status CheckReferences(const TaskView& task, const std::map<std::string, TaskView>& tasks) {
  const auto find = [&](const std::string& id) -> Result<const TaskView*> {
    if (auto found = tasks.find(id); found != tasks.end()) return &found->second;
    return InvalidArgument("Task '{}' depends on the task '{}', which is not in the pipeline{}", task.id, id,
                           DidYouMean(id, KeysOf(tasks)));
  };
  for (const std::string& id : task.dependencies) PENSTOCK_RETURN_IF_ERROR(find(id).status());
  for (const auto& [name, source] : task.inputs) {
    PENSTOCK_ASSIGN_OR_RETURN(const TaskView* producer, find(source.node));
    const auto output = producer->outputs.find(source.output);
    if (output == producer->outputs.end()) {
      return InvalidArgument(
          "Task '{}' takes its input '{}' from '{}.{}', but that task has no such output{}", task.id, name,
          source.node, source.output, DidYouMean(source.output, KeysOf(producer->outputs)));
    }
    const std::string& wanted = task.input_types.at(name);
    const bool are_ours =
        wanted.find('.') == std::string::npos && output->second.find('.') == std::string::npos;
    if (are_ours && wanted != output->second) {
      return InvalidArgument("Task '{}': the input '{}' takes {}, but '{}.{}' is {}", task.id, name, wanted,
                             source.node, source.output, output->second);
    }
  }
  for (const auto& [name, parameter] : task.parameters) {
    if (parameter.source == ParameterInput::Source::kFinalStatus)
      PENSTOCK_RETURN_IF_ERROR(find(parameter.task_output.node).status());
    if (parameter.source != ParameterInput::Source::kTaskOutput) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const TaskView* producer, find(parameter.task_output.node));
    if (producer->output_parameters.contains(parameter.task_output.output)) continue;
    return InvalidArgument(
        "Task '{}' takes its parameter '{}' from '{}.{}', but that task has no such output parameter{}",
        task.id, name, parameter.task_output.node, parameter.task_output.output,
        DidYouMean(parameter.task_output.output, KeysOf(producer->output_parameters)));
  }
  return OkStatus();
}

Result<std::vector<TaskView>> InOrder(std::map<std::string, TaskView> tasks) {
  const std::vector<std::string> names = KeysOf(tasks);
  std::map<std::string, size_t> numbers;
  for (size_t i = 0; i < names.size(); ++i) numbers[names[i]] = i;
  Adjacency successors(names.size());
  for (const auto& [id, task] : tasks) {
    for (const std::string& dependency : task.dependencies)
      successors[numbers[dependency]].push_back(numbers[id]);
  }
  const std::vector<size_t> order = TopologicalOrder(successors);
  if (order.size() < names.size()) {
    return InvalidArgument("The tasks wait for each other in a circle: {}",
                           SpellCycle(FindCycle(successors), names));
  }
  std::vector<TaskView> sorted;
  for (size_t number : order) sorted.push_back(std::move(tasks.at(names[number])));
  return sorted;
}

Status ReadRuntimeParameters(const ml_pipelines::PipelineSpec& spec, PipelineView& view) {
  for (const auto& [name, parameter] : spec.root().input_definitions().parameters()) {
    RuntimeParameterView& runtime = view.parameters[name];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    PENSTOCK_ASSIGN_OR_RETURN(runtime.type,
                              TypeOfParameter(parameter.parameter_type(), parameter.type(), "root", name));
#pragma GCC diagnostic pop
    runtime.is_optional = parameter.is_optional();
    runtime.help = parameter.description();
    if (!parameter.has_default_value()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(json value, ProtoToJson(parameter.default_value()));
    if (value.is_null()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(
        runtime.default_value,
        ConvertParameter(value, runtime.type, fmt::format("The default of pipeline parameter '{}'", name)));
  }
  return OkStatus();
}

constexpr int kMaxDagDepth = 64;
constexpr size_t kMaxTasks = 100'000;

/// Lays out a DAG and, before it, those its tasks are.
class DagReader {
 public:
  DagReader(const PipelineIr& ir, const PipelineDeploymentConfig& deployment,
            std::map<std::string, DagView>& dags)
      : ir_(ir), deployment_(deployment), dags_(dags) {}

  Result<DagView> Read(const std::string& name, const ml_pipelines::ComponentSpec& component) {
    if (open_.size() >= kMaxDagDepth)
      return InvalidArgument("The pipeline '{}' is nested deeper than {} levels", name, kMaxDagDepth);
    open_.push_back(name);
    std::map<std::string, TaskView> tasks;
    for (const std::string& id : KeysOf(component.dag().tasks())) {
      PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(id, "task name"));
      if (++num_tasks_ > kMaxTasks) return InvalidArgument("The pipeline has more than {} tasks", kMaxTasks);
      PENSTOCK_ASSIGN_OR_RETURN(tasks[id],
                                ReadTask({ir_, deployment_, component}, id, component.dag().tasks().at(id)));
      if (tasks[id].kind == TaskView::Kind::kDag) PENSTOCK_RETURN_IF_ERROR(ReadNested(tasks[id]));
    }
    DagView dag;
    for (const auto& [id, task] : tasks) PENSTOCK_RETURN_IF_ERROR(CheckReferences(task, tasks));
    PENSTOCK_RETURN_IF_ERROR(ReadOutputs(name, component, tasks, dag));
    PENSTOCK_ASSIGN_OR_RETURN(dag.tasks, InOrder(std::move(tasks)));
    open_.pop_back();
    return dag;
  }

 private:
  Status ReadNested(const TaskView& task) {
    const std::string& name = task.component_name;
    if (dags_.contains(name)) return OkStatus();
    if (std::find(open_.begin(), open_.end(), name) != open_.end())
      return InvalidArgument("Task '{}': the pipeline '{}' contains itself", task.id, name);
    PENSTOCK_ASSIGN_OR_RETURN(DagView dag, Read(name, ir_.pipeline.components().at(name)));
    dags_[name] = std::move(dag);
    return OkStatus();
  }

  template <class Key>
  static Status AddOutput(const std::string& dag, const std::string& output, const std::string& task,
                          const std::string& key, const std::map<std::string, TaskView>& tasks,
                          const Key& has_output, std::vector<OutputReference>& references) {
    const auto producer = tasks.find(task);
    if (producer == tasks.end())
      return InvalidArgument("The output '{}' of the pipeline '{}' is of the task '{}', which is not in it{}",
                             output, dag, task, DidYouMean(task, KeysOf(tasks)));
    if (!has_output(producer->second))
      return InvalidArgument(
          "The output '{}' of the pipeline '{}' is '{}.{}', but that task has no such output", output, dag,
          task, key);
    references.push_back({task, key});
    return OkStatus();
  }

  static Status ReadOutputs(const std::string& name, const ml_pipelines::ComponentSpec& component,
                            const std::map<std::string, TaskView>& tasks, DagView& dag) {
    const auto add_parameter = [&](const std::string& output, const auto& selector) {
      const auto& key = selector.output_parameter_key();
      return AddOutput(
          name, output, selector.producer_subtask(), key, tasks,
          [&](const TaskView& task) { return task.output_parameters.contains(key); },
          dag.output_parameters[output]);
    };
    for (const auto& [output, spec] : component.dag().outputs().parameters()) {
      if (spec.has_value_from_parameter())
        PENSTOCK_RETURN_IF_ERROR(add_parameter(output, spec.value_from_parameter()));
      for (const auto& selector : spec.value_from_oneof().parameter_selectors())
        PENSTOCK_RETURN_IF_ERROR(add_parameter(output, selector));
    }
    for (const auto& [output, spec] : component.dag().outputs().artifacts()) {
      for (const auto& selector : spec.artifact_selectors()) {
        const auto& key = selector.output_artifact_key();
        PENSTOCK_RETURN_IF_ERROR(AddOutput(
            name, output, selector.producer_subtask(), key, tasks,
            [&](const TaskView& task) { return task.outputs.contains(key); }, dag.output_artifacts[output]));
      }
    }
    return OkStatus();
  }

  const PipelineIr& ir_;
  const PipelineDeploymentConfig& deployment_;
  std::map<std::string, DagView>& dags_;
  std::vector<std::string> open_;
  size_t num_tasks_ = 0;
};

}  // namespace

const TaskView* DagView::FindTask(std::string_view id) const {
  const auto found =
      std::find_if(tasks.begin(), tasks.end(), [&](const TaskView& task) { return task.id == id; });
  return found == tasks.end() ? nullptr : &*found;
}

Result<PipelineView> ViewPipeline(const PipelineIr& ir) {
  const ml_pipelines::PipelineSpec& spec = ir.pipeline;
  if (!spec.root().has_dag()) return InvalidArgument("The pipeline has no tasks: its root holds no dag");
  PipelineView view;
  view.name = spec.pipeline_info().name();
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(view.name, "pipeline name"));
  view.description = spec.pipeline_info().description();
  view.default_pipeline_root = spec.default_pipeline_root();
  PENSTOCK_RETURN_IF_ERROR(ReadRuntimeParameters(spec, view));
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineDeploymentConfig deployment, ReadDeployment(spec));
  DagReader reader(ir, deployment, view.dags);
  PENSTOCK_ASSIGN_OR_RETURN(static_cast<DagView&>(view), reader.Read("root", spec.root()));
  return view;
}

Result<PipelineView> ViewPipeline(const ml_pipelines::PipelineSpec& spec) {
  PipelineIr ir;
  ir.pipeline = spec;
  return ViewPipeline(ir);
}

std::string SchemaTitleOf(std::string_view artifact_type) {
  if (artifact_type.find('.') != std::string_view::npos) return std::string(artifact_type);
  return "tfx." + std::string(artifact_type);
}

std::string ArtifactTypeOf(std::string_view schema_title) {
  return std::string(schema_title.starts_with("tfx.") ? schema_title.substr(4) : schema_title);
}

}  // namespace penstock::pipeline
