#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "penstock/base/status.h"
#include "penstock/runtime/cron_expression.h"

namespace penstock::runtime {

/// When a recurring run starts its runs: by cron, or every so many seconds; as Kubeflow
/// Pipelines' scheduled workflow controller decides. All times are seconds since the epoch.
struct RecurringSchedule {
  std::optional<CronExpression> cron;  ///< Empty: periodic.
  int64_t interval_seconds = 0;        ///< At least 1 where periodic.
  std::optional<int64_t> start_seconds;
  std::optional<int64_t> end_seconds;
  bool has_catchup = true;  ///< Missed times are made up for, one by one; else only the latest.
  int64_t max_concurrency = 1;
};

/// `cron` empty: periodic. kInvalidArgument: neither or a bad one.
Result<RecurringSchedule> MakeSchedule(const std::string& cron, int64_t interval_seconds,
                                       const std::string& time_zone);

/// Where a recurring run stands.
struct RecurrenceState {
  int64_t created_seconds = 0;
  std::optional<int64_t> last_scheduled_seconds;
  int64_t num_active_runs = 0;
};

/// The next time a run is due, be it past or to come; empty: never again. Pure. After the latest
/// one (or the start, or the creation) and not after the end.
std::optional<int64_t> NextDue(const RecurringSchedule& schedule, const RecurrenceState& state, int64_t now);

/// The time of the run to start now; empty: none is due, or as many as may be are at work. Pure.
std::optional<int64_t> DecideStart(const RecurringSchedule& schedule, const RecurrenceState& state,
                                   int64_t now);

}  // namespace penstock::runtime
