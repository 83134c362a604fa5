#include "penstock/components/transform/transform.h"

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/components/schema_gen/schema_gen.h"
#include "penstock/components/transform/module_transform.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/model/saved_model/transform_fn.h"
#include "penstock/transform/analyze_transform.h"
#include "penstock/transform/declared_examples.h"
#include "penstock/transform/example_parts.h"
#include "penstock/transform/transform_examples.h"
#include "penstock/transform/transform_graph.h"
#include "penstock/transform/transform_plan.h"
#include "penstock/transform/transform_spec.h"
#include "penstock/validation/schema_file.h"

namespace penstock::components {
namespace {

/// File by file, with what is known of those that were analysed before.
Result<transform::TransformGraph> AnalyzeFiles(const transform::TransformSpec& spec, const data::Dataset& all,
                                               const std::vector<std::string>& patterns,
                                               const data::DatasetOptions& options,
                                               const std::string& cache_folder, ExecutionContext& context) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto plan, transform::PlanTransform(spec, *all.schema()));
  PENSTOCK_ASSIGN_OR_RETURN(const auto opened,
                            transform::OpenExampleParts(patterns, *all.schema(), options, context.options));
  const transform::AnalysisCache cache(cache_folder);
  return transform::AnalyzeParts(plan, opened.parts, cache, context.options, nullptr);
}

class TransformExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* examples, Input(task, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* schema_artifact, Input(task, "schema"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto schema, validation::ReadSchema(SchemaPath(*schema_artifact)));
    PENSTOCK_ASSIGN_OR_RETURN(const auto analyze_split, Parameter<std::string>(task, "analyze_split"));
    PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(*examples, analyze_split));
    PENSTOCK_ASSIGN_OR_RETURN(const auto splits, SplitNames(*examples));

    auto open = [&](const std::string& split) {
      data::DatasetOptions options;
      options.schema = &schema;
      const std::vector<std::string> pattern = {data::SplitDirectory(examples->uri, split)};
      return transform::OpenDeclaredExamples(pattern, options, context.options);
    };
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* graph_output, Output(report, "transform_graph"));
    PENSTOCK_ASSIGN_OR_RETURN(auto* transformed, Output(report, "transformed_examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto module_file, ParameterOr<std::string>(task, "module_file", ""));
    if (!module_file.empty()) {
      std::vector<RawSplit> raw;
      for (const auto& split : splits) {
        PENSTOCK_ASSIGN_OR_RETURN(auto dataset, open(split));
        raw.push_back({split, std::move(dataset)});
      }
      PENSTOCK_RETURN_IF_ERROR(TransformByModule(task, SchemaPath(*schema_artifact), raw, graph_output->uri,
                                                 transformed->uri, context));
      SetSplitNames(splits, *transformed);
      return report;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto features, Parameter<std::string>(task, "features"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto spec, transform::ReadTransformSpec(features));
    PENSTOCK_ASSIGN_OR_RETURN(const auto analyzed, open(analyze_split));
    PENSTOCK_ASSIGN_OR_RETURN(const auto cache_folder,
                              ParameterOr(task, "analyzer_cache_folder", std::string()));
    data::DatasetOptions declared;
    declared.schema = &schema;
    const std::vector<std::string> analyzed_files = {data::SplitDirectory(examples->uri, analyze_split)};
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto graph, cache_folder.empty() ? transform::AnalyzeTransform(spec, *analyzed, context.options)
                                               : AnalyzeFiles(spec, *analyzed, analyzed_files, declared,
                                                              cache_folder, context));
    PENSTOCK_RETURN_IF_ERROR(transform::SaveTransformGraph(graph, graph_output->uri));
    PENSTOCK_RETURN_IF_ERROR(model::SaveTransformFn(graph, graph_output->uri));
    graph_output->properties["num_features"] = static_cast<int64_t>(graph.output_schema().size());
    for (const auto& split : splits) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, open(split));
      const std::string folder = data::SplitDirectory(transformed->uri, split);
      PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
      PENSTOCK_ASSIGN_OR_RETURN(
          const int64_t num_rows,
          transform::TransformExamples(graph, *dataset,
                                       fs::Join(folder, "transformed_examples-00000-of-00001.parquet"),
                                       data::PayloadFormat::kParquet, context.options));
      transformed->properties["num_examples_" + split] = num_rows;
    }
    SetSplitNames(splits, *transformed);
    return report;
  }
};

}  // namespace

Status CheckTransform(const std::map<std::string, nlohmann::json>& parameters) {
  const auto given = [&](const char* name) {
    const auto entry = parameters.find(name);
    return entry == parameters.end() || !entry->second.is_string() ? "" : entry->second.get<std::string>();
  };
  const std::string features = given("features"), module_file = given("module_file"), label = given("label");
  if (features.empty() == module_file.empty()) {
    return InvalidArgument(
        "Transform takes either features: FILE.yaml or module_file: FILE.py with a preprocessing_fn");
  }
  if (!label.empty() && module_file.empty())
    return InvalidArgument("The label stands in {}; `label:` goes with module_file", features);
  PENSTOCK_ASSIGN_OR_RETURN(const auto spec, module_file.empty() ? transform::ReadTransformSpec(features)
                                             : label.empty()     ? transform::TransformSpec()
                                                                 : transform::ParseLabelSpec(label));
  return transform::CheckTransformSpec(spec);
}

std::unique_ptr<pipeline::Executor> MakeTransformExecutor() { return std::make_unique<TransformExecutor>(); }

}  // namespace penstock::components
