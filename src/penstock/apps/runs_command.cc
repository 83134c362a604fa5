#include "penstock/apps/command.h"
#include "penstock/apps/run_report.h"
#include "penstock/base/filesystem.h"
#include "penstock/runtime/run_engine.h"

namespace penstock::apps {
namespace {

using nlohmann::json;

struct Options {
  std::string root = ".penstock", run_id, node;
  int limit = 20;
  bool as_json = false;
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
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, FindRun(*store, options.run_id));
  const double seconds = static_cast<double>(run.updated.micros - run.created.micros) * 1e-6;
  PENSTOCK_ASSIGN_OR_RETURN(const auto report, ReportRun(*store, run.run_id, seconds));
  fmt::print("{}",
             options.as_json ? report.dump(2) + "\n" : FormatReport(report, /*has_errors_shown=*/false));
  return kExitSucceeded;
}

Result<int> ShowLogs(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto store,
                            runtime::OpenExistingStore(fs::Absolute(options.root), application.clock));
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, FindRun(*store, options.run_id));
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

CLI::App* AddSubcommand(CLI::App* runs, const std::string& name, const std::string& help,
                        const std::string& example, Application& application, const SharedOptions& options,
                        Result<int> (*action)(const Application&, const Options&)) {
  auto* command = runs->add_subcommand(name, help);
  command->footer("Example: " + example);
  command->add_option("--root", options->root, "The root that was run under")->capture_default_str();
  command->add_flag("--json", options->as_json, "As JSON");
  command->callback([&application, options, action] {
    application.action = [&application, options, action] { return action(application, *options); };
  });
  return command;
}

}  // namespace

void AddRunsCommand(CLI::App& cli, Application& application) {
  auto* runs = cli.add_subcommand("runs", "Runs of pipelines: list, show, logs");
  runs->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  AddSubcommand(runs, "list", "List runs, the latest first",
                "penstock runs list --root examples/taxi/.penstock", application, options, ListRuns)
      ->add_option("--limit", options->limit, "At most so many")
      ->check(CLI::Range(1, 100000));
  AddSubcommand(runs, "show", "Show a run, its nodes and outputs",
                "penstock runs show 1f0c --root examples/taxi/.penstock", application, options, ShowRun)
      ->add_option("run", options->run_id, "Run id or the beginning of it; the latest when left out");
  auto* logs = AddSubcommand(runs, "logs", "Show what the nodes of a run printed",
                             "penstock runs logs --node Trainer --root examples/taxi/.penstock", application,
                             options, ShowLogs);
  logs->add_option("run", options->run_id, "Run id or the beginning of it; the latest when left out");
  logs->add_option("--node", options->node, "Only this node");
}

}  // namespace penstock::apps
