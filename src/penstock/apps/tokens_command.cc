#include "penstock/apps/command.h"
#include "penstock/apps/service_client.h"
#include "penstock/base/filesystem.h"
#include "penstock/metadata/access_store.h"
#include "penstock/metadata/database_url.h"
#include "penstock/server/access.h"

namespace penstock::apps {
namespace {

using nlohmann::json;

struct Options {
  std::string root = ".penstock", database, name, role = "viewer", namespace_name;
  int64_t num_valid_days = 0;
  bool as_json = false;
};
using Action = Result<int> (*)(const Application&, const Options&);

Result<std::unique_ptr<metadata::AccessStore>> Open(const Options& options) {
  const std::string root = fs::Absolute(options.root);
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(root));
  PENSTOCK_ASSIGN_OR_RETURN(const auto database,
                            metadata::FindDatabase(options.database, fs::Join(root, "metadata.sqlite")));
  return metadata::OpenAccessStore(database.place);
}

Result<int> Create(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(
      const auto token,
      server::MakeToken(options.name, options.role, options.namespace_name,
                        application.clock.Now().micros / 1'000'000, options.num_valid_days));
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, Open(options));
  PENSTOCK_RETURN_IF_ERROR(store->CreateToken(token.record));
  if (options.as_json) {
    fmt::print("{}\n", json{{"name", options.name}, {"token", token.text}}.dump());
  } else {
    fmt::print("{}\n", token.text);
    fmt::print(stderr, "Keep it: only its hash is stored, it is not shown again.\n");
  }
  return kExitSucceeded;
}

Result<int> List(const Application&, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, Open(options));
  PENSTOCK_ASSIGN_OR_RETURN(const auto tokens, store->ListTokens());
  json rows = json::array();
  for (const auto& token : tokens) {
    const auto time = [](int64_t seconds) { return Timestamp{seconds * 1'000'000}.ToIsoString(); };
    rows.push_back({{"name", token.name},
                    {"role", token.role},
                    {"namespace", token.namespace_name},
                    {"created", time(token.created_seconds)},
                    {"expires", token.expires_seconds == 0 ? "never" : time(token.expires_seconds)}});
  }
  PrintTable(rows,
             {{"name", "name"},
              {"role", "role"},
              {"namespace", "namespace"},
              {"created", "created"},
              {"expires", "expires"}},
             options.as_json);
  return kExitSucceeded;
}

Result<int> Revoke(const Application&, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, Open(options));
  PENSTOCK_RETURN_IF_ERROR(store->RevokeToken(options.name));
  return kExitSucceeded;
}

}  // namespace

void AddTokensCommand(CLI::App& cli, Application& application) {
  auto* tokens =
      cli.add_subcommand("tokens", "Bearer tokens of a server: who may see, change, administer what");
  tokens->require_subcommand(1);
  struct Verb {
    const char *name, *help, *example;
    Action action;
  };
  for (const Verb& verb :
       {Verb{"create", "Make a token and print it, once",
             "penstock tokens create ann --role editor --days 90", Create},
        Verb{"list", "List tokens, not themselves", "penstock tokens list", List},
        Verb{"revoke", "Let a token in no more, from now on", "penstock tokens revoke ann", Revoke}}) {
    const auto options = std::make_shared<Options>();
    auto* command = tokens->add_subcommand(verb.name, verb.help);
    command->footer(std::string("Example: ") + verb.example);
    command->add_option("--root", options->root, "The server's root")->capture_default_str();
    command->add_option(
        "--db", options->database,
        "The server's database, where it is not a file below the root; PENSTOCK_DB when left out");
    if (verb.action != Revoke) command->add_flag("--json", options->as_json, "As JSON");
    if (verb.action != List) command->add_option("name", options->name, "Who has it")->required();
    if (verb.action == Create) {
      command->add_option("--role", options->role, "viewer, editor or admin")->capture_default_str();
      command->add_option("--namespace", options->namespace_name,
                          "Only of this namespace; all when left out");
      command->add_option("--days", options->num_valid_days, "Expires after so many days; 0: never")
          ->check(CLI::NonNegativeNumber);
    }
    command->callback([&application, options, action = verb.action] {
      application.action = [&application, options, action] { return action(application, *options); };
    });
  }
}

}  // namespace penstock::apps
