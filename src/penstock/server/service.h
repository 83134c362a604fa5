#pragma once

#include <cstdint>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/metadata/service_store.h"
#include "penstock/server/event_hub.h"
#include "penstock/server/metrics.h"
#include "penstock/server/router.h"
#include "penstock/server/run_control.h"

namespace penstock::server {

struct ServiceOptions {
  std::string root;             ///< Artifacts and logs are only read below it.
  std::string time_zone;        ///< Of cron expressions without one; empty: UTC.
  bool has_namespaces = false;  ///< Several users, each in a namespace.
};

/// What the routes work with; nothing is owned.
struct Service {
  metadata::ServiceStore& store;
  metadata::MetadataStore& artifacts;  ///< The same database's artifacts and executions.
  RunControl& runs;
  const Clock& clock;
  EventHub& events;
  Metrics& metrics;
  ServiceOptions options;

  int64_t NowSeconds() const { return clock.Now().micros / 1'000'000; }
};

/// The routes of each part of the API; `service` must outlive the router.
void AddExperimentRoutes(Router& router, Service& service);
void AddPipelineRoutes(Router& router, Service& service);
void AddUploadRoutes(Router& router, Service& service);
void AddRunRoutes(Router& router, Service& service);
void AddRunContentRoutes(Router& router, Service& service);
void AddArtifactRoutes(Router& router, Service& service);
void AddRecurringRunRoutes(Router& router, Service& service);
void AddSystemRoutes(Router& router, Service& service);

/// The id of the experiment "Default" of the namespace, made when it is first needed.
Result<std::string> DefaultExperiment(Service& service, const std::string& namespace_name);
/// kInvalidArgument: empty, too long or not UTF-8; `what` names it.
Status CheckName(const std::string& name, std::string_view what, size_t max_characters);
/// The namespace that a request may see: of the caller, or what it names where there are several.
Result<std::string> NamespaceOf(const Service& service, const ApiCall& call, const std::string& asked);

}  // namespace penstock::server
