#pragma once

#include "penstock/base/clock.h"
#include "penstock/server/access.h"
#include "penstock/server/audit_log.h"
#include "penstock/server/http_message.h"
#include "penstock/server/metrics.h"
#include "penstock/server/router.h"

namespace penstock::server {

/// What stands around the routes; nothing is owned.
struct Gate {
  const AccessControl& access;
  AuditLog* audit;  ///< Null: none is kept.
  Metrics& metrics;
  const Clock& clock;
};

/// From a request to its answer: finds the route, asks who may, calls, counts, logs. Never fails: what
/// goes wrong is an answer. Safe from any thread.
HttpResponse Dispatch(const Router& router, const Gate& gate, const HttpRequest& request);

}  // namespace penstock::server
