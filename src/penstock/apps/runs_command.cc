#include "penstock/apps/command.h"
#include "penstock/apps/remote_runs.h"
#include "penstock/apps/run_report.h"
#include "penstock/base/filesystem.h"
#include "penstock/runtime/run_engine.h"

namespace penstock::apps {
namespace {

using nlohmann::json;

/// Of a server where --host is given, else of a local root.
struct Options : RemoteRunOptions {
  std::string root = ".penstock";
};
using SharedOptions = std::shared_ptr<Options>;

Result<int> ListRuns(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto store,
                            runtime::OpenExistingStore(fs::Absolute(options.root), application.clock));
  PENSTOCK_ASSIGN_OR_RETURN(const auto runs, store->FindRuns({.limit = options.limit}));
  json list = json::array();
  if (!options.as_json) fmt::print("{:<36}  {:<20}  {:<10}  {}\n", "run", "pipeline", "state", "created");
  for (const auto& run : runs) {
    const std::string state(metadata::RunStateName(run.state));
    if (options.as_json) {
      list.push_back({{"run_id", run.run_id},
                      {"pipeline", run.pipeline_name},
                      {"state", state},
                      {"created", run.created.ToIsoString()},
                      {"updated", run.updated.ToIsoString()}});
    } else {
      fmt::print("{:<36}  {:<20}  {:<10}  {}\n", run.run_id, run.pipeline_name, state,
                 run.created.ToIsoString());
    }
  }
  if (options.as_json) fmt::print("{}\n", list.dump(2));
  return kExitSucceeded;
}

/// The named run, or the latest.
Result<metadata::RunRecord> FindRun(const metadata::MetadataStore& store, const std::string& run_id) {
  if (!run_id.empty()) return store.GetRun(run_id);
  PENSTOCK_ASSIGN_OR_RETURN(const auto runs, store.FindRuns({.limit = 1}));
  if (runs.empty()) return NotFound("There is no run yet");
  return store.GetRun(runs[0].run_id);
}

Result<int> ShowRun(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto store,
                            runtime::OpenExistingStore(fs::Absolute(options.root), application.clock));
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, FindRun(*store, options.run));
  const double seconds = static_cast<double>(run.updated.micros - run.created.micros) * 1e-6;
  PENSTOCK_ASSIGN_OR_RETURN(const auto report, ReportRun(*store, run.run_id, seconds));
  fmt::print("{}",
             options.as_json ? report.dump(2) + "\n" : FormatReport(report, /*has_errors_shown=*/false));
  return kExitSucceeded;
}

Result<int> ShowLogs(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto store,
                            runtime::OpenExistingStore(fs::Absolute(options.root), application.clock));
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, FindRun(*store, options.run));
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, store->FindExecutions(run.run_id));
  json list = json::array();
  bool is_found = options.node.empty();
  for (const auto& execution : executions) {
    if (!options.node.empty() && execution.node_id != options.node) continue;
    is_found = true;
    if (execution.log_path.empty()) continue;
    auto text = fs::ReadFile(execution.log_path);
    const std::string log = text.ok() ? *text : fmt::format("({})\n", text.status().message());
    if (options.as_json) {
      list.push_back({{"node", execution.node_id},
                      {"attempt", execution.attempt},
                      {"path", execution.log_path},
                      {"log", log}});
    } else {
      fmt::print("==> {} attempt {} <==\n{}", execution.node_id, execution.attempt, log);
    }
  }
  if (!is_found) return NotFound("The run {} has no node '{}' that was started", run.run_id, options.node);
  if (options.as_json) fmt::print("{}\n", list.dump(2, ' ', false, json::error_handler_t::replace));
  return kExitSucceeded;
}

using Action = Result<int> (*)(const Application&, const Options&);

/// The verb with --host, without it: `local` null where only a server has it.
struct Verb {
  const char *name, *help, *example;
  Action remote, local;
  bool has_run = true;
};

const std::vector<Verb>& Verbs() {
  static const std::vector<Verb> verbs = {
      {"list", "List runs, the latest first", "penstock runs list --root examples/taxi/.penstock",
       [](const Application&, const Options& options) { return ListRemoteRuns(options); }, ListRuns, false},
      {"show", "Show a run, its nodes and outputs", "penstock runs show 1f0c --root examples/taxi/.penstock",
       [](const Application&, const Options& options) { return ShowRemoteRun(options); }, ShowRun},
      {"logs", "Show what the nodes of a run printed",
       "penstock runs logs --node Trainer --root examples/taxi/.penstock",
       [](const Application&, const Options& options) { return ShowRemoteLogs(options); }, ShowLogs},
      {"submit", "Start a run on a server", "penstock runs submit pipeline.yaml -p rounds=20 --wait",
       [](const Application& application, const Options& options) { return SubmitRun(application, options); },
       nullptr, false},
      {"wait", "Wait until a run on a server has ended", "penstock runs wait 1f0c",
       [](const Application& application, const Options& options) {
         return WaitForRun(application, options);
       },
       nullptr},
      {"terminate", "Stop a run on a server", "penstock runs terminate 1f0c",
       [](const Application&, const Options& options) { return ChangeRun(options, ":terminate"); }, nullptr},
      {"retry", "Run again what failed in a run on a server", "penstock runs retry 1f0c",
       [](const Application&, const Options& options) { return ChangeRun(options, ":retry"); }, nullptr},
      {"archive", "Put a run on a server into the archive", "penstock runs archive 1f0c",
       [](const Application&, const Options& options) { return ChangeRun(options, ":archive"); }, nullptr},
      {"unarchive", "Take a run on a server out of the archive", "penstock runs unarchive 1f0c",
       [](const Application&, const Options& options) { return ChangeRun(options, ":unarchive"); }, nullptr},
      {"delete", "Delete a run on a server", "penstock runs delete 1f0c",
       [](const Application&, const Options& options) { return DeleteRun(options); }, nullptr}};
  return verbs;
}

void AddSubmitOptions(CLI::App* command, Options& options) {
  command->add_option("file", options.file, "The pipeline: YAML of Penstock or kfp, or JSON");
  command->add_option("--pipeline", options.pipeline, "Id or name of a pipeline on the server instead");
  command->add_option("--version", options.version, "Id of its version; the latest when left out");
  command->add_option("--name", options.name, "The run's name");
  command->add_option("--experiment", options.experiment, "Id or name; the default one when left out");
  command->add_option("-p,--param", options.parameters, "name=value, as often as needed");
  command->add_flag("--wait", options.waits, "Wait until it has ended; exit code 1 where it did not succeed");
}

}  // namespace

void AddRunsCommand(CLI::App& cli, Application& application) {
  auto* runs =
      cli.add_subcommand("runs", "Runs of pipelines, of a local root or a server: list, show, logs, ...");
  runs->require_subcommand(1);
  for (const Verb& verb : Verbs()) {
    const auto options = std::make_shared<Options>();
    auto* command = runs->add_subcommand(verb.name, verb.help);
    command->footer(std::string("Example: ") + verb.example);
    const std::string name = verb.name;
    AddClientOptions(command, *options, /*is_required=*/verb.local == nullptr);
    if (verb.local != nullptr)
      command->add_option("--root", options->root, "The root that was run under; without --host")
          ->capture_default_str();
    if (verb.has_run) {
      auto* run = command->add_option(
          "run", options->run,
          "Run id (locally, the beginning of it; on a server, or its name); else the latest");
      if (verb.local == nullptr && name != "wait") run->required();
    }
    if (name == "list") {
      command->add_option("--limit", options->limit, "At most so many")->check(CLI::Range(1, 100000));
      command->add_option("--experiment", options->experiment, "Only of this experiment of a server");
      command->add_option("--state", options->state, "Only in this state, such as FAILED, of a server");
    }
    if (name == "logs") {
      command->add_option("--node", options->node, "Only this node");
      command->add_flag("-f,--follow", options->follows, "Go on until the node has ended; of a server");
    }
    if (name == "wait" || name == "submit")
      command->add_option("--timeout", options->timeout_seconds, "Wait at most so many seconds");
    if (name == "submit") AddSubmitOptions(command, *options);
    command->callback([&application, options, &verb] {
      application.action = [&application, options, &verb] {
        const bool is_local = verb.local != nullptr && options->host.empty();
        return is_local ? verb.local(application, *options) : verb.remote(application, *options);
      };
    });
  }
}

}  // namespace penstock::apps
