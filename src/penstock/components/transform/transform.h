#pragma once

#include <map>
#include <memory>
#include <string>

#include "penstock/components/task_access.h"
#include "penstock/pipeline/channel.h"
#include "penstock/pipeline/component_recorder.h"

namespace penstock::components {

/// Resolves the feature expressions over one split and applies them to all; or has a Python module do so.
struct Transform {
  static constexpr std::string_view kType = "Transform";
  pipeline::Channel<pipeline::Examples> examples;
  pipeline::Channel<pipeline::Schema> schema;
  std::string features;
  std::string analyze_split = "train";
  std::string analyzer_cache_folder;
  std::string module_file;
  std::string python = "python3";
  std::string label;
  nlohmann::json custom_config = nlohmann::json::object();

  struct Outputs {
    pipeline::Channel<pipeline::TransformGraph> transform_graph;
    pipeline::Channel<pipeline::Examples> transformed_examples;
  };
  void Describe(auto& node, Outputs& outputs) const {
    node.Help("Resolves feature expressions over the training split and applies them to every split.");
    node.Version("2");
    node.Input("examples", examples, "Raw examples.");
    node.Input("schema", schema, "What types the columns have.");
    node.OptionalExternalPath("features", features,
                              "The feature expressions (YAML; docs/guides/feature-expressions.md).");
    node.Parameter("analyze_split", analyze_split,
                   "The split that means, quantiles and vocabularies come from.");
    node.Parameter("analyzer_cache_folder", analyzer_cache_folder,
                   "Keeps what analysis knows of each file of the examples: only files that are new are read "
                   "again; empty: nothing is kept.");
    node.OptionalExternalPath("module_file", module_file,
                              "Instead of features: a Python module whose preprocessing_fn(inputs) "
                              "TensorFlow Transform runs (docs/guides/bring-your-own-keras.md).");
    node.Parameter("python", python, "The Python that runs module_file.");
    node.Parameter("label", label, "With module_file: an expression over the raw columns, for Evaluator.");
    node.Parameter("custom_config", custom_config, "custom_config of preprocessing_fn.");
    node.Output("transform_graph", outputs.transform_graph, "The resolved function.");
    node.Output("transformed_examples", outputs.transformed_examples,
                "Features, label and weight of every split.");
  }
};

Status CheckTransform(const std::map<std::string, nlohmann::json>& parameters);
std::unique_ptr<pipeline::Executor> MakeTransformExecutor();

}  // namespace penstock::components
