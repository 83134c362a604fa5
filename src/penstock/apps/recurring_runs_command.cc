#include "penstock/apps/command.h"
#include "penstock/apps/service_client.h"
#include "penstock/server/http_client.h"

namespace penstock::apps {
namespace {

using nlohmann::json;
using server::PercentEncode;

struct Options : ClientOptions {
  std::string recurring_run, pipeline, version, experiment, cron, start, end, sort_by = "created_at desc";
  std::vector<std::string> parameters;
  int64_t interval_seconds = 0;
  int max_concurrency = 1, limit = 20;
  bool has_no_catchup = false, is_disabled = false;
};
using Action = Result<int> (*)(const Application&, const Options&);

const std::vector<TableColumn> kColumns = {{"recurring run", "recurring_run_id"},
                                           {"name", "display_name"},
                                           {"status", "status"},
                                           {"created", "created_at"},
                                           {"trigger", "trigger"}};

Result<std::string> Find(const ServiceClient& client, const Options& options) {
  return client.Resolve("recurringruns", "recurringRuns", "recurring_run_id", options.recurring_run);
}

json TriggerOf(const Options& options) {
  json schedule = json::object();
  if (!options.start.empty()) schedule["start_time"] = options.start;
  if (!options.end.empty()) schedule["end_time"] = options.end;
  if (!options.cron.empty()) {
    schedule["cron"] = options.cron;
    return {{"cron_schedule", schedule}};
  }
  schedule["interval_second"] = std::to_string(options.interval_seconds);
  return {{"periodic_schedule", schedule}};
}

Result<int> Create(const Application&, const Options& options) {
  if (options.cron.empty() == (options.interval_seconds == 0))
    return InvalidArgument("Give --cron or --every, one of them");
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id,
                            client.Resolve("pipelines", "pipelines", "pipeline_id", options.pipeline));
  json body = {{"display_name", options.recurring_run},
               {"pipeline_version_reference", {{"pipeline_id", id}}},
               {"trigger", TriggerOf(options)},
               {"max_concurrency", std::to_string(options.max_concurrency)},
               {"mode", options.is_disabled ? "DISABLE" : "ENABLE"},
               {"no_catchup", options.has_no_catchup}};
  if (!options.version.empty()) body["pipeline_version_reference"]["pipeline_version_id"] = options.version;
  if (!options.experiment.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const std::string experiment,
        client.Resolve("experiments", "experiments", "experiment_id", options.experiment));
    body["experiment_id"] = experiment;
  }
  if (!options.parameters.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const json versions,
        client.List("/pipelines/" + id + "/versions?sort_by=" + PercentEncode("created_at desc"),
                    "pipeline_versions", 1));
    if (versions.empty()) return NotFound("The pipeline '{}' has no version", options.pipeline);
    PENSTOCK_ASSIGN_OR_RETURN(
        const json parameters,
        ReadParameters(versions[0].value("pipeline_spec", json::object()), options.parameters));
    body["runtime_config"] = {{"parameters", parameters}};
  }
  PENSTOCK_ASSIGN_OR_RETURN(const json made, client.Post("/recurringruns", body));
  PrintTable(json::array({made}), kColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> List(const Application&, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(
      const json list, ServiceClient(options).List("/recurringruns?sort_by=" + PercentEncode(options.sort_by),
                                                   "recurringRuns", options.limit));
  PrintTable(list, kColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> Show(const Application&, const Options& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, Find(client, options));
  PENSTOCK_ASSIGN_OR_RETURN(const json one, client.Get("/recurringruns/" + id));
  PrintTable(json::array({one}), kColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> Change(const Options& options, const char* verb) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, Find(client, options));
  PENSTOCK_RETURN_IF_ERROR(client.Post("/recurringruns/" + id + verb, json::object()).status());
  return kExitSucceeded;
}
Result<int> Enable(const Application&, const Options& options) { return Change(options, ":enable"); }
Result<int> Disable(const Application&, const Options& options) { return Change(options, ":disable"); }

Result<int> Delete(const Application&, const Options& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, Find(client, options));
  PENSTOCK_RETURN_IF_ERROR(client.Delete("/recurringruns/" + id));
  return kExitSucceeded;
}

void AddCreateOptions(CLI::App* command, Options& options) {
  command->add_option("--pipeline", options.pipeline, "Id or name of the pipeline")->required();
  command->add_option("--version", options.version, "Id of the version; each time the latest when left out");
  command->add_option("--cron", options.cron,
                      "\"second minute hour day month weekday\", or @daily; \"TZ=ZONE …\"");
  command->add_option("--every", options.interval_seconds, "Seconds between two runs")
      ->check(CLI::PositiveNumber);
  command->add_option("--start", options.start, "Not before, such as 2026-12-01T00:00:00Z");
  command->add_option("--end", options.end, "Not after");
  command->add_option("--max-concurrency", options.max_concurrency, "Runs at a time")
      ->check(CLI::Range(1, 10));
  command->add_flag("--no-catchup", options.has_no_catchup, "One run for all that were missed");
  command->add_flag("--disabled", options.is_disabled, "Start nothing yet");
  command->add_option("--experiment", options.experiment, "Id or name of the runs' experiment");
  command->add_option("-p,--param", options.parameters, "name=value, as often as needed");
}

}  // namespace

void AddRecurringRunsCommand(CLI::App& cli, Application& application) {
  auto* recurring =
      cli.add_subcommand("recurring-runs", "Recurring runs of a server: start pipelines by the clock");
  recurring->require_subcommand(1);
  struct Verb {
    const char *name, *help, *example;
    Action action;
  };
  for (const Verb& verb :
       {Verb{"create", "Start a pipeline again and again",
             "penstock recurring-runs create nightly --pipeline taxi --cron \"0 30 2 * * *\"", Create},
        Verb{"list", "List recurring runs", "penstock recurring-runs list", List},
        Verb{"show", "Show a recurring run", "penstock recurring-runs show nightly", Show},
        Verb{"enable", "Let it start runs", "penstock recurring-runs enable nightly", Enable},
        Verb{"disable", "Let it start none", "penstock recurring-runs disable nightly", Disable},
        Verb{"delete", "Delete it; its runs stay", "penstock recurring-runs delete nightly", Delete}}) {
    const auto options = std::make_shared<Options>();
    auto* command = recurring->add_subcommand(verb.name, verb.help);
    command->footer(std::string("Example: ") + verb.example);
    AddClientOptions(command, *options);
    if (verb.action == List) {
      command->add_option("--limit", options->limit, "At most so many")->check(CLI::Range(1, 1000000));
      command->add_option("--sort-by", options->sort_by, "\"FIELD\" or \"FIELD desc\"")
          ->capture_default_str();
    } else {
      command
          ->add_option("recurring_run", options->recurring_run,
                       verb.action == Create ? "Its name" : "Id or name")
          ->required();
    }
    if (verb.action == Create) AddCreateOptions(command, *options);
    command->callback([&application, options, action = verb.action] {
      application.action = [&application, options, action] { return action(application, *options); };
    });
  }
}

}  // namespace penstock::apps
