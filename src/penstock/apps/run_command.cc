#include "penstock/apps/command.h"
#include "penstock/apps/progress_view.h"
#include "penstock/apps/run_report.h"
#include "penstock/backends/local_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/pipeline/yaml_pipeline.h"
#include "penstock/runtime/cache_key.h"
#include "penstock/runtime/pipeline_runner.h"
#include "penstock/runtime/scheduler.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string pipeline, root, from_node;
  std::vector<std::string> parameters, more_parameters;
  bool is_cache_off = false, as_json = false;
  int num_threads = 0, max_running = 0;
};

Result<std::map<std::string, std::string>> SplitAssignments(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> assignments;
  for (const auto& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return InvalidArgument("--param needs the form name=value, not '{}'", text);
    if (!assignments.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      return InvalidArgument("--param gives '{}' twice", text.substr(0, equals));
  }
  return assignments;
}

/// What the components can say of their parameters before anything runs.
Status CheckParameters(const Application& application, const pipeline::PipelineView& view,
                       const runtime::RunOptions& options) {
  for (const auto& task : view.tasks) {
    if (task.native_component.empty()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto* component, application.components.Find(task.native_component));
    if (!component->check_parameters) continue;
    auto known = pipeline::ResolveParameters(task, options.parameters, [](const auto&) { return nullptr; });
    if (!known.ok()) continue;  // Parameters that other tasks make: the launcher's business.
    for (const auto& parameter : component->description.parameters)
      if (auto entry = known->find(parameter.name); entry != known->end() && entry->second.is_string() &&
                                                    (parameter.is_external_path || parameter.is_destination))
        entry->second = runtime::ResolvePath(entry->second.get<std::string>(), options.base_directory);
    PENSTOCK_RETURN_IF_ERROR(Annotate(component->check_parameters(*known), task.id));
  }
  return OkStatus();
}

Result<int> Run(Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto ir, pipeline::LoadPipeline(options.pipeline, application.components));
  PENSTOCK_ASSIGN_OR_RETURN(const auto view, pipeline::ViewPipeline(ir));
  std::vector<std::string> texts = options.parameters;
  texts.insert(texts.end(), options.more_parameters.begin(), options.more_parameters.end());
  PENSTOCK_ASSIGN_OR_RETURN(const auto assignments, SplitAssignments(texts));
  runtime::RunOptions run;
  PENSTOCK_ASSIGN_OR_RETURN(run.parameters, pipeline::BindParameterTexts(view, assignments));
  run.base_directory = fs::DirName(fs::Absolute(options.pipeline));
  run.root = options.root.empty() ? fs::Join(run.base_directory, ".penstock") : fs::Absolute(options.root);
  run.is_cache_enabled = !options.is_cache_off;
  run.from_node = options.from_node;
  run.num_threads_per_task = options.num_threads;
  run.max_running = options.max_running;
  PENSTOCK_RETURN_IF_ERROR(CheckParameters(application, view, run));

  const auto backend = backends::MakeLocalProcessBackend(application.program);
  ProgressView progress(view, application.clock, options.as_json);
  PENSTOCK_ASSIGN_OR_RETURN(const auto result,
                            runtime::RunPipeline(ir, run, application.components, *backend, application.clock,
                                                 application.cancellation, progress));
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, runtime::OpenExistingStore(run.root, application.clock));
  PENSTOCK_ASSIGN_OR_RETURN(const auto report,
                            ReportRun(view, *store, result.run_id, result.state, result.seconds));
  fmt::print("{}", options.as_json ? report.dump(2) + "\n" : FormatReport(report, /*has_errors_shown=*/true));
  return runtime::ExitCodeOf(result.state);
}

}  // namespace

void AddRunCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand("run", "Run a pipeline");
  command->footer(
      "Example: penstock run examples/taxi/pipeline.yaml --param rounds=100\n"
      "Exit code 0: succeeded, 1: failed, 2: bad input, 3: a gate said no.\n"
      "Run again after a crash: the same command finishes the interrupted run.");
  auto options = std::make_shared<Options>();
  command->add_option("pipeline", options->pipeline, "Pipeline file: YAML, or KFP IR (YAML or JSON)")
      ->required();
  command
      ->add_option("--param", options->parameters,
                   "Value of a pipeline parameter, as name=value; may be repeated")
      ->allow_extra_args(false);
  // `--param a=1 b=2` means the same as two options; the pipeline may still follow an option.
  command->add_option("more", options->more_parameters, "More values of pipeline parameters, as name=value");
  command->add_option("--root", options->root,
                      "Where runs, artifacts and logs live (default: .penstock beside the pipeline)");
  command->add_flag("--no-cache", options->is_cache_off, "Run every node, whatever ran before");
  command->add_option("--from", options->from_node, "Run this node and all downstream again");
  command->add_option("--max-nodes", options->max_running, "Nodes that run at the same time; 0: one per core")
      ->check(CLI::Range(0, 1024));
  command->add_flag("--json", options->as_json, "The report as JSON, and no progress");
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Run(application, *options); };
  });
}

}  // namespace penstock::apps
