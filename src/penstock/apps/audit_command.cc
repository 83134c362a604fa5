#include "penstock/apps/command.h"
#include "penstock/apps/service_client.h"
#include "penstock/base/filesystem.h"
#include "penstock/metadata/audit_store.h"
#include "penstock/metadata/database_url.h"
#include "penstock/server/audit_log.h"

namespace penstock::apps {
namespace {

struct Options {
  std::string root = ".penstock", database;
  int64_t limit = 100;
  bool as_json = false;
};

/// Of every server of a shared database, or of the one server of a root.
Result<nlohmann::json> ReadEntries(const Options& options) {
  const std::string root = fs::Absolute(options.root);
  PENSTOCK_ASSIGN_OR_RETURN(const auto database,
                            metadata::FindDatabase(options.database, fs::Join(root, "metadata.sqlite")));
  if (!database.is_server) return server::ReadAuditLog(fs::Join(root, "audit.log"), options.limit);
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, metadata::OpenAuditStore(database.place));
  PENSTOCK_ASSIGN_OR_RETURN(const auto records, store->ListLatest(options.limit));
  nlohmann::json entries = nlohmann::json::array();
  for (const auto& record : records) entries.push_back(server::AuditEntry(record));
  return entries;
}

Result<int> Show(const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto entries, ReadEntries(options));
  PrintTable(entries,
             {{"time", "time"},
              {"server", "server"},
              {"caller", "caller"},
              {"peer", "from"},
              {"operation", "operation"},
              {"path", "path"},
              {"status", "status"}},
             options.as_json);
  return kExitSucceeded;
}

}  // namespace

void AddAuditCommand(CLI::App& cli, Application& application) {
  const auto options = std::make_shared<Options>();
  auto* command = cli.add_subcommand("audit", "Who asked the servers for which change, and what came of it");
  command->footer("Example: penstock audit --db postgresql://penstock@database/penstock --limit 20");
  command->add_option("--root", options->root, "The server's root")->capture_default_str();
  command->add_option("--db", options->database,
                      "The database that servers share: the changes of all, by time; PENSTOCK_DB when left "
                      "out. With a file, those of the root's audit.log");
  command->add_option("--limit", options->limit, "The latest so many")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  command->add_flag("--json", options->as_json, "As JSON");
  command->callback([&application, options] { application.action = [options] { return Show(*options); }; });
}

}  // namespace penstock::apps
