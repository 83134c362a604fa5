#include "penstock/apps/backend_flags.h"
#include "penstock/apps/command.h"
#include "penstock/apps/progress_view.h"
#include "penstock/apps/run_report.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/storage_uri.h"
#include "penstock/metadata/database/database_store.h"
#include "penstock/metadata/database_url.h"
#include "penstock/pipeline/pipeline_ir.h"
#include "penstock/pipeline/tfx_components.h"
#include "penstock/pipeline/yaml_pipeline.h"
#include "penstock/runtime/cache_key.h"
#include "penstock/runtime/run_engine.h"
#include "penstock/runtime/run_settings.h"
#include "penstock/runtime/task_files.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string pipeline, root, pipeline_root, from_node, database;
  std::vector<std::string> parameters, more_parameters;
  std::string native = "on";
  bool is_cache_off = false, as_json = false;
  int num_threads = 0, max_running = 0;
  backends::BackendOptions backend;
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
                       const runtime::RunRequest& options) {
  for (const auto& task : view.tasks) {
    if (task.native_component.empty()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto* component, application.components.Find(task.native_component));
    if (!component->check_parameters) continue;
    auto known = pipeline::ResolveKnownParameters(task, options.parameters);
    if (!known.ok()) continue;  // Parameters that other tasks make: the launcher's business.
    runtime::ResolvePaths(component->description, options.base_directory, *known);
    PENSTOCK_RETURN_IF_ERROR(Annotate(component->check_parameters(*known), task.id));
  }
  return OkStatus();
}

/// Goes on with the interrupted run of the same command, or starts a new one; other unfinished runs are
/// closed.
Result<std::string> StartOrResume(runtime::RunEngine& engine, const metadata::MetadataStore& store,
                                  const runtime::RunRequest& request, const Digest& key) {
  PENSTOCK_RETURN_IF_ERROR(engine.Check(request));
  std::string resumed;
  PENSTOCK_ASSIGN_OR_RETURN(const auto unfinished, store.FindRuns({.state = metadata::RunState::kRunning}));
  for (const auto& run : unfinished) {
    if (resumed.empty() && run.spec_digest == key) {
      resumed = run.run_id;
    } else {
      PENSTOCK_RETURN_IF_ERROR(engine.Abandon(run.run_id));
    }
  }
  if (resumed.empty()) return engine.Submit(request);
  PENSTOCK_RETURN_IF_ERROR(engine.Resume(resumed));
  return resumed;
}

/// Until the run has ended; an interrupt from outside stops it first.
Status WaitForEnd(runtime::RunEngine& engine, const std::string& run_id,
                  const CancellationToken& cancellation) {
  const auto state = engine.Wait(run_id, -1, &cancellation);
  if (!absl::IsCancelled(state.status())) return state.status();
  if (const Status stopped = engine.Terminate(run_id); !stopped.ok() && !absl::IsFailedPrecondition(stopped))
    return stopped;
  return engine.Wait(run_id, -1).status();
}

Result<int> Run(Application& application, const Options& options) {
  const Timestamp started = application.clock.Now();
  PENSTOCK_ASSIGN_OR_RETURN(auto ir, pipeline::LoadPipeline(options.pipeline, application.components));
  if (options.native == "on") pipeline::UseNativeTfxComponents(ir);
  PENSTOCK_ASSIGN_OR_RETURN(const auto view, pipeline::ViewPipeline(ir));
  std::vector<std::string> texts = options.parameters;
  texts.insert(texts.end(), options.more_parameters.begin(), options.more_parameters.end());
  PENSTOCK_ASSIGN_OR_RETURN(const auto assignments, SplitAssignments(texts));
  runtime::RunRequest request;
  PENSTOCK_ASSIGN_OR_RETURN(request.parameters, pipeline::BindParameterTexts(view, assignments));
  request.base_directory = fs::DirName(fs::Absolute(options.pipeline));
  request.pipeline = pipeline::PrintPipelineJson(ir);
  if (options.is_cache_off) request.is_cache_enabled = false;
  request.from_node = options.from_node;
  request.pipeline_root = fs::IsObjectStorage(options.root) ? options.root : options.pipeline_root;
  if (!options.pipeline_root.empty() && !fs::IsRemote(options.pipeline_root))
    request.pipeline_root = fs::Absolute(options.pipeline_root);
  const bool is_root_local = !options.root.empty() && !fs::IsObjectStorage(options.root);
  const std::string root =
      is_root_local ? fs::Absolute(options.root) : fs::Join(request.base_directory, ".penstock");
  // A store that cannot be reached, or lets nobody in, is said before anything runs.
  if (!request.pipeline_root.empty())
    PENSTOCK_RETURN_IF_ERROR(
        Annotate(fs::CreateDirectories(fs::Join(request.pipeline_root, "artifacts")), "The pipeline root"));
  PENSTOCK_RETURN_IF_ERROR(CheckParameters(application, view, request));

  backends::BackendOptions backend_options = options.backend;
  backend_options.self = application.program;
  PENSTOCK_ASSIGN_OR_RETURN(const auto backend, backends::MakeBackend(std::move(backend_options)));
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(root));
  PENSTOCK_ASSIGN_OR_RETURN(
      const auto database, metadata::FindDatabase(options.database, runtime::RunLayout(root).DatabasePath()));
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, metadata::OpenStore(database.place, application.clock));
  ProgressView progress(view, application.clock, options.as_json);
  std::string run_id;
  {
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto engine,
        runtime::RunEngine::Open({.root = root,
                                  .max_running = options.max_running,
                                  .num_threads_per_task = options.num_threads,
                                  .is_native_enabled = options.native == "on",
                                  .resumes_runs = false},
                                 application.components, *store, *backend, application.clock, &progress));
    const Digest key = runtime::RunKeyOf(ir, request.parameters, runtime::SettingsOf(request));
    PENSTOCK_ASSIGN_OR_RETURN(run_id, StartOrResume(*engine, *store, request, key));
    PENSTOCK_RETURN_IF_ERROR(WaitForEnd(*engine, run_id, application.cancellation));
  }
  const double seconds = static_cast<double>(application.clock.Now().micros - started.micros) * 1e-6;
  PENSTOCK_ASSIGN_OR_RETURN(const auto report, ReportRun(*store, run_id, seconds));
  fmt::print("{}", options.as_json
                       ? report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                       : FormatReport(report, /*has_errors_shown=*/true));
  return report["exit_code"].get<int>();
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
  command->add_option(
      "--root", options->root,
      "Where runs, artifacts and logs live (default: .penstock beside the pipeline). A URI "
      "(s3://bucket/folder, gs://, abfs://, hdfs://) means artifacts alone, as --pipeline-root");
  command
      ->add_option("--pipeline-root", options->pipeline_root,
                   "Where artifacts live, if not below the root: a folder, or a URI of object storage")
      ->type_name("FOLDER|URI");
  command->add_option(
      "--db", options->database,
      "Where the run is recorded: sqlite:///PATH, postgresql://USER:PASSWORD@HOST/DATABASE or "
      "mysql://...; PENSTOCK_DB, or metadata.sqlite below the root, when left out");
  command->add_flag("--no-cache", options->is_cache_off, "Run every node, whatever ran before");
  command->add_option("--from", options->from_node, "Run this node and all downstream again");
  command->add_option("--max-nodes", options->max_running, "Nodes that run at the same time; 0: one per core")
      ->check(CLI::Range(0, 1024));
  command
      ->add_option("--native", options->native,
                   "off: TFX's standard components run as their own Python commands, not as ours")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  AddBackendFlags(*command, options->backend);
  command->add_flag("--json", options->as_json, "The report as JSON, and no progress");
  AddThreadsOption(command, options->num_threads);
  command->callback([&application, options] {
    application.action = [&application, options] { return Run(application, *options); };
  });
}

}  // namespace penstock::apps
