#pragma once

#include <memory>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/access_store.h"
#include "penstock/metadata/audit_store.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/metadata/service_store.h"
#include "penstock/pipeline/component.h"
#include "penstock/runtime/run_engine.h"
#include "penstock/server/http_server.h"
#include "penstock/server/identity_tokens.h"

namespace penstock::server {

struct PipelinesServerOptions {
  HttpServerOptions http;
  std::string root;       ///< Absolute. Artifacts, logs and work directories lie below.
  std::string time_zone;  ///< Of cron expressions without one; empty: UTC.
  /// Whose tokens let in; null: everyone who reaches the server may do everything. Not owned.
  IdentityTokens* identities = nullptr;  ///< Of an identity provider; not owned; null: none.
  const metadata::AccessStore* access = nullptr;
  metadata::AuditStore* audit =
      nullptr;  ///< Where changes are kept beside the root's audit.log; may be null.
  std::string
      trace_endpoint;  ///< Where ended runs are sent by OTLP: "http://host:4318/v1/traces"; empty: nowhere.
  runtime::EngineOptions engine;
};

/// The pipelines service: REST in front, the engine behind, recurring runs by the clock.
class PipelinesServer {
 public:
  /// All but `options` are not owned and must outlive the server.
  static Result<std::unique_ptr<PipelinesServer>> Start(const PipelinesServerOptions& options,
                                                        const pipeline::ComponentCatalog& components,
                                                        metadata::MetadataStore& store,
                                                        metadata::ServiceStore& service_store,
                                                        runtime::TaskBackend& backend, const Clock& clock);
  virtual ~PipelinesServer() = default;

  /// "http://127.0.0.1:8888".
  virtual std::string url() const = 0;
  /// Answers what is asked, then ends; running pipelines go on at the next start.
  virtual void Stop() = 0;
};

}  // namespace penstock::server
