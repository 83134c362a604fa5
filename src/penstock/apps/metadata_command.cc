#include <chrono>
#include <cstdio>
#include <thread>

#include "penstock/apps/command.h"
#include "penstock/base/filesystem.h"
#include "penstock/metadata/database/database_store.h"
#include "penstock/metadata/database_url.h"
#include "penstock/metadata/mlmd/metadata_service.h"
#include "penstock/server/grpc/grpc_host.h"
#include "penstock/server/grpc/metadata_rpc.h"

namespace penstock::apps {
namespace {

constexpr int64_t kDrainMillis = 10'000;
constexpr const char* kDefaultPath = ".penstock/metadata.sqlite";

struct Options {
  std::string host = "127.0.0.1", database;
  int port = 8080;
};

std::string Address(const std::string& host, int port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<int> Serve(const Application& application, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const metadata::DatabaseUrl database,
                            metadata::FindDatabase(options.database, kDefaultPath));
  const std::string folder = database.is_server ? "" : fs::DirName(database.place);
  if (!folder.empty()) PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
  PENSTOCK_ASSIGN_OR_RETURN(const auto service,
                            metadata::mlmd::OpenMetadataService(database.place, application.clock));
  server::MetadataRpc rpc(*service);
  PENSTOCK_ASSIGN_OR_RETURN(const auto host,
                            server::StartGrpcHost({.host = options.host, .port = options.port}, rpc));
  fmt::print("{}\n", nlohmann::json{{"grpc", Address(options.host, host->port())}}.dump());
  std::fflush(stdout);
  while (!application.cancellation.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  host->Drain(kDrainMillis);
  return kExitSucceeded;
}

Result<int> Upgrade(const Application&, const Options& options) {
  PENSTOCK_ASSIGN_OR_RETURN(const metadata::DatabaseUrl database,
                            metadata::FindDatabase(options.database, kDefaultPath));
  PENSTOCK_RETURN_IF_ERROR(metadata::UpgradeStore(database.place));
  fmt::print("{} has ML Metadata's tables of version {}\n",
             database.is_server ? "The database" : database.place, metadata::kStoreSchemaVersion);
  return kExitSucceeded;
}

void AddDatabaseOption(CLI::App* command, Options& options) {
  command->add_option(
      "--db", options.database,
      "The store: sqlite:///PATH, postgresql://USER:PASSWORD@HOST/DATABASE or mysql://...; PENSTOCK_DB, or "
      ".penstock/metadata.sqlite, when left out");
}

}  // namespace

void AddMetadataCommand(CLI::App& cli, Application& application) {
  auto* metadata =
      cli.add_subcommand("metadata", "The metadata store: serve it to ML Metadata's clients, upgrade it");
  metadata->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  auto* serve = metadata->add_subcommand(
      "serve", "Serve a metadata store over gRPC as ml_metadata.MetadataStoreService, until SIGTERM");
  serve->footer(
      "When ready it prints one JSON line, {\"grpc\":\"127.0.0.1:8080\"}.\n"
      "Example: penstock metadata serve --db sqlite:///.penstock/metadata.sqlite --port 8080");
  AddDatabaseOption(serve, *options);
  serve
      ->add_option("--host", options->host,
                   "Address to listen on. There is no login: keep it on this machine")
      ->capture_default_str();
  serve->add_option("--port", options->port, "Port to listen on; 0 picks a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  serve->callback([&application, options] {
    application.action = [&application, options] { return Serve(application, *options); };
  });
  auto* upgrade = metadata->add_subcommand(
      "upgrade", "Bring a store that an older ML Metadata made to the version that Penstock reads");
  upgrade->footer("Make a copy first. Example: penstock metadata upgrade --db sqlite:///mlmd.sqlite");
  AddDatabaseOption(upgrade, *options);
  upgrade->callback([&application, options] {
    application.action = [&application, options] { return Upgrade(application, *options); };
  });
}

}  // namespace penstock::apps
