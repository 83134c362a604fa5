#include <cstdio>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/apps/command.h"
#include "penstock/apps/shard_progress.h"
#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"
#include "penstock/model/saved_model/transform_fn.h"
#include "penstock/transform/analysis_report.h"
#include "penstock/transform/analyze_parts.h"
#include "penstock/transform/analyze_transform.h"
#include "penstock/transform/declared_examples.h"
#include "penstock/transform/example_parts.h"
#include "penstock/transform/explanation.h"
#include "penstock/transform/function_list.h"
#include "penstock/transform/transform_examples.h"
#include "penstock/transform/transform_spec.h"
#include "penstock/validation/schema_file.h"

namespace penstock::apps {
namespace {

namespace tfmd = tensorflow::metadata::v0;

struct Options {
  std::string spec, schema, output, analyzer_cache, format = "parquet";
  std::vector<std::string> data, transform_data;
  bool as_json = false;
  int num_threads = 0;
};

Result<std::unique_ptr<data::Dataset>> Open(const std::vector<std::string>& patterns,
                                            const tfmd::Schema& schema, const Options& options,
                                            const Application& application, std::string_view what) {
  data::DatasetOptions reading;
  if (!options.schema.empty()) reading.schema = &schema;
  PENSTOCK_ASSIGN_OR_RETURN(
      auto opened,
      transform::OpenDeclaredExamples(patterns, reading, ComputeOptions(application, options.num_threads)));
  return std::make_unique<ShardProgress>(std::move(opened), std::string(what), application.clock);
}

Result<tfmd::Schema> ReadSchemaOf(const Options& options) {
  if (options.schema.empty()) return tfmd::Schema();
  return validation::ReadSchema(options.schema);
}

Result<transform::ExampleParts> OpenParts(const Options& options, const tfmd::Schema& schema,
                                          const data::Dataset& all, const Application& application) {
  data::DatasetOptions reading;
  if (!options.schema.empty()) reading.schema = &schema;
  return transform::OpenExampleParts(options.data, *all.schema(), reading,
                                     ComputeOptions(application, options.num_threads));
}

/// File by file what of the analysis is known already.
void PrintUses(const std::vector<transform::AnalysisUse>& uses, int num_passes, bool as_json) {
  if (as_json) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const auto& use : uses)
      json.push_back({{"pass", use.pass}, {"part", use.part}, {"is_cached", use.is_cached}});
    fmt::print("{}\n", json.dump(2));
    return;
  }
  for (const auto& use : uses)
    fmt::print("pass {}  {:<9} {}\n", use.pass, use.is_cached ? "cached" : "to read", use.part);
  const int last = uses.empty() ? 0 : uses.back().pass;
  if (last < num_passes)
    fmt::print("passes {} to {} ask about what pass {} answers; what of them is cached is known after it\n",
               last + 1, num_passes, last);
}

Result<int> Explain(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto spec, transform::ReadTransformSpec(options.spec));
  PENSTOCK_ASSIGN_OR_RETURN(const tfmd::Schema schema, ReadSchemaOf(options));
  PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, Open(options.data, schema, options, application, "explain"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto plan, transform::PlanTransform(spec, *dataset->schema()));
  if (!options.analyzer_cache.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto opened, OpenParts(options, schema, *dataset, application));
    const transform::AnalysisCache cache(options.analyzer_cache);
    PENSTOCK_ASSIGN_OR_RETURN(const auto uses, transform::FindCachedParts(plan, opened.parts, cache));
    return PrintUses(uses, plan.num_passes(), options.as_json), kExitSucceeded;
  }
  fmt::print("{}", options.as_json ? transform::ExplainPlanAsJson(plan) : transform::ExplainPlan(plan));
  return kExitSucceeded;
}

Result<transform::TransformGraph> Analyze(const transform::TransformSpec& spec, const tfmd::Schema& schema,
                                          const data::Dataset& dataset, const Options& options,
                                          const Application& application) {
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  if (options.analyzer_cache.empty()) return transform::AnalyzeTransform(spec, dataset, compute);
  PENSTOCK_ASSIGN_OR_RETURN(const auto plan, transform::PlanTransform(spec, *dataset.schema()));
  PENSTOCK_ASSIGN_OR_RETURN(const auto opened, OpenParts(options, schema, dataset, application));
  const transform::AnalysisCache cache(options.analyzer_cache);
  return transform::AnalyzeParts(plan, opened.parts, cache, compute, nullptr);
}

/// The analysis is written first: it stands even where no example can be transformed.
Result<int> Apply(const Application& application, const Options& options) {
  const ExecutionOptions compute = ComputeOptions(application, options.num_threads);
  PENSTOCK_ASSIGN_OR_RETURN(const auto spec, transform::ReadTransformSpec(options.spec));
  PENSTOCK_ASSIGN_OR_RETURN(const tfmd::Schema schema, ReadSchemaOf(options));
  PENSTOCK_ASSIGN_OR_RETURN(const auto analyzed, Open(options.data, schema, options, application, "analyze"));
  PENSTOCK_ASSIGN_OR_RETURN(const auto graph, Analyze(spec, schema, *analyzed, options, application));
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(options.output));
  PENSTOCK_RETURN_IF_ERROR(transform::SaveTransformGraph(graph, options.output));
  PENSTOCK_RETURN_IF_ERROR(model::SaveTransformFn(graph, options.output));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string report, transform::AnalysisReport(graph));
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(options.output, "analysis.json"), report));
  if (graph.output_schema().empty()) return kExitSucceeded;
  const auto& patterns = options.transform_data.empty() ? options.data : options.transform_data;
  PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, Open(patterns, schema, options, application, "transform"));
  const std::string path = fs::Join(options.output, "transformed." + options.format);
  PENSTOCK_ASSIGN_OR_RETURN(const data::PayloadFormat format, data::PayloadFormatOf(path));
  PENSTOCK_RETURN_IF_ERROR(transform::TransformExamples(graph, *dataset, path, format, compute).status());
  return kExitSucceeded;
}

void PrintFunctions(bool as_json) {
  if (as_json) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const auto& function : transform::ListFunctions())
      json.push_back(
          {{"name", function.name}, {"signature", function.signature}, {"tft", function.tft_name}});
    fmt::print("{}\n", json.dump(2));
    return;
  }
  for (const auto& function : transform::ListFunctions())
    fmt::print("{:<50} {}\n", function.tft_name, function.signature);
}

CLI::App* AddSubcommand(CLI::App* transform, const std::string& name, const std::string& what,
                        Options& options) {
  auto* command = transform->add_subcommand(name, what);
  command->add_option("spec", options.spec, "Features file (docs/guides/transform.md)")->required();
  command->add_option("--data", options.data, "Raw examples: files, folders or globs")->required();
  command->add_option("--schema", options.schema, "Schema that says the columns' types");
  command->add_option("--analyzer-cache", options.analyzer_cache,
                      "Folder that keeps what analysis knows of each file: only new files are read again");
  AddThreadsOption(command, options.num_threads);
  return command;
}

}  // namespace

void AddTransformCommand(CLI::App& cli, Application& application) {
  auto* transform = cli.add_subcommand("transform", "Features of raw examples: explain, apply, functions");
  transform->require_subcommand(1);
  auto options = std::make_shared<Options>();
  auto* explain =
      AddSubcommand(transform, "explain", "Say what a features file will do with the data", *options);
  explain->footer(
      "Example: penstock transform explain features.yaml --data data.csv\n"
      "With --analyzer-cache: which files' analyses are cached, and which are to be read.");
  explain->add_flag("--json", options->as_json, "As JSON");
  explain->callback([&application, options] {
    application.action = [&application, options] { return Explain(application, *options); };
  });
  auto* apply = AddSubcommand(transform, "apply", "Analyze the data and transform it", *options);
  apply->footer(
      "Example: penstock transform apply features.yaml --data train.csv --transform-data eval.csv -o "
      "transformed\n"
      "Writes transform_graph.pb, vocabularies/, analysis.json and transformed.parquet");
  apply->add_option("-o,--output", options->output, "Folder to write")->required();
  apply->add_option("--transform-data", options->transform_data,
                    "What to transform with the analysis of --data; else that itself");
  apply->add_option("--format", options->format, "Of the transformed examples")
      ->check(CLI::IsMember({"parquet", "jsonl", "arrow", "tfrecord", "tfrecord.gz"}));
  apply->callback([&application, options] {
    application.action = [&application, options] { return Apply(application, *options); };
  });
  auto* functions = transform->add_subcommand("functions", "List all functions with their TensorFlow names");
  functions->footer("Example: penstock transform functions");
  functions->add_flag("--json", options->as_json, "As JSON");
  functions->callback([&application, options] {
    application.action = [options]() -> Result<int> {
      PrintFunctions(options->as_json);
      return kExitSucceeded;
    };
  });
}

}  // namespace penstock::apps
