#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/pipeline/component_recorder.h"
#include "penstock/pipeline/pipeline_draft.h"

namespace penstock::pipeline {

/// What a node is beyond its component.
struct NodeOptions {
  std::string name;                ///< The node's id; empty: the component's type.
  std::vector<std::string> after;  ///< Ids of nodes to wait for without an input of theirs.
  int num_retries = 0;
  int64_t timeout_seconds = 0;  ///< 0: none.
  bool is_cache_enabled = true;
  /// Values that replace the struct's, for references to pipeline parameters:
  /// {{"num_rounds", "${rounds}"}}.
  std::map<std::string, nlohmann::json> parameters;
};

/// Builds a pipeline in C++, its channels checked by the compiler:
///
///   PipelineBuilder builder("taxi");
///   auto examples = builder.Add(ExampleGen{.input = "data.csv"}).examples;
///   auto statistics = builder.Add(StatisticsGen{.examples = examples}).statistics;
///   PENSTOCK_ASSIGN_OR_RETURN(PipelineIr ir, builder.Compile());
///
/// Mistakes the type system cannot see (a name used twice, a channel of another builder)
/// are reported by Compile. Not for concurrent use.
class PipelineBuilder {
 public:
  explicit PipelineBuilder(std::string name) { draft_.name = std::move(name); }

  void SetDescription(std::string description) { draft_.description = std::move(description); }

  /// A parameter that every run may set; null as default: has to set. "${name}" in texts refers to it.
  void AddParameter(const std::string& name, ParameterType type, nlohmann::json default_value = {}) {
    draft_.parameters[name] = RuntimeParameterDraft{type, std::move(default_value), ""};
  }

  /// Adds a node and returns the channels of what it will produce.
  template <DescribedComponent C>
  typename C::Outputs Add(const C& component, NodeOptions options = {}) {
    std::string id = options.name.empty() ? std::string(C::kType) : options.name;
    ComponentRecorder recorder(C::kType, id);
    typename C::Outputs outputs;
    component.Describe(recorder, outputs);
    AddNode(std::move(id), DescribeComponent<C>(), recorder, std::move(options));
    return outputs;
  }

  const PipelineDraft& draft() const { return draft_; }
  Result<PipelineIr> Compile(const CompileOptions& options = {}) const {
    return CompilePipeline(draft_, options);
  }

 private:
  void AddNode(std::string id, ComponentDescription component, const ComponentRecorder& recorder,
               NodeOptions options);

  PipelineDraft draft_;
};

}  // namespace penstock::pipeline
