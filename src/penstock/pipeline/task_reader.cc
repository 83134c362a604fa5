#include <google/protobuf/util/json_util.h>

#include "penstock/base/near_miss.h"
#include "penstock/pipeline/resolver_query.h"
#include "penstock/pipeline/task_reader_internal.h"

namespace penstock::pipeline {
namespace {

using ml_pipelines::PipelineDeploymentConfig;
using ml_pipelines::PipelineTaskSpec;
using ml_pipelines::TaskInputsSpec;
using nlohmann::json;

/// What kfp's compiler calls the task parameters it adds for references inside texts.
constexpr std::string_view kHelperPrefix = "pipelinechannel--";

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() * 1e-9;
}

/// Everything a message needs is at hand.
class TaskReader {
 public:
  TaskReader(const TaskSurroundings& surroundings, const std::string& id, const PipelineTaskSpec& task)
      : ir_(surroundings.ir),
        deployment_(surroundings.deployment),
        enclosing_(surroundings.enclosing),
        task_(task) {
    view_.id = id;
  }

  Result<TaskView> Read() {
    view_.display_name = task_.task_info().name().empty() ? view_.id : task_.task_info().name();
    view_.component_name = task_.component_ref().name();
    const auto& components = ir_.pipeline.components();
    const auto component = components.find(view_.component_name);
    if (component == components.end()) {
      return InvalidArgument("Task '{}' uses the component '{}', which is not in the pipeline{}", view_.id,
                             view_.component_name, DidYouMean(view_.component_name, KeysOf(components)));
    }
    PENSTOCK_RETURN_IF_ERROR(ReadIterator());
    PENSTOCK_RETURN_IF_ERROR(ReadExecutor(component->second));
    PENSTOCK_RETURN_IF_ERROR(ReadPorts(component->second));
    PENSTOCK_RETURN_IF_ERROR(ReadParameters(component->second));
    PENSTOCK_RETURN_IF_ERROR(ReadPolicies());
    for (const std::string& name : task_.dependent_tasks()) dependencies_.insert(name);
    view_.dependencies.assign(dependencies_.begin(), dependencies_.end());
    view_.is_exit_task = IsExitTask();
    return std::move(view_);
  }

 private:
  Status ReadIterator() {
    IteratorView iterator;
    if (task_.iterator_case() == PipelineTaskSpec::kParameterIterator) {
      const auto& spec = task_.parameter_iterator();
      iterator.item_input = spec.item_input();
      iterator.items_input = spec.items().input_parameter();
      if (spec.items().kind_case() == ml_pipelines::ParameterIteratorSpec_ItemsSpec::kRaw) {
        iterator.raw_items = json::parse(spec.items().raw(), nullptr, false);
        if (!iterator.raw_items.is_array())
          return InvalidArgument("Task '{}': the items of its loop are not a JSON list: {}", view_.id,
                                 spec.items().raw().substr(0, 80));
      }
    } else if (task_.iterator_case() == PipelineTaskSpec::kArtifactIterator) {
      iterator.is_over_artifacts = true;
      iterator.item_input = task_.artifact_iterator().item_input();
      iterator.items_input = task_.artifact_iterator().items().input_artifact();
    } else {
      return OkStatus();
    }
    if (iterator.raw_items.is_null() && iterator.items_input.empty())
      return InvalidArgument("Task '{}': its loop has no items", view_.id);
    iterator.parallelism_limit = std::max(0, static_cast<int>(task_.iterator_policy().parallelism_limit()));
    view_.iterator = std::move(iterator);
    return OkStatus();
  }

  bool IsLoopItem(const std::string& name, bool is_artifact) const {
    return view_.iterator.has_value() && view_.iterator->is_over_artifacts == is_artifact &&
           view_.iterator->item_input == name;
  }

  Status ReadExecutor(const ml_pipelines::ComponentSpec& component) {
    if (component.has_dag()) {
      view_.kind = TaskView::Kind::kDag;
      return OkStatus();
    }
    const auto executor = deployment_.executors().find(component.executor_label());
    if (executor == deployment_.executors().end()) {
      return InvalidArgument("Task '{}': the executor '{}' is not in the deploymentSpec{}", view_.id,
                             component.executor_label(),
                             DidYouMean(component.executor_label(), KeysOf(deployment_.executors())));
    }
    PENSTOCK_RETURN_IF_ERROR(ReadPlatform(component.executor_label()));
    if (executor->second.has_container()) {
      ReadContainer(executor->second.container());
      return OkStatus();
    }
    if (executor->second.has_resolver()) return ReadResolver(component, executor->second.resolver());
    if (executor->second.has_importer()) return ReadImporter(executor->second.importer());
    return Unimplemented(
        "Task '{}' is neither a container, an importer nor a resolver; nothing here runs that", view_.id);
  }

  void ReadContainer(const PipelineDeploymentConfig::PipelineContainerSpec& container) {
    view_.image = container.image();
    view_.command.assign(container.command().begin(), container.command().end());
    view_.args.assign(container.args().begin(), container.args().end());
    for (const auto& variable : container.env()) view_.environment[variable.name()] = variable.value();
    const auto& resources = container.resources();
    const auto text = [](const std::string& now, double old) {
      return !now.empty() ? now : old > 0 ? fmt::format("{}", old) : std::string();
    };
    // The numbers are in cores and in gigabytes; newer SDKs write texts with units.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    view_.resources.cpu_request = text(resources.resource_cpu_request(), resources.cpu_request());
    view_.resources.cpu_limit = text(resources.resource_cpu_limit(), resources.cpu_limit());
    view_.resources.memory_request =
        text(resources.resource_memory_request(), resources.memory_request() * 1e9);
    view_.resources.memory_limit = text(resources.resource_memory_limit(), resources.memory_limit() * 1e9);
#pragma GCC diagnostic pop
    const auto& command = view_.command;
    if (command.size() == 3 && command[0] == "penstock" && command[1] == "component") {
      view_.native_component = command[2];
    }
  }

  Status ReadResolver(const ml_pipelines::ComponentSpec&,
                      const PipelineDeploymentConfig::ResolverSpec& resolver) {
    view_.kind = TaskView::Kind::kResolver;
    for (const auto& [output, query] : resolver.output_artifact_queries()) {
      if (const std::optional<ResolverQuery> ours = ParseResolverQuery(query.filter()); ours.has_value()) {
        view_.native_component = ours->component;
        view_.resolver_policy = ours->policy;
        continue;
      }
      PENSTOCK_ASSIGN_OR_RETURN(view_.queries[output],
                                ReadArtifactQuery(query.filter(), query.limit(), view_.id));
    }
    if (view_.resolver_policy.empty() && view_.queries.empty())
      return InvalidArgument("Task '{}' is a resolver without a query", view_.id);
    return OkStatus();
  }

  Status ReadImporter(const PipelineDeploymentConfig::ImporterSpec& importer) {
    view_.kind = TaskView::Kind::kImporter;
    using Value = ml_pipelines::ValueOrRuntimeParameter;
    const auto& uri = importer.artifact_uri();
    if (uri.value_case() == Value::kRuntimeParameter) view_.importer.uri_parameter = uri.runtime_parameter();
    if (uri.value_case() == Value::kConstant) view_.importer.uri = uri.constant().string_value();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    if (uri.value_case() == Value::kConstantValue) view_.importer.uri = uri.constant_value().string_value();
#pragma GCC diagnostic pop
    if (view_.importer.uri.empty() && view_.importer.uri_parameter.empty())
      return InvalidArgument("Task '{}' imports an artifact without a URI", view_.id);
    view_.importer.artifact_type = TypeOfArtifact(importer.type_schema());
    view_.importer.is_reimported = importer.reimport();
    PENSTOCK_ASSIGN_OR_RETURN(view_.importer.metadata, ProtoToJson(importer.metadata()));
    return OkStatus();
  }

  Status ReadPlatform(const std::string& label) {
    const auto platform = ir_.platform.platforms().find("kubernetes");
    if (platform == ir_.platform.platforms().end()) return OkStatus();
    const auto& executors = platform->second.deployment_spec().executors();
    const auto config = executors.find(label);
    if (config == executors.end()) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(view_.platform, ProtoToJson(config->second));
    const auto field = config->second.fields().find("activeDeadlineSeconds");
    if (field == config->second.fields().end()) return OkStatus();
    // An int64 of proto JSON is text; hand-written files hold a number.
    const double seconds = field->second.kind_case() == google::protobuf::Value::kStringValue
                               ? std::strtod(field->second.string_value().c_str(), nullptr)
                               : field->second.number_value();
    if (seconds > 0) view_.timeout_seconds = seconds;
    return OkStatus();
  }

  Status ReadPorts(const ml_pipelines::ComponentSpec& component) {
    const auto& declared = component.input_definitions().artifacts();
    for (const auto& [name, input] : task_.inputs().artifacts()) {
      const auto port = declared.find(name);
      if (port == declared.end()) {
        return InvalidArgument("Task '{}': component '{}' has no input '{}'{}", view_.id,
                               view_.component_name, name, DidYouMean(name, KeysOf(declared)));
      }
      view_.input_types[name] = TypeOfArtifact(port->second.artifact_type());
      if (input.kind_case() == TaskInputsSpec::InputArtifactSpec::kComponentInputArtifact) {
        PENSTOCK_RETURN_IF_ERROR(ReadDagInput(name, input.component_input_artifact()));
        continue;
      }
      if (input.kind_case() != TaskInputsSpec::InputArtifactSpec::kTaskOutputArtifact)
        return InvalidArgument("Task '{}': the input '{}' has no source", view_.id, name);
      const auto& source = input.task_output_artifact();
      view_.inputs[name] = OutputReference{source.producer_task(), source.output_artifact_key()};
      dependencies_.insert(source.producer_task());
    }
    for (const auto& [name, port] : declared) {
      const bool has_source = view_.inputs.contains(name) || view_.dag_inputs.contains(name) ||
                              IsLoopItem(name, /*is_artifact=*/true);
      if (port.is_optional() || has_source) continue;
      return InvalidArgument("Task '{}': the required input '{}' has no source", view_.id, name);
    }
    for (const auto& [name, port] : component.output_definitions().artifacts()) {
      view_.outputs[name] = TypeOfArtifact(port.artifact_type());
      if (port.is_artifact_list()) view_.list_outputs.insert(name);
    }
    for (const auto& [name, port] : component.output_definitions().parameters()) {
      PENSTOCK_ASSIGN_OR_RETURN(view_.output_parameters[name], TypeOf(port, name));
    }
    return OkStatus();
  }

  Status ReadDagInput(const std::string& name, const std::string& source) {
    const auto& known = enclosing_.input_definitions().artifacts();
    if (!known.contains(source)) {
      return InvalidArgument(
          "Task '{}': the input '{}' refers to the pipeline's input '{}', which does not exist{}", view_.id,
          name, source, DidYouMean(source, KeysOf(known)));
    }
    view_.dag_inputs[name] = source;
    return OkStatus();
  }

  template <class ParameterSpec>
  Result<ParameterType> TypeOf(const ParameterSpec& spec, const std::string& name) const {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    return TypeOfParameter(spec.parameter_type(), spec.type(), view_.id, name);
#pragma GCC diagnostic pop
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
      PENSTOCK_ASSIGN_OR_RETURN(input.type, TypeOf(port, name));
      input.is_optional = port.is_optional();
      PENSTOCK_RETURN_IF_ERROR(ReadDefault(name, port, input));
      const auto given = task_.inputs().parameters().find(name);
      if (IsLoopItem(name, /*is_artifact=*/false)) {
        input.source = ParameterInput::Source::kLoopItem;
      } else if (given != task_.inputs().parameters().end()) {
        PENSTOCK_RETURN_IF_ERROR(ReadSource(name, given->second, input));
      } else if (input.default_value.is_null() && !input.is_optional) {
        return InvalidArgument("Task '{}': the required parameter '{}' has no value", view_.id, name);
      }
      view_.parameters[name] = std::move(input);
    }
    return OkStatus();
  }

  Status ReadDefault(const std::string& name, const ml_pipelines::ComponentInputsSpec::ParameterSpec& port,
                     ParameterInput& input) {
    if (!port.has_default_value()) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(json value, ProtoToJson(port.default_value()));
    if (value.is_null()) return OkStatus();
    const std::string what = fmt::format("The default of parameter '{}' of task '{}'", name, view_.id);
    PENSTOCK_ASSIGN_OR_RETURN(input.default_value, view_.native_component.empty()
                                                       ? HandParameter(value, input.type, what)
                                                       : ConvertParameter(value, input.type, what));
    return OkStatus();
  }

  Status ReadSource(const std::string& name, const TaskInputsSpec::InputParameterSpec& spec,
                    ParameterInput& input) {
    if (!spec.parameter_expression_selector().empty()) {
      auto selector = Condition::Parse(spec.parameter_expression_selector());
      if (!selector.ok())
        return Annotate(selector.status(), fmt::format("Task '{}', parameter '{}'", view_.id, name));
      input.selector = *std::move(selector);
    }
    switch (spec.kind_case()) {
      case TaskInputsSpec::InputParameterSpec::kTaskOutputParameter:
        input.source = ParameterInput::Source::kTaskOutput;
        input.task_output = OutputReference{ProducerOf(spec.task_output_parameter().producer_task()),
                                            spec.task_output_parameter().output_parameter_key()};
        dependencies_.insert(input.task_output.node);
        return OkStatus();
      case TaskInputsSpec::InputParameterSpec::kComponentInputParameter:
        return ReadRuntimeSource(name, spec.component_input_parameter(), input);
      case TaskInputsSpec::InputParameterSpec::kRuntimeValue:
        return ReadConstant(name, spec.runtime_value(), input);
      case TaskInputsSpec::InputParameterSpec::kTaskFinalStatus:
        input.source = ParameterInput::Source::kFinalStatus;
        input.task_output = OutputReference{spec.task_final_status().producer_task(), ""};
        dependencies_.insert(input.task_output.node);
        return OkStatus();
      default:
        return InvalidArgument("Task '{}': the parameter '{}' has no source", view_.id, name);
    }
  }

  /// The task of an exit handler, as kfp and TFX compile it: it is told how the others ended, or it follows
  /// the group that it was given to. An ignored upstream failure has the same trigger but neither.
  bool IsExitTask() const {
    if (!view_.runs_after_failures) return false;
    const auto& siblings = enclosing_.dag().tasks();
    const bool is_told = std::any_of(view_.parameters.begin(), view_.parameters.end(), [](const auto& entry) {
      return entry.second.source == ParameterInput::Source::kFinalStatus;
    });
    return is_told || std::any_of(dependencies_.begin(), dependencies_.end(), [&](const std::string& name) {
             const auto task = siblings.find(name);
             return task != siblings.end() &&
                    task->second.component_ref().name().starts_with("comp-exit-handler");
           });
  }

  /// TFX's compiler calls the producer of a dynamic execution property "X_task", though the task is "X".
  std::string ProducerOf(const std::string& name) const {
    constexpr std::string_view kSuffix = "_task";
    const auto& tasks = enclosing_.dag().tasks();
    if (tasks.contains(name) || !name.ends_with(kSuffix)) return name;
    const std::string bare = name.substr(0, name.size() - kSuffix.size());
    return tasks.contains(bare) ? bare : name;
  }

  Status ReadRuntimeSource(const std::string& name, const std::string& source, ParameterInput& input) {
    const auto& known = enclosing_.input_definitions().parameters();
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
      PENSTOCK_ASSIGN_OR_RETURN(input.constant, ProtoToJson(value.constant()));
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
    view_.cache_key = task_.caching_options().cache_key();
    view_.runs_after_failures =
        task_.trigger_policy().strategy() == PipelineTaskSpec::TriggerPolicy::ALL_UPSTREAM_TASKS_COMPLETED;
    if (const std::string& text = task_.trigger_policy().condition(); !text.empty()) {
      auto condition = Condition::Parse(text);
      if (!condition.ok()) return Annotate(condition.status(), fmt::format("Task '{}'", view_.id));
      view_.condition = *std::move(condition);
    }
    if (!task_.has_retry_policy()) return OkStatus();
    const auto& policy = task_.retry_policy();
    if (policy.max_retry_count() < 0) {
      return InvalidArgument("Task '{}': maxRetryCount is negative: {}", view_.id, policy.max_retry_count());
    }
    view_.has_retry = true;
    view_.retry.num_retries = policy.max_retry_count();
    view_.retry.backoff_seconds = std::max(0.0, Seconds(policy.backoff_duration()));
    if (policy.backoff_factor() > 0) view_.retry.backoff_factor = policy.backoff_factor();
    if (policy.has_backoff_max_duration())
      view_.retry.max_backoff_seconds = Seconds(policy.backoff_max_duration());
    return OkStatus();
  }

  const PipelineIr& ir_;
  const PipelineDeploymentConfig& deployment_;
  const ml_pipelines::ComponentSpec& enclosing_;
  const PipelineTaskSpec& task_;
  TaskView view_;
  std::set<std::string> dependencies_;
};

}  // namespace

Result<TaskView> ReadTask(const TaskSurroundings& surroundings, const std::string& id,
                          const PipelineTaskSpec& task) {
  return TaskReader(surroundings, id, task).Read();
}

Result<json> ProtoToJson(const google::protobuf::Message& message) {
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text);
  json value = status.ok() ? json::parse(text, nullptr, false) : json(json::value_t::discarded);
  if (value.is_discarded()) return InvalidArgument("A value of the pipeline is not valid JSON");
  return value;
}

Result<ParameterType> TypeOfParameter(int parameter_type, int old_type, const std::string& task,
                                      const std::string& name) {
  using Type = ml_pipelines::ParameterType;
  switch (parameter_type) {
    case Type::NUMBER_DOUBLE:
      return ParameterType::kDouble;
    case Type::NUMBER_INTEGER:
      return ParameterType::kInteger;
    case Type::STRING:
      return ParameterType::kString;
    case Type::BOOLEAN:
      return ParameterType::kBoolean;
    case Type::LIST:
      return ParameterType::kList;
    case Type::STRUCT:
    case Type::TASK_FINAL_STATUS:
    case Type::TASK_CONFIG:
      return ParameterType::kStruct;
    case Type::PARAMETER_TYPE_ENUM_UNSPECIFIED:
      break;
    default:
      return Unimplemented("Task '{}': the type of parameter '{}' is not known: {}", task, name,
                           parameter_type);
  }
  // Files of old SDKs say it in the field that this one replaced.
  if (old_type == ml_pipelines::PrimitiveType_PrimitiveTypeEnum_INT) return ParameterType::kInteger;
  return old_type == ml_pipelines::PrimitiveType_PrimitiveTypeEnum_DOUBLE ? ParameterType::kDouble
                                                                          : ParameterType::kString;
}

std::string TypeOfArtifact(const ml_pipelines::ArtifactTypeSchema& schema) {
  if (schema.kind_case() == ml_pipelines::ArtifactTypeSchema::kInstanceSchema) {
    // YAML of a schema; all that matters is "title: tfx.Examples" at its beginning.
    constexpr std::string_view kTitle = "title: ";
    const std::string_view text = schema.instance_schema();
    if (const size_t at = text.find(kTitle); at != text.npos && (at == 0 || text[at - 1] == '\n')) {
      const std::string_view title = text.substr(at + kTitle.size());
      return ArtifactTypeOf(title.substr(0, title.find_first_of("\r\n")));
    }
    return "system.Artifact";
  }
  return schema.schema_title().empty() ? "system.Artifact" : ArtifactTypeOf(schema.schema_title());
}

}  // namespace penstock::pipeline
