#include "penstock/apps/command.h"
#include "penstock/apps/service_client.h"
#include "penstock/server/http_client.h"

namespace penstock::apps {
namespace {

using nlohmann::json;
using server::PercentEncode;

struct Options : ClientOptions {
  std::string experiment, description, sort_by = "created_at desc";
  int limit = 20;
};
using Action = Result<int> (*)(const Application&, const Options&);

const std::vector<TableColumn> kColumns = {{"experiment", "experiment_id"},
                                           {"name", "display_name"},
                                           {"created", "created_at"},
                                           {"last run", "last_run_created_at"},
                                           {"storage", "storage_state"}};

Result<std::string> Find(const ServiceClient& client, const Options& options) {
  return client.Resolve("experiments", "experiments", "experiment_id", options.experiment);
}

Result<int> Create(const Application&, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(
      const json made, ServiceClient(options).Post("/experiments", {{"display_name", options.experiment},
                                                                    {"description", options.description}}));
  PrintTable(json::array({made}), kColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> List(const Application&, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(
      const json list, ServiceClient(options).List("/experiments?sort_by=" + PercentEncode(options.sort_by),
                                                   "experiments", options.limit));
  PrintTable(list, kColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> Show(const Application&, const Options& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, Find(client, options));
  PENSTOCK_ASSIGN_OR_RETURN(const json experiment, client.Get("/experiments/" + id));
  PrintTable(json::array({experiment}), kColumns, options.as_json);
  return kExitSucceeded;
}

Result<int> Move(const Options& options, const char* verb) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, Find(client, options));
  PENSTOCK_RETURN_IF_ERROR(client.Post("/experiments/" + id + verb, json::object()).status());
  return kExitSucceeded;
}
Result<int> Archive(const Application&, const Options& options) { return Move(options, ":archive"); }
Result<int> Unarchive(const Application&, const Options& options) { return Move(options, ":unarchive"); }

Result<int> Delete(const Application&, const Options& options) {
  const ServiceClient client(options);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string id, Find(client, options));
  PENSTOCK_RETURN_IF_ERROR(client.Delete("/experiments/" + id));
  return kExitSucceeded;
}

}  // namespace

void AddExperimentsCommand(CLI::App& cli, Application& application) {
  auto* experiments = cli.add_subcommand("experiments", "Experiments of a server: groups of runs");
  experiments->require_subcommand(1);
  struct Verb {
    const char *name, *help, *example;
    Action action;
    bool has_name;
  };
  for (const Verb& verb :
       {Verb{"create", "Make an experiment", "penstock experiments create fares", Create, true},
        Verb{"list", "List experiments", "penstock experiments list", List, false},
        Verb{"show", "Show an experiment", "penstock experiments show fares", Show, true},
        Verb{"archive", "Archive an experiment with its runs", "penstock experiments archive fares", Archive,
             true},
        Verb{"unarchive", "Take an experiment back out of the archive",
             "penstock experiments unarchive fares", Unarchive, true},
        Verb{"delete", "Delete an experiment; its runs stay", "penstock experiments delete fares", Delete,
             true}}) {
    const auto options = std::make_shared<Options>();
    auto* command = experiments->add_subcommand(verb.name, verb.help);
    command->footer(std::string("Example: ") + verb.example);
    AddClientOptions(command, *options);
    if (verb.has_name) {
      command->add_option("experiment", options->experiment, "Id or name")->required();
      if (verb.action == Create) command->add_option("--description", options->description, "What it is for");
    } else {
      command->add_option("--limit", options->limit, "At most so many")->check(CLI::Range(1, 1000000));
      command->add_option("--sort-by", options->sort_by, "\"FIELD\" or \"FIELD desc\"")
          ->capture_default_str();
    }
    command->callback([&application, options, action = verb.action] {
      application.action = [&application, options, action] { return action(application, *options); };
    });
  }
}

}  // namespace penstock::apps
