#include "penstock/server/recurrence.h"

#include <array>
#include <optional>
#include <utility>

#include <absl/time/time.h>

#include "penstock/base/ids.h"
#include "penstock/base/logging.h"
#include "penstock/runtime/recurring_schedule.h"

namespace penstock::server {
namespace {

using metadata::RecurringRunRecord;
using metadata::ServiceRunRecord;
using nlohmann::json;

Result<ServiceRunRecord> MakeRun(Service& service, const RecurringRunRecord& recurring, int64_t due) {
  const int64_t now = service.NowSeconds();
  ServiceRunRecord run{.id = NewUuid(),
                       .namespace_name = recurring.namespace_name,
                       .experiment_id = recurring.experiment_id,
                       .recurring_run_id = recurring.id,
                       .pipeline_id = recurring.pipeline_id,
                       .pipeline_version_id = recurring.pipeline_version_id,
                       .description = recurring.description,
                       .service_account = recurring.service_account,
                       .plugins_input = recurring.plugins_input,
                       .spec = recurring.spec,
                       .created_seconds = now,
                       .scheduled_seconds = due};
  const Tick tick{due, now, recurring.num_started + 1, run.id};
  run.display_name = fmt::format("{}-{}", recurring.display_name, tick.index);
  run.runtime_config = ReplaceMacros(recurring.runtime_config, tick);
  if (run.spec.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(auto latest, service.store.GetLatestPipelineVersion(recurring.pipeline_id));
    run.pipeline_version_id = latest.id;
    run.spec = std::move(latest.spec);
  }
  return run;
}

/// Starts the run that is due, if there is one; answers whether it did.
Result<bool> StartOne(Service& service, RecurringRunRecord& recurring) {
  PENSTOCK_ASSIGN_OR_RETURN(runtime::RecurringSchedule schedule,
                            runtime::MakeSchedule(recurring.trigger.cron, recurring.trigger.interval_seconds,
                                                  service.options.time_zone));
  schedule.start_seconds = recurring.trigger.start_seconds;
  schedule.end_seconds = recurring.trigger.end_seconds;
  schedule.has_catchup = !recurring.has_no_catchup;
  schedule.max_concurrency = recurring.max_concurrency;
  runtime::RecurrenceState state{.created_seconds = recurring.created_seconds,
                                 .last_scheduled_seconds = recurring.last_scheduled_seconds};
  if (!DecideStart(schedule, state, service.NowSeconds()).has_value()) return false;
  PENSTOCK_ASSIGN_OR_RETURN(state.num_active_runs, service.store.CountActiveRuns(recurring.id));
  const auto due = DecideStart(schedule, state, service.NowSeconds());
  if (!due.has_value()) return false;
  if (recurring.spec.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(RecurringRunRecord whole, service.store.GetRecurringRun(recurring.id));
    recurring.spec = std::move(whole.spec);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const ServiceRunRecord run, MakeRun(service, recurring, *due));
  const Status status = service.store.AdvanceRecurringRun(recurring, *due, &run);
  if (absl::IsAborted(status)) return false;  // Disabled, deleted or started by another server meanwhile.
  PENSTOCK_RETURN_IF_ERROR(status);
  service.runs.Start(run.id);
  recurring.last_scheduled_seconds = *due;
  ++recurring.num_started;
  return true;
}

/// A time by a layout as Go writes it: its reference time, with the parts in the places where they go.
std::string FormatByLayout(int64_t seconds, std::string layout) {
  constexpr std::array<std::pair<const char*, const char*>, 7> kParts = {
      {{"2006", "%Y"}, {"01", "%m"}, {"02", "%d"}, {"15", "%H"}, {"04", "%M"}, {"05", "%S"}, {"Jan", "%b"}}};
  std::string format;
  for (size_t at = 0; at < layout.size();) {
    bool is_found = false;
    for (const auto& [part, code] : kParts) {
      if (layout.compare(at, std::string_view(part).size(), part) != 0) continue;
      format += code;
      at += std::string_view(part).size();
      is_found = true;
      break;
    }
    if (is_found) continue;
    if (layout[at] == '%') format += '%';
    format += layout[at++];
  }
  return absl::FormatTime(format, absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

std::optional<std::string> ValueOf(std::string_view macro, const Tick& tick) {
  if (macro == "Index") return std::to_string(tick.index);
  if (macro == "RunUUID") return tick.run_id;
  constexpr const char* kDefaultLayout = "20060102150405";
  for (const auto& [name, seconds] :
       {std::pair<std::string_view, int64_t>{"ScheduledTime", tick.scheduled_seconds},
        {"CurrentTime", tick.now_seconds}}) {
    if (macro == name) return FormatByLayout(seconds, kDefaultLayout);
    if (macro.starts_with(name) && macro.substr(name.size()).starts_with("."))
      return FormatByLayout(seconds, std::string(macro.substr(name.size() + 1)));
  }
  return std::nullopt;
}

std::string ReplaceInText(const std::string& text, const Tick& tick) {
  std::string replaced;
  size_t at = 0;
  while (true) {
    const size_t begin = text.find("[[", at);
    const size_t end = begin == std::string::npos ? begin : text.find("]]", begin);
    if (end == std::string::npos) return replaced + text.substr(at);
    replaced += text.substr(at, begin - at);
    const auto value = ValueOf(std::string_view(text).substr(begin + 2, end - begin - 2), tick);
    replaced += value.has_value() ? *value : text.substr(begin, end + 2 - begin);
    at = end + 2;
  }
}

}  // namespace

json ReplaceMacros(const json& value, const Tick& tick) {
  if (value.is_string()) return ReplaceInText(value.get_ref<const std::string&>(), tick);
  json replaced = value;
  if (value.is_structured())
    for (auto& one : replaced) one = ReplaceMacros(one, tick);
  return replaced;
}

Result<int> StartDueRuns(Service& service) {
  PENSTOCK_ASSIGN_OR_RETURN(auto enabled, service.store.FindEnabledRecurringRuns());
  int num_started = 0;
  for (RecurringRunRecord& recurring : enabled) {
    // Several where it catches up, as many as may run at once.
    for (int64_t i = 0; i < recurring.max_concurrency; ++i) {
      const Result<bool> is_started = StartOne(service, recurring);
      if (!is_started.ok()) {
        logging::Warning("a recurring run cannot start its run",
                         {{"recurring_run", recurring.id}, {"error", is_started.status().message()}});
      }
      if (!is_started.ok() || !*is_started) break;
      ++num_started;
    }
  }
  return num_started;
}

}  // namespace penstock::server
