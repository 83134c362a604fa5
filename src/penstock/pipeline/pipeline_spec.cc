#include "penstock/pipeline/pipeline_spec.h"

#include <algorithm>
#include <set>

#include <google/protobuf/util/json_util.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/pipeline/resolver_query.h"
#include "penstock/pipeline/task_graph.h"

namespace penstock::pipeline {
namespace {

using ml_pipelines::PipelineDeploymentConfig;
using ml_pipelines::PipelineTaskSpec;
using ml_pipelines::TaskInputsSpec;
using nlohmann::json;

/// What kfp's compiler calls the task parameters it adds for references inside texts.
constexpr std::string_view kHelperPrefix = "pipelinechannel--";

template <class Map>
std::vector<std::string> KeysOf(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

Result<json> ToJson(const google::protobuf::Message& message) {
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text);
  json value = status.ok() ? json::parse(text, nullptr, false) : json(json::value_t::discarded);
  if (value.is_discarded()) return InvalidArgument("A value of the pipeline is not valid JSON");
  return value;
}

Result<PipelineDeploymentConfig> ReadDeployment(const ml_pipelines::PipelineSpec& spec) {
  PENSTOCK_ASSIGN_OR_RETURN(json value, ToJson(spec.deployment_spec()));
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  PipelineDeploymentConfig config;
  const auto status = google::protobuf::util::JsonStringToMessage(value.dump(), &config, options);
  if (!status.ok())
    return InvalidArgument("The pipeline's deploymentSpec is broken: {}", status.message().ToString());
  return config;
}

template <class ParameterSpec>
Result<ParameterType> TypeOf(const ParameterSpec& spec, const std::string& task, const std::string& name) {
  switch (spec.parameter_type()) {
    case ml_pipelines::ParameterType::NUMBER_DOUBLE:
      return ParameterType::kDouble;
    case ml_pipelines::ParameterType::NUMBER_INTEGER:
      return ParameterType::kInteger;
    case ml_pipelines::ParameterType::STRING:
      return ParameterType::kString;
    case ml_pipelines::ParameterType::BOOLEAN:
      return ParameterType::kBoolean;
    case ml_pipelines::ParameterType::LIST:
      return ParameterType::kList;
    case ml_pipelines::ParameterType::STRUCT:
      return ParameterType::kStruct;
    case ml_pipelines::ParameterType::PARAMETER_TYPE_ENUM_UNSPECIFIED:
      break;
    default:
      return Unimplemented("Task '{}': the type of parameter '{}' is not supported yet: {}", task, name,
                           ml_pipelines::ParameterType::ParameterTypeEnum_Name(spec.parameter_type()));
  }
    // Files of old SDKs say it in the field that this one replaced.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const auto old = spec.type();
#pragma GCC diagnostic pop
  if (old == ml_pipelines::PrimitiveType_PrimitiveTypeEnum_INT) return ParameterType::kInteger;
  return old == ml_pipelines::PrimitiveType_PrimitiveTypeEnum_DOUBLE ? ParameterType::kDouble
                                                                     : ParameterType::kString;
}

std::string TypeOfArtifact(const ml_pipelines::ArtifactTypeSchema& schema) {
  if (schema.kind_case() == ml_pipelines::ArtifactTypeSchema::kInstanceSchema) return "system.Artifact";
  return schema.schema_title().empty() ? "system.Artifact" : ArtifactTypeOf(schema.schema_title());
}

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() * 1e-9;
}

/// Lays out one task; everything a message needs is at hand.
class TaskReader {
 public:
  TaskReader(const PipelineIr& ir, const PipelineDeploymentConfig& deployment, const std::string& id,
             const PipelineTaskSpec& task)
      : ir_(ir), deployment_(deployment), task_(task) {
    view_.id = id;
  }

  Result<TaskView> Read() {
    PENSTOCK_RETURN_IF_ERROR(RefuseWhatIsNotRun());
    view_.component_name = task_.component_ref().name();
    const auto& components = ir_.pipeline.components();
    const auto component = components.find(view_.component_name);
    if (component == components.end()) {
      return InvalidArgument("Task '{}' uses the component '{}', which is not in the pipeline{}", view_.id,
                             view_.component_name, DidYouMean(view_.component_name, KeysOf(components)));
    }
    PENSTOCK_RETURN_IF_ERROR(ReadExecutor(component->second));
    PENSTOCK_RETURN_IF_ERROR(ReadPorts(component->second));
    PENSTOCK_RETURN_IF_ERROR(ReadParameters(component->second));
    PENSTOCK_RETURN_IF_ERROR(ReadPolicies());
    for (const std::string& name : task_.dependent_tasks()) dependencies_.insert(name);
    view_.dependencies.assign(dependencies_.begin(), dependencies_.end());
    return std::move(view_);
  }

 private:
  Status RefuseWhatIsNotRun() const {
    const auto refuse = [&](std::string_view what) {
      return Unimplemented("Task '{}' uses {}, which the scheduler does not run yet", view_.id, what);
    };
    if (task_.iterator_case() != PipelineTaskSpec::ITERATOR_NOT_SET) return refuse("an iterator (a loop)");
    if (!task_.trigger_policy().condition().empty()) return refuse("a condition");
    if (task_.trigger_policy().strategy() == PipelineTaskSpec::TriggerPolicy::ALL_UPSTREAM_TASKS_COMPLETED) {
      return refuse("a trigger after failed tasks (an exit handler)");
    }
    return OkStatus();
  }

  Status ReadExecutor(const ml_pipelines::ComponentSpec& component) {
    if (component.has_dag()) {
      return Unimplemented("Task '{}' is a nested pipeline, which the scheduler does not run yet", view_.id);
    }
    const auto executor = deployment_.executors().find(component.executor_label());
    if (executor == deployment_.executors().end()) {
      return InvalidArgument("Task '{}': the executor '{}' is not in the deploymentSpec{}", view_.id,
                             component.executor_label(),
                             DidYouMean(component.executor_label(), KeysOf(deployment_.executors())));
    }
    ReadTimeout(component.executor_label());
    if (executor->second.has_container()) {
      ReadContainer(executor->second.container());
      return OkStatus();
    }
    if (executor->second.has_resolver()) return ReadResolver(executor->second.resolver());
    return Unimplemented(
        "Task '{}' is {}, which the scheduler does not run yet", view_.id,
        executor->second.has_importer() ? "an importer" : "neither a container nor a resolver");
  }

  void ReadContainer(const PipelineDeploymentConfig::PipelineContainerSpec& container) {
    view_.image = container.image();
    view_.command.assign(container.command().begin(), container.command().end());
    view_.args.assign(container.args().begin(), container.args().end());
    for (const auto& variable : container.env()) view_.environment[variable.name()] = variable.value();
    const auto& command = view_.command;
    if (command.size() == 3 && command[0] == "penstock" && command[1] == "component") {
      view_.native_component = command[2];
    }
  }

  Status ReadResolver(const PipelineDeploymentConfig::ResolverSpec& resolver) {
    for (const auto& [output, query] : resolver.output_artifact_queries()) {
      const std::optional<ResolverQuery> ours = ParseResolverQuery(query.filter());
      if (!ours.has_value()) {
        return Unimplemented(
            "Task '{}' is a resolver with a query of another system, which is not supported yet: {}",
            view_.id, query.filter());
      }
      view_.native_component = ours->component;
      view_.resolver_policy = ours->policy;
    }
    if (view_.resolver_policy.empty())
      return InvalidArgument("Task '{}' is a resolver without a query", view_.id);
    return OkStatus();
  }

  void ReadTimeout(const std::string& label) {
    const auto platform = ir_.platform.platforms().find("kubernetes");
    if (platform == ir_.platform.platforms().end()) return;
    const auto& executors = platform->second.deployment_spec().executors();
    const auto config = executors.find(label);
    if (config == executors.end()) return;
    const auto field = config->second.fields().find("activeDeadlineSeconds");
    if (field == config->second.fields().end()) return;
    // An int64 of proto JSON is text; hand-written files hold a number.
    const double seconds = field->second.kind_case() == google::protobuf::Value::kStringValue
                               ? std::strtod(field->second.string_value().c_str(), nullptr)
                               : field->second.number_value();
    if (seconds > 0) view_.timeout_seconds = seconds;
  }

  Status ReadPorts(const ml_pipelines::ComponentSpec& component) {
    const auto& declared = component.input_definitions().artifacts();
    for (const auto& [name, input] : task_.inputs().artifacts()) {
      const auto port = declared.find(name);
      if (port == declared.end()) {
        return InvalidArgument("Task '{}': component '{}' has no input '{}'{}", view_.id,
                               view_.component_name, name, DidYouMean(name, KeysOf(declared)));
      }
      if (input.kind_case() != TaskInputsSpec::InputArtifactSpec::kTaskOutputArtifact) {
        return Unimplemented(
            "Task '{}' takes its input '{}' from outside the pipeline, which is not supported yet", view_.id,
            name);
      }
      const auto& source = input.task_output_artifact();
      view_.inputs[name] = OutputReference{source.producer_task(), source.output_artifact_key()};
      view_.input_types[name] = TypeOfArtifact(port->second.artifact_type());
      dependencies_.insert(source.producer_task());
    }
    for (const auto& [name, port] : declared) {
      if (port.is_optional() || view_.inputs.contains(name)) continue;
      return InvalidArgument("Task '{}': the required input '{}' has no source", view_.id, name);
    }
    for (const auto& [name, port] : component.output_definitions().artifacts()) {
      view_.outputs[name] = TypeOfArtifact(port.artifact_type());
    }
    for (const auto& [name, port] : component.output_definitions().parameters()) {
      PENSTOCK_ASSIGN_OR_RETURN(view_.output_parameters[name], TypeOf(port, view_.id, name));
    }
    return OkStatus();
  }

  Status ReadParameters(const ml_pipelines::ComponentSpec& component) {
    const auto& declared = component.input_definitions().parameters();
    for (const auto& [name, source] : task_.inputs().parameters()) {
      if (declared.contains(name)) continue;
      // kfp's compiler leaves more than the helpers undeclared (resource limits, for one); ours nothing else.
      if (!name.starts_with(kHelperPrefix) && !view_.native_component.empty()) {
        return InvalidArgument("Task '{}': component '{}' has no parameter '{}'{}", view_.id,
                               view_.component_name, name, DidYouMean(name, KeysOf(declared)));
      }
      ParameterInput helper = {.is_helper = true};
      PENSTOCK_RETURN_IF_ERROR(ReadSource(name, source, helper));
      view_.parameters[name] = std::move(helper);
    }
    for (const auto& [name, port] : declared) {
      ParameterInput input;
      PENSTOCK_ASSIGN_OR_RETURN(input.type, TypeOf(port, view_.id, name));
      input.is_optional = port.is_optional();
      const std::string what = fmt::format("The default of parameter '{}' of task '{}'", name, view_.id);
      if (port.has_default_value()) {
        PENSTOCK_ASSIGN_OR_RETURN(json value, ToJson(port.default_value()));
        if (!value.is_null()) {
          PENSTOCK_ASSIGN_OR_RETURN(input.default_value, ConvertParameter(value, input.type, what));
        }
      }
      const auto given = task_.inputs().parameters().find(name);
      if (given != task_.inputs().parameters().end()) {
        PENSTOCK_RETURN_IF_ERROR(ReadSource(name, given->second, input));
      } else if (input.default_value.is_null() && !input.is_optional) {
        return InvalidArgument("Task '{}': the required parameter '{}' has no value", view_.id, name);
      }
      view_.parameters[name] = std::move(input);
    }
    return OkStatus();
  }

  Status ReadSource(const std::string& name, const TaskInputsSpec::InputParameterSpec& spec,
                    ParameterInput& input) {
    if (!spec.parameter_expression_selector().empty()) {
      return Unimplemented("Task '{}': parameter '{}' selects a part of a value, which is not supported yet",
                           view_.id, name);
    }
    switch (spec.kind_case()) {
      case TaskInputsSpec::InputParameterSpec::kTaskOutputParameter:
        input.source = ParameterInput::Source::kTaskOutput;
        input.task_output = OutputReference{spec.task_output_parameter().producer_task(),
                                            spec.task_output_parameter().output_parameter_key()};
        dependencies_.insert(input.task_output.node);
        return OkStatus();
      case TaskInputsSpec::InputParameterSpec::kComponentInputParameter:
        return ReadRuntimeSource(name, spec.component_input_parameter(), input);
      case TaskInputsSpec::InputParameterSpec::kRuntimeValue:
        return ReadConstant(name, spec.runtime_value(), input);
      default:
        return Unimplemented("Task '{}': the source of parameter '{}' is not supported yet", view_.id, name);
    }
  }

  Status ReadRuntimeSource(const std::string& name, const std::string& source, ParameterInput& input) {
    const auto& known = ir_.pipeline.root().input_definitions().parameters();
    if (!known.contains(source)) {
      return InvalidArgument(
          "Task '{}': parameter '{}' refers to the pipeline parameter '{}', which does not exist{}", view_.id,
          name, source, DidYouMean(source, KeysOf(known)));
    }
    input.source = ParameterInput::Source::kRuntimeParameter;
    input.runtime_parameter = source;
    return OkStatus();
  }

  Status ReadConstant(const std::string& name, const ml_pipelines::ValueOrRuntimeParameter& value,
                      ParameterInput& input) {
    using Case = ml_pipelines::ValueOrRuntimeParameter;
    if (value.value_case() == Case::kRuntimeParameter) {
      return ReadRuntimeSource(name, value.runtime_parameter(), input);
    }
    if (value.value_case() == Case::kConstant) {
      PENSTOCK_ASSIGN_OR_RETURN(input.constant, ToJson(value.constant()));
      return OkStatus();
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    const ml_pipelines::Value& old = value.constant_value();
#pragma GCC diagnostic pop
    if (old.value_case() == ml_pipelines::Value::kIntValue) input.constant = old.int_value();
    if (old.value_case() == ml_pipelines::Value::kDoubleValue) input.constant = old.double_value();
    if (old.value_case() == ml_pipelines::Value::kStringValue) input.constant = old.string_value();
    return OkStatus();
  }

  Status ReadPolicies() {
    view_.is_cache_enabled = task_.caching_options().enable_cache();
    if (!task_.has_retry_policy()) return OkStatus();
    const auto& policy = task_.retry_policy();
    if (policy.max_retry_count() < 0) {
      return InvalidArgument("Task '{}': maxRetryCount is negative: {}", view_.id, policy.max_retry_count());
    }
    view_.retry.num_retries = policy.max_retry_count();
    view_.retry.backoff_seconds = std::max(0.0, Seconds(policy.backoff_duration()));
    if (policy.backoff_factor() > 0) view_.retry.backoff_factor = policy.backoff_factor();
    if (policy.has_backoff_max_duration())
      view_.retry.max_backoff_seconds = Seconds(policy.backoff_max_duration());
    return OkStatus();
  }

  const PipelineIr& ir_;
  const PipelineDeploymentConfig& deployment_;
  const PipelineTaskSpec& task_;
  TaskView view_;
  std::set<std::string> dependencies_;
};

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
    PENSTOCK_ASSIGN_OR_RETURN(runtime.type, TypeOf(parameter, "root", name));
    runtime.is_optional = parameter.is_optional();
    runtime.help = parameter.description();
    if (!parameter.has_default_value()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(json value, ToJson(parameter.default_value()));
    if (value.is_null()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(
        runtime.default_value,
        ConvertParameter(value, runtime.type, fmt::format("The default of pipeline parameter '{}'", name)));
  }
  return OkStatus();
}

}  // namespace

const TaskView* PipelineView::FindTask(std::string_view id) const {
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
  std::map<std::string, TaskView> tasks;
  for (const std::string& id : KeysOf(spec.root().dag().tasks())) {
    PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(id, "task name"));
    TaskReader reader(ir, deployment, id, spec.root().dag().tasks().at(id));
    PENSTOCK_ASSIGN_OR_RETURN(tasks[id], reader.Read());
  }
  for (const auto& [id, task] : tasks) PENSTOCK_RETURN_IF_ERROR(CheckReferences(task, tasks));
  PENSTOCK_ASSIGN_OR_RETURN(view.tasks, InOrder(std::move(tasks)));
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
