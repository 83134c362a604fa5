#include "penstock/apps/command.h"
#include "penstock/apps/service_client.h"
#include "penstock/base/filesystem.h"
#include "penstock/metadata/database/database_store.h"
#include "penstock/metadata/database_url.h"
#include "penstock/runtime/garbage_collection.h"

namespace penstock::apps {
namespace {

using nlohmann::json;

struct Options {
  std::string root = ".penstock", database;
  int64_t num_runs_kept = 10, num_days_kept = 30;
  bool removes = false, as_json = false;
};

Result<int> Collect(const Application& application, const Options& options) {
  const std::string root = fs::Absolute(options.root);
  PENSTOCK_ASSIGN_OR_RETURN(const auto database,
                            metadata::FindDatabase(options.database, fs::Join(root, "metadata.sqlite")));
  const std::string& path = database.place;
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, database.is_server ? Result<bool>(true) : fs::Exists(path));
  if (!exists)
    return NotFound("No pipeline has run below {} yet (its metadata.sqlite is not there); set --root", root);
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, metadata::OpenStore(path, application.clock));
  PENSTOCK_ASSIGN_OR_RETURN(const auto report,
                            runtime::CollectGarbage(*store,
                                                    {.root = root,
                                                     .num_runs_kept = options.num_runs_kept,
                                                     .num_days_kept = options.num_days_kept,
                                                     .is_dry_run = !options.removes},
                                                    application.clock));
  json rows = json::array();
  for (const auto& artifact : report.artifacts)
    rows.push_back(
        {{"artifact", artifact.artifact_id}, {"bytes", artifact.num_bytes}, {"uri", artifact.uri}});
  if (options.as_json) {
    fmt::print("{}\n", json{{"artifacts", rows},
                            {"bytes", report.num_bytes},
                            {"runs", report.num_runs},
                            {"protected", report.num_protected},
                            {"removed", options.removes}}
                           .dump(2));
    return kExitSucceeded;
  }
  PrintTable(rows, {{"artifact", "artifact"}, {"bytes", "bytes"}, {"folder", "uri"}}, false);
  fmt::print("{} artifacts of {} old runs, {} bytes: {}. {} more are needed by other runs or live models.\n",
             report.artifacts.size(), report.num_runs, report.num_bytes,
             options.removes ? "removed" : "would go with --remove", report.num_protected);
  return kExitSucceeded;
}

}  // namespace

void AddGcCommand(CLI::App& cli, Application& application) {
  auto* command = cli.add_subcommand("gc", "Remove artifacts of old runs that nothing needs any more");
  const auto options = std::make_shared<Options>();
  command->footer(
      "Without --remove it only says what would go. What a live model descends from stays, always.\n"
      "Example: penstock gc --root ./pipelines --keep-runs 10 --keep-days 30 --remove");
  command->add_option("--root", options->root, "The root that was run under")->capture_default_str();
  command->add_option(
      "--db", options->database,
      "The server's database, where it is not a file below the root; PENSTOCK_DB when left out");
  command->add_option("--keep-runs", options->num_runs_kept, "The latest runs of each pipeline stay")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--keep-days", options->num_days_kept, "Younger runs stay")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--remove", options->removes, "Remove them");
  command->add_flag("--json", options->as_json, "As JSON");
  command->callback([&application, options] {
    application.action = [&application, options] { return Collect(application, *options); };
  });
}

}  // namespace penstock::apps
