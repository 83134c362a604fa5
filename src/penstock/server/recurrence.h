#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/metadata/service_records.h"
#include "penstock/server/service.h"

namespace penstock::server {

/// Starts every run that is due now; answers how many. Each start and its recurring run's clock
/// are stored together, so that no tick is lost or run twice, whoever calls and whenever it dies.
/// One recurring run that cannot start (its pipeline is gone) is logged and passed over.
Result<int> StartDueRuns(Service& service);

/// What a run's parameters may hold of its recurring run: [[ScheduledTime]], [[CurrentTime]]
/// (20260131235959; or by a Go layout, [[ScheduledTime.2006-01-02]]), [[Index]], [[RunUUID]].
struct Tick {
  int64_t scheduled_seconds = 0;
  int64_t now_seconds = 0;
  int64_t index = 1;  ///< Of the run among the recurring run's, from 1.
  std::string run_id;
};
nlohmann::json ReplaceMacros(const nlohmann::json& value, const Tick& tick);

}  // namespace penstock::server
