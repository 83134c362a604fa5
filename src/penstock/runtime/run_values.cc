#include "penstock/runtime/run_values.h"

namespace penstock::runtime {

using nlohmann::json;
using pipeline::Artifact;
using pipeline::ParameterInput;
using pipeline::TaskView;

namespace {

/// KFP's name of a state, as an exit task reads it.
std::string FinalStateName(RuntimeState state) {
  return state == RuntimeState::kCanceled ? "CANCELLED" : std::string(RuntimeStateName(state));
}

bool HoldsPlaceholder(const json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().find("{{$.inputs.") != std::string::npos;
  return value.is_structured() && std::any_of(value.begin(), value.end(), HoldsPlaceholder);
}

}  // namespace

void RunValues::PutOutputs(TaskIndex task, std::shared_ptr<const TaskOutputs> outputs) {
  outputs_[task] = std::move(outputs);
}

const json* RunValues::FindKept(TaskIndex task, const std::string& what) const {
  const auto entry = made_.find({task, what});
  return entry == made_.end() ? nullptr : &entry->second;
}

const json* RunValues::Keep(TaskIndex task, const std::string& what, json value) {
  return &(made_[{task, what}] = std::move(value));
}

TaskIndex RunValues::EnclosingDag(TaskIndex task) const {
  const TaskState& state = machine_.task(task);
  return state.iteration >= 0 ? machine_.task(state.parent).parent : state.parent;
}

RunValues::Value RunValues::InputParameter(TaskIndex dag, const std::string& name) {
  const TaskState& state = machine_.task(dag);
  if (state.view == nullptr) {
    const auto entry = parameters_.find(name);
    return entry == parameters_.end() ? nullptr : &entry->second;
  }
  const auto entry = state.view->parameters.find(name);
  if (entry == state.view->parameters.end()) return nullptr;
  // What all iterations get alike is worked out once, for their loop.
  const bool is_item = entry->second.source == ParameterInput::Source::kLoopItem;
  return ParameterOf(state.iteration >= 0 && !is_item ? state.parent : dag, name, entry->second);
}

RunValues::Value RunValues::ParameterOf(TaskIndex task, const std::string& name,
                                        const ParameterInput& input) {
  if (const json* kept = FindKept(task, name)) return kept;
  PENSTOCK_ASSIGN_OR_RETURN(const json* value, SourceOf(task, name, input));
  if (value == nullptr || value->is_null())
    return input.default_value.is_null() ? nullptr : &input.default_value;
  if (!input.selector.has_value()) return value;
  PENSTOCK_ASSIGN_OR_RETURN(json part, pipeline::SelectPart(input, *value));
  return Keep(task, name, std::move(part));
}

RunValues::Value RunValues::SourceOf(TaskIndex task, const std::string& name, const ParameterInput& input) {
  switch (input.source) {
    case ParameterInput::Source::kConstant: {
      if (!HoldsPlaceholder(input.constant)) return &input.constant;
      // Rare, and of DAGs alone: a text of an outer task's inputs, handed on.
      PENSTOCK_ASSIGN_OR_RETURN(const ResolvedInputs inputs, Resolve(task));
      const auto value = inputs.parameters.find(name);
      return value == inputs.parameters.end() ? nullptr : Keep(task, name, value->second);
    }
    case ParameterInput::Source::kRuntimeParameter:
      return InputParameter(EnclosingDag(task), input.runtime_parameter);
    case ParameterInput::Source::kTaskOutput: {
      const TaskIndex producer = machine_.FindSibling(task, input.task_output.node);
      return producer < 0 ? nullptr : OutputParameter(producer, input.task_output.output);
    }
    case ParameterInput::Source::kFinalStatus: {
      const TaskIndex producer = machine_.FindSibling(task, input.task_output.node);
      return producer < 0 ? nullptr : Keep(task, name, FinalStatusOf(producer));
    }
    case ParameterInput::Source::kLoopItem: {
      const TaskState& state = machine_.task(task);
      if (state.iteration < 0) return nullptr;
      PENSTOCK_ASSIGN_OR_RETURN(const json* items, Items(state.parent));
      const auto position = static_cast<size_t>(state.iteration);
      return position < items->size() ? &(*items)[position] : nullptr;
    }
  }
  return nullptr;
}

Result<const json*> RunValues::Items(TaskIndex loop) {
  const TaskView& view = *machine_.task(loop).view;
  if (!view.iterator->raw_items.is_null()) return &view.iterator->raw_items;
  static const std::string kItems = "\nitems";  // No parameter has such a name.
  if (const json* kept = FindKept(loop, kItems)) return kept;
  const std::string& name = view.iterator->items_input;
  const auto entry = view.parameters.find(name);
  const json* value = nullptr;
  if (entry != view.parameters.end()) {
    PENSTOCK_ASSIGN_OR_RETURN(value, ParameterOf(loop, name, entry->second));
  }
  if (value != nullptr && value->is_array()) return value;
  if (value != nullptr && value->is_string()) {
    json list = json::parse(value->get_ref<const std::string&>(), nullptr, false);
    if (list.is_array()) return Keep(loop, kItems, std::move(list));
  }
  return InvalidArgument("The loop '{}' takes its items from '{}', which is no list: {}", view.id, name,
                         value == nullptr ? "it has no value" : value->dump().substr(0, 100));
}

Result<int32_t> RunValues::CountIterations(TaskIndex loop) {
  constexpr size_t kMaxIterations = 1'000'000;
  const TaskView& view = *machine_.task(loop).view;
  size_t num_items = 0;
  if (view.iterator->is_over_artifacts) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto artifacts, InputArtifacts(loop, view.iterator->items_input));
    num_items = artifacts.size();
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(const json* items, Items(loop));
    num_items = items->size();
  }
  if (num_items > kMaxIterations)
    return InvalidArgument("The loop '{}' has {} items; at most {} are run", view.id, num_items,
                           kMaxIterations);
  return static_cast<int32_t>(num_items);
}

RunValues::Value RunValues::OutputParameter(TaskIndex task, const std::string& key) {
  const TaskState& state = machine_.task(task);
  if (state.kind == TaskKind::kLoop) return CollectParameters(task, key);
  if (const pipeline::DagView* dag = machine_.DagOf(state)) {
    const auto references = dag->output_parameters.find(key);
    if (references == dag->output_parameters.end()) return nullptr;
    for (const auto& reference : references->second) {
      const TaskIndex child = machine_.FindChild(task, reference.node);
      if (child < 0) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const json* value, OutputParameter(child, reference.output));
      if (value != nullptr) return value;
    }
    return nullptr;
  }
  if (state.state != RuntimeState::kSucceeded) return nullptr;
  PENSTOCK_ASSIGN_OR_RETURN(const TaskOutputs* outputs, OutputsOf(task));
  const auto value = outputs->parameters.find(key);
  return value == outputs->parameters.end() || value->is_null() ? nullptr : &*value;
}

RunValues::Value RunValues::CollectParameters(TaskIndex loop, const std::string& key) {
  if (!IsFinal(machine_.task(loop).state)) return nullptr;
  const std::string name = "\noutput " + key;
  if (const json* kept = FindKept(loop, name)) return kept;
  json list = json::array();
  for (const TaskIndex iteration : machine_.task(loop).children) {
    PENSTOCK_ASSIGN_OR_RETURN(const json* value, OutputParameter(iteration, key));
    if (value != nullptr) list.push_back(*value);
  }
  return Keep(loop, name, std::move(list));
}

RunValues::Artifacts RunValues::OutputArtifacts(TaskIndex task, const std::string& key) {
  const TaskState& state = machine_.task(task);
  std::vector<Artifact> artifacts;
  if (state.kind == TaskKind::kLoop) {
    for (const TaskIndex iteration : state.children) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto more, OutputArtifacts(iteration, key));
      artifacts.insert(artifacts.end(), more.begin(), more.end());
    }
  } else if (const pipeline::DagView* dag = machine_.DagOf(state)) {
    const auto references = dag->output_artifacts.find(key);
    if (references == dag->output_artifacts.end()) return artifacts;
    for (const auto& reference : references->second) {
      const TaskIndex child = machine_.FindChild(task, reference.node);
      if (child < 0) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const auto more, OutputArtifacts(child, reference.output));
      artifacts.insert(artifacts.end(), more.begin(), more.end());
    }
  } else if (state.state == RuntimeState::kSucceeded) {
    PENSTOCK_ASSIGN_OR_RETURN(const TaskOutputs* outputs, OutputsOf(task));
    if (const auto found = outputs->artifacts.find(key); found != outputs->artifacts.end())
      return found->second;
  }
  return artifacts;
}

RunValues::Artifacts RunValues::InputArtifacts(TaskIndex task, const std::string& name) {
  const TaskState& state = machine_.task(task);
  if (state.view == nullptr) return std::vector<Artifact>();
  const TaskView& view = *state.view;
  if (state.iteration >= 0 && view.iterator->is_over_artifacts && view.iterator->item_input == name) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto items, InputArtifacts(state.parent, view.iterator->items_input));
    const auto position = static_cast<size_t>(state.iteration);
    return position < items.size() ? std::vector<Artifact>{items[position]} : std::vector<Artifact>();
  }
  if (const auto source = view.inputs.find(name); source != view.inputs.end()) {
    const TaskIndex producer = machine_.FindSibling(task, source->second.node);
    if (producer >= 0) return OutputArtifacts(producer, source->second.output);
  }
  if (const auto source = view.dag_inputs.find(name); source != view.dag_inputs.end())
    return InputArtifacts(EnclosingDag(task), source->second);
  return std::vector<Artifact>();
}

Result<const TaskOutputs*> RunValues::OutputsOf(TaskIndex task) {
  auto& outputs = outputs_[task];
  if (outputs == nullptr) {
    const int64_t execution_id = machine_.task(task).execution_id;
    auto read = std::make_shared<TaskOutputs>();
    PENSTOCK_ASSIGN_OR_RETURN(read->artifacts, store_.OutputsOf(execution_id));
    PENSTOCK_ASSIGN_OR_RETURN(const auto execution, store_.GetExecution(execution_id));
    read->parameters = execution.output_parameters;
    outputs = std::move(read);
  }
  return outputs.get();
}

json RunValues::FinalStatusOf(TaskIndex task) const {
  const TaskState& state = machine_.task(task);
  json status = {{"state", FinalStateName(state.state)}, {"pipelineJobUuid", run_id_},
                 {"pipelineJobName", pipeline_.name},    {"pipelineJobResourceName", run_id_},
                 {"pipelineTaskName", state.view->id},   {"error", json::object()}};
  if (!state.error.ok())
    status["error"] = {{"code", static_cast<int>(state.error.code())},
                       {"message", std::string(state.error.message())}};
  return status;
}

Result<ResolvedInputs> RunValues::Resolve(TaskIndex task) {
  const TaskView& view = *machine_.task(task).view;
  ResolvedInputs inputs;
  for (const auto& [name, type] : view.input_types) {
    PENSTOCK_ASSIGN_OR_RETURN(auto artifacts, InputArtifacts(task, name));
    if (!artifacts.empty()) inputs.artifacts[name] = std::move(artifacts);
  }
  if (view.iterator.has_value() && view.iterator->is_over_artifacts) {
    PENSTOCK_ASSIGN_OR_RETURN(auto item, InputArtifacts(task, view.iterator->item_input));
    if (!item.empty()) inputs.artifacts[view.iterator->item_input] = std::move(item);
  }
  PENSTOCK_ASSIGN_OR_RETURN(
      inputs.parameters,
      pipeline::ResolveParameters(view, [&](const std::string& name, const ParameterInput& input) {
        return SourceOf(task, name, input);
      }));
  return inputs;
}

Result<bool> RunValues::EvaluateCondition(TaskIndex task) {
  const TaskView& view = *machine_.task(task).view;
  if (!view.condition.has_value() || machine_.task(task).iteration >= 0) return true;
  json parameters = json::object(), artifacts = json::object();
  for (const auto& name : view.condition->parameters()) {
    const auto input = view.parameters.find(name);
    if (input == view.parameters.end()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const json* value, ParameterOf(task, name, input->second));
    if (value != nullptr) parameters[name] = *value;
  }
  for (const auto& name : view.condition->artifacts()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto found, InputArtifacts(task, name));
    json& list = artifacts[name]["artifacts"] = json::array();
    for (const Artifact& artifact : found)
      list.push_back({{"uri", artifact.uri}, {"name", artifact.name}, {"metadata", artifact.properties}});
  }
  return view.condition->Evaluate(
      {{"inputs", {{"parameter_values", std::move(parameters)}, {"artifacts", std::move(artifacts)}}}});
}

Result<TaskOutputs> RunValues::OutputsOfDag(TaskIndex dag) {
  TaskOutputs outputs;
  const pipeline::DagView* view = machine_.DagOf(machine_.task(dag));
  if (view == nullptr) return outputs;
  for (const auto& [key, references] : view->output_parameters) {
    PENSTOCK_ASSIGN_OR_RETURN(const json* value, OutputParameter(dag, key));
    if (value != nullptr) outputs.parameters[key] = *value;
  }
  for (const auto& [key, references] : view->output_artifacts) {
    PENSTOCK_ASSIGN_OR_RETURN(auto artifacts, OutputArtifacts(dag, key));
    if (!artifacts.empty()) outputs.artifacts[key] = std::move(artifacts);
  }
  return outputs;
}

}  // namespace penstock::runtime
