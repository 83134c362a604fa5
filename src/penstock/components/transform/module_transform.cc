#include "penstock/components/transform/module_transform.h"

#include <algorithm>

#include "penstock/base/filesystem.h"
#include "penstock/components/python_module/module_scripts.h"
#include "penstock/components/python_module/python_module.h"
#include "penstock/components/task_access.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/map_batches.h"
#include "penstock/data/splits.h"
#include "penstock/transform/analyze_transform.h"
#include "penstock/transform/transform_graph.h"
#include "penstock/transform/transform_spec.h"

namespace penstock::components {
namespace {

/// As they are: what is missing is missing there too.
Status WriteExamples(const data::Dataset& examples, const std::string& path,
                     const ExecutionOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(
      auto writer, data::OpenExampleWriter(path, examples.schema(), data::PayloadFormat::kTfRecordGzip));
  PENSTOCK_RETURN_IF_ERROR(data::MapBatches(
      examples, options, [](const data::Batch& batch) { return Result<data::Batch>(batch); },
      [&](const data::Batch& batch) { return writer->Write(batch); }));
  return writer->Close();
}

/// The label alone, as our own graph has it.
Status SaveLabel(const std::string& label, const data::Dataset& analyzed, const std::string& graph_uri,
                 const ExecutionContext& context) {
  transform::TransformSpec spec;
  if (!label.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(spec, transform::ParseLabelSpec(label));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto graph, transform::AnalyzeTransform(spec, analyzed, context.options));
  return fs::WriteFileAtomically(fs::Join(graph_uri, "transform_graph.pb"), graph.Serialize());
}

}  // namespace

Status TransformByModule(const pipeline::ExecutionTask& task, const std::string& schema_path,
                         const std::vector<RawSplit>& splits, const std::string& graph_uri,
                         const std::string& transformed_uri, const ExecutionContext& context) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto module_file, Parameter<std::string>(task, "module_file"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto python, Parameter<std::string>(task, "python"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto label, ParameterOr<std::string>(task, "label", ""));
  PENSTOCK_ASSIGN_OR_RETURN(const auto analyze_split, Parameter<std::string>(task, "analyze_split"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto custom_config,
                            ParameterOr<nlohmann::json>(task, "custom_config", nlohmann::json::object()));
  const auto analyzed = std::find_if(splits.begin(), splits.end(),
                                     [&](const RawSplit& split) { return split.name == analyze_split; });
  if (analyzed == splits.end()) return Internal("There is no split '{}'", analyze_split);
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(graph_uri));
  PENSTOCK_RETURN_IF_ERROR(SaveLabel(label, *analyzed->examples, graph_uri, context));

  const std::string work = fs::Absolute(graph_uri) + ".work";
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(work));
  nlohmann::json jobs = nlohmann::json::array();
  for (const RawSplit& split : splits) {
    const std::string raw = data::SplitDirectory(work, split.name);
    const std::string to = data::SplitDirectory(fs::Absolute(transformed_uri), split.name);
    for (const std::string& folder : {raw, to}) PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
    const std::string input = fs::Join(raw, "examples.tfrecord.gz");
    PENSTOCK_RETURN_IF_ERROR(WriteExamples(*split.examples, input, context.options));
    jobs.push_back(
        {{"name", split.name}, {"input", input}, {"output", fs::Join(to, "transformed_examples")}});
  }
  const nlohmann::json settings = {{"splits", jobs},
                                   {"analyze_split", analyze_split},
                                   {"schema", fs::Absolute(schema_path)},
                                   {"transform_graph", fs::Absolute(graph_uri)},
                                   {"custom_config", custom_config}};
  PENSTOCK_RETURN_IF_ERROR(RunPythonModule({module_file, python, "preprocessing_fn"}, PreprocessingFnScript(),
                                           settings, work, context));
  return fs::RemoveAll(work);
}

}  // namespace penstock::components
