#include "penstock/runtime/recurring_schedule.h"

#include <algorithm>

namespace penstock::runtime {
namespace {

std::optional<int64_t> NextPeriodic(const RecurringSchedule& schedule, int64_t last, int64_t now) {
  if (schedule.start_seconds.has_value() && *schedule.start_seconds > last) return schedule.start_seconds;
  int64_t due = last + schedule.interval_seconds;
  if (schedule.end_seconds.has_value() && *schedule.end_seconds < due) return std::nullopt;
  if (schedule.has_catchup || now < due + schedule.interval_seconds) return due;
  // Several were missed: one run stands for them all.
  due = now;
  return schedule.end_seconds.has_value() ? std::min(due, *schedule.end_seconds) : due;
}

std::optional<int64_t> NextByCron(const RecurringSchedule& schedule, int64_t last, int64_t now) {
  const int64_t from = schedule.start_seconds.has_value() ? std::max(last, *schedule.start_seconds) : last;
  const auto due = schedule.cron->Next(from);
  if (!due.has_value()) return std::nullopt;
  if (schedule.end_seconds.has_value() && *schedule.end_seconds < *due) return std::nullopt;
  if (schedule.has_catchup) return due;
  const int64_t until = schedule.end_seconds.has_value() ? std::min(now, *schedule.end_seconds) : now;
  const auto latest = schedule.cron->LatestDue(*due, until);
  return latest.has_value() ? latest : due;
}

}  // namespace

Result<RecurringSchedule> MakeSchedule(const std::string& cron, int64_t interval_seconds,
                                       const std::string& time_zone) {
  RecurringSchedule schedule;
  if (!cron.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(schedule.cron, CronExpression::Parse(cron, time_zone));
    return schedule;
  }
  constexpr int64_t kMaxSeconds = int64_t{100} * 366 * 24 * 3600;
  if (interval_seconds < 1 || interval_seconds > kMaxSeconds)
    return InvalidArgument("Found invalid period schedule interval {}. Set at interval to least 1 second",
                           interval_seconds);
  schedule.interval_seconds = interval_seconds;
  return schedule;
}

std::optional<int64_t> NextDue(const RecurringSchedule& schedule, const RecurrenceState& state, int64_t now) {
  int64_t last = state.created_seconds;
  if (state.last_scheduled_seconds.has_value()) {
    last = *state.last_scheduled_seconds;
  } else if (schedule.start_seconds.has_value()) {
    last = *schedule.start_seconds;
  }
  return schedule.cron.has_value() ? NextByCron(schedule, last, now) : NextPeriodic(schedule, last, now);
}

std::optional<int64_t> DecideStart(const RecurringSchedule& schedule, const RecurrenceState& state,
                                   int64_t now) {
  if (state.num_active_runs >= schedule.max_concurrency) return std::nullopt;
  const auto due = NextDue(schedule, state, now);
  return due.has_value() && *due <= now ? due : std::nullopt;
}

}  // namespace penstock::runtime
