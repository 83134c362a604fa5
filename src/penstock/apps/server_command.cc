#include <poll.h>

#include <cstdlib>
#include <optional>
#include <type_traits>

#include "penstock/apps/backend_flags.h"
#include "penstock/apps/command.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/resident_pages.h"
#include "penstock/metadata/access_store.h"
#include "penstock/metadata/audit_store.h"
#include "penstock/metadata/database/database_store.h"
#include "penstock/metadata/database_url.h"
#include "penstock/metadata/leadership.h"
#include "penstock/metadata/mlmd/metadata_service.h"
#include "penstock/metadata/service_store.h"
#include "penstock/server/grpc/grpc_host.h"
#include "penstock/server/grpc/metadata_rpc.h"
#include "penstock/server/identity_tokens.h"
#include "penstock/server/pipelines_server.h"

namespace penstock::apps {
namespace {

constexpr int64_t kDrainMillis = 5000;

struct Options {
  std::string host = "127.0.0.1", database, root = ".penstock", pipeline_root, time_zone, certificate, key;
  int port = 8888, grpc_port = 8080, max_running = 0, num_http_threads = 16;
  bool is_open = false;
  std::string native = "on";
  server::IdentityOptions identity;
  std::string trace_endpoint;
  backends::BackendOptions backend;
};

/// The option's, or OpenTelemetry's own variables'.
std::string TraceEndpoint(const Options& options) {
  if (!options.trace_endpoint.empty()) return options.trace_endpoint;
  if (const char* exact = std::getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"); exact != nullptr) return exact;
  const char* base = std::getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (base == nullptr || *base == '\0') return "";
  return std::string(base) + (std::string_view(base).ends_with('/') ? "v1/traces" : "/v1/traces");
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

/// Tokens are asked for where there are any, and on every address that others reach.
Result<std::unique_ptr<metadata::AccessStore>> OpenAccess(const Options& options, const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(auto access, metadata::OpenAccessStore(path));
  PENSTOCK_ASSIGN_OR_RETURN(const auto tokens, access->ListTokens());
  if (options.is_open) return std::unique_ptr<metadata::AccessStore>();
  if (!tokens.empty()) return access;
  if (IsLoopback(options.host) || !options.identity.issuer.empty())
    return std::unique_ptr<metadata::AccessStore>();
  return FailedPrecondition(
      "Whoever reaches {} could run programs here: make a token first (penstock tokens create NAME --role "
      "admin "
      "--root {}), or pass --no-login",
      options.host, options.root);
}

std::string Address(const std::string& host, int port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

void WaitFor(const CancellationToken& cancellation, const CancellationToken& lost) {
  constexpr int kMillis = 100;
  while (!cancellation.IsCancelled() && !lost.IsCancelled()) ::poll(nullptr, 0, kMillis);
}

/// The root's lock of a server that was killed goes with its last process, a moment after its lead.
template <class Start>
std::invoke_result_t<Start> StartServer(const metadata::DatabaseUrl& database, Start start) {
  constexpr int kTries = 50, kMillis = 100;
  for (int i = 0;; ++i) {
    auto server = start();
    if (!database.is_server || !absl::IsFailedPrecondition(server.status()) || i == kTries) return server;
    ::poll(nullptr, 0, kMillis);
  }
}

Result<int> Serve(Application& application, const Options& options) {
  const std::string root = fs::Absolute(options.root);
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(root));
  PENSTOCK_ASSIGN_OR_RETURN(const metadata::DatabaseUrl database,
                            metadata::FindDatabase(options.database, fs::Join(root, "metadata.sqlite")));
  const std::string& path = database.place;
  PENSTOCK_ASSIGN_OR_RETURN(const auto leadership,
                            metadata::Leadership::Await(path, application.cancellation));
  PENSTOCK_ASSIGN_OR_RETURN(const auto store, metadata::OpenStore(path, application.clock));
  PENSTOCK_ASSIGN_OR_RETURN(const auto service_store, metadata::OpenServiceStore(path));
  PENSTOCK_ASSIGN_OR_RETURN(const auto access, OpenAccess(options, path));
  backends::BackendOptions backend_options = options.backend;
  backend_options.self = application.program;
  PENSTOCK_ASSIGN_OR_RETURN(const auto backend, backends::MakeBackend(std::move(backend_options)));
  server::PipelinesServerOptions server_options;
  server_options.http = {.host = options.host,
                         .port = options.port,
                         .num_threads = options.num_http_threads,
                         .certificate_path = options.certificate,
                         .private_key_path = options.key};
  server_options.root = root;
  server_options.time_zone = options.time_zone;
  server_options.access = access.get();
  std::unique_ptr<metadata::AuditStore> audit;
  if (database.is_server) {
    PENSTOCK_ASSIGN_OR_RETURN(audit, metadata::OpenAuditStore(path));
  }
  server_options.audit = audit.get();
  std::optional<server::IdentityTokens> identities;
  if (!options.identity.issuer.empty()) {
    identities.emplace(options.identity, application.clock, server::IdentityTokens::FetchPlace);
    server_options.identities = &*identities;
  }
  server_options.trace_endpoint = TraceEndpoint(options);
  server_options.engine = {.root = root,
                           .pipeline_root = options.pipeline_root,
                           .max_running = options.max_running,
                           .is_native_enabled = options.native == "on"};
  PENSTOCK_ASSIGN_OR_RETURN(const auto server, StartServer(database, [&] {
                              return server::PipelinesServer::Start(server_options, application.components,
                                                                    *store, *service_store, *backend,
                                                                    application.clock);
                            }));
  PENSTOCK_ASSIGN_OR_RETURN(const auto metadata_service,
                            metadata::mlmd::OpenMetadataService(path, application.clock));
  server::MetadataRpc rpc(*metadata_service);
  // ML Metadata's protocol knows no login: where one is asked for, it stays on this machine.
  const bool is_open = options.is_open || IsLoopback(options.host);
  const std::string grpc_host = is_open ? options.host : "127.0.0.1";
  PENSTOCK_ASSIGN_OR_RETURN(const auto grpc,
                            server::StartGrpcHost({.host = grpc_host, .port = options.grpc_port}, rpc));
  const nlohmann::json ready = {{"rest", server->url()}, {"grpc", Address(grpc_host, grpc->port())}};
  fmt::print("{}\n", ready.dump());
  std::fflush(stdout);
  ReleaseStartupPages();
  CancellationToken lost;
  leadership->CancelWhenLost(lost);
  WaitFor(application.cancellation, lost);
  // Whoever leads now runs what was running here: nothing more may be written.
  if (lost.IsCancelled()) std::_Exit(kExitFailed);
  grpc->Drain(kDrainMillis);
  server->Stop();
  return kExitSucceeded;
}

}  // namespace

void AddServerCommand(CLI::App& cli, Application& application) {
  auto* command =
      cli.add_subcommand("server", "Serve Kubeflow Pipelines' API: store, run and schedule pipelines");
  const auto options = std::make_shared<Options>();
  command->footer(
      "Example: penstock server --root ./pipelines --port 8888\n"
      "Then, in Python: kfp.Client(host='http://127.0.0.1:8888')\n"
      "When it is ready it prints one line of JSON: {\"rest\": \"http://127.0.0.1:8888\", \"grpc\": "
      "\"127.0.0.1:8080\"}");
  command->add_option("--host", options->host, "Address to listen on")->capture_default_str();
  command->add_option("--port", options->port, "Port of the REST API; 0: any free one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  command
      ->add_option("--grpc-port", options->grpc_port, "Port of ML Metadata's gRPC service; 0: any free one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  command->add_option(
      "--db", options->database,
      "sqlite:///PATH, postgresql://USER:PASSWORD@HOST/DATABASE or mysql://...; PENSTOCK_DB, or "
      "metadata.sqlite below the root, when left out. Of several servers on one database one runs "
      "the pipelines, the others wait to take over");
  command->add_option("--root", options->root, "Folder of artifacts, logs and work directories")
      ->capture_default_str();
  command->add_option("--pipeline-root", options->pipeline_root,
                      "Where artifacts of runs lie that name no pipeline root: a folder, or a URI of object "
                      "storage (s3://bucket/folder)");
  command->add_option("--max-running", options->max_running, "Tasks at a time; 0: one per core")
      ->check(CLI::Range(0, 10000));
  command->add_option("--time-zone", options->time_zone, "Of schedules that name none; UTC when left out");
  command
      ->add_option("--native", options->native,
                   "off: TFX's standard components run as their own Python commands, not as ours")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  command->add_option("--otlp-endpoint", options->trace_endpoint,
                      "Send a trace of each run that has ended: http://collector:4318/v1/traces; "
                      "OTEL_EXPORTER_OTLP_ENDPOINT when left out");
  AddBackendFlags(*command, options->backend);
  auto* issuer = command->add_option("--oidc-issuer", options->identity.issuer,
                                     "Let in users of this OpenID Connect provider: its URL, the claim iss");
  auto* audience =
      command->add_option("--oidc-audience", options->identity.audience, "The claim aud of their tokens");
  issuer->needs(audience);
  audience->needs(issuer);
  command
      ->add_option("--oidc-jwks", options->identity.keys,
                   "URL or file of its keys; what its openid-configuration names when left out")
      ->needs(issuer);
  command->add_option("--oidc-role-claim", options->identity.role_claim, "Claim with viewer, editor or admin")
      ->capture_default_str();
  command->add_option("--oidc-namespace-claim", options->identity.namespace_claim, "Claim with the namespace")
      ->capture_default_str();
  command
      ->add_option("--oidc-default-role", options->identity.default_role,
                   "Of users without a role: none gets in")
      ->check(CLI::IsMember({"viewer", "editor", "admin"}));
  auto* certificate =
      command->add_option("--tls-cert", options->certificate, "Certificate chain (PEM): serve HTTPS");
  auto* key = command->add_option("--tls-key", options->key, "Private key (PEM) of --tls-cert");
  certificate->needs(key);
  key->needs(certificate);
  command->callback([&application, options] {
    application.action = [&application, options] { return Serve(application, *options); };
  });
}

}  // namespace penstock::apps
