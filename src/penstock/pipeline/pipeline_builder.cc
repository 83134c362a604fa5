#include "penstock/pipeline/pipeline_builder.h"

namespace penstock::pipeline {

void PipelineBuilder::AddNode(std::string id, ComponentDescription component,
                              const ComponentRecorder& recorder, NodeOptions options) {
  NodeDraft node;
  node.id = std::move(id);
  node.component = std::move(component);
  for (const auto& [name, source] : recorder.wiring()) node.inputs[name] = InputDraft{source, ""};
  for (const auto& [name, value] : recorder.values()) node.parameters[name] = ParameterDraft{value, ""};
  for (auto& [name, value] : options.parameters) node.parameters[name] = ParameterDraft{std::move(value), ""};
  node.after = std::move(options.after);
  node.num_retries = options.num_retries;
  node.timeout_seconds = options.timeout_seconds;
  node.is_cache_enabled = options.is_cache_enabled;
  draft_.nodes.push_back(std::move(node));
}

}  // namespace penstock::pipeline
