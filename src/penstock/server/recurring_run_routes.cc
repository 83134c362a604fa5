#include <utility>

#include "penstock/base/ids.h"
#include "penstock/runtime/recurring_schedule.h"
#include "penstock/server/json_message.h"
#include "penstock/server/list_request.h"
#include "penstock/server/run_routes.h"
#include "penstock/server/service.h"

namespace penstock::server {
namespace {

using metadata::RecurringRunRecord;
using metadata::TriggerRecord;
using nlohmann::json;

json ToJson(const TriggerRecord& trigger) {
  json schedule = json::object();
  if (trigger.start_seconds.has_value()) schedule["start_time"] = FormatSeconds(*trigger.start_seconds);
  if (trigger.end_seconds.has_value()) schedule["end_time"] = FormatSeconds(*trigger.end_seconds);
  if (!trigger.cron.empty()) {
    schedule["cron"] = trigger.cron;
    return {{"cron_schedule", schedule}};
  }
  schedule["interval_second"] = std::to_string(trigger.interval_seconds);
  return {{"periodic_schedule", schedule}};
}

json ToJson(const RecurringRunRecord& recurring) {
  json message = {{"recurring_run_id", recurring.id},
                  {"display_name", recurring.display_name},
                  {"experiment_id", recurring.experiment_id},
                  {"max_concurrency", std::to_string(recurring.max_concurrency)},
                  {"mode", recurring.is_enabled ? "ENABLE" : "DISABLE"},
                  {"status", recurring.is_enabled ? "ENABLED" : "DISABLED"},
                  {"trigger", ToJson(recurring.trigger)},
                  {"created_at", FormatSeconds(recurring.created_seconds)},
                  {"updated_at", FormatSeconds(recurring.updated_seconds)}};
  SetText(message, "description", recurring.description);
  SetText(message, "namespace", recurring.namespace_name);
  SetText(message, "service_account", recurring.service_account);
  if (recurring.has_no_catchup) message["no_catchup"] = true;
  if (!recurring.runtime_config.empty()) message["runtime_config"] = recurring.runtime_config;
  if (!recurring.plugins_input.empty()) message["plugins_input"] = recurring.plugins_input;
  if (!recurring.pipeline_id.empty()) {
    message["pipeline_version_reference"] = {{"pipeline_id", recurring.pipeline_id}};
    SetText(message["pipeline_version_reference"], "pipeline_version_id", recurring.pipeline_version_id);
  } else {
    json spec = json::parse(recurring.spec, nullptr, false);
    if (!spec.is_discarded()) message["pipeline_spec"] = std::move(spec);
  }
  return message;
}

Result<TriggerRecord> ReadTrigger(const json& message) {
  PENSTOCK_ASSIGN_OR_RETURN(const json value, ObjectOf(message, "trigger"));
  PENSTOCK_ASSIGN_OR_RETURN(const json trigger,
                            ReadMessage(value, "trigger", {"cron_schedule", "periodic_schedule"}));
  if (trigger.size() != 1)
    return InvalidArgument("A recurring run needs a trigger: a cron_schedule or a periodic_schedule");
  TriggerRecord record;
  const bool is_cron = trigger.contains("cron_schedule");
  PENSTOCK_ASSIGN_OR_RETURN(
      const json schedule,
      is_cron ? ReadMessage(trigger["cron_schedule"], "cron_schedule", {"start_time", "end_time", "cron"})
              : ReadMessage(trigger["periodic_schedule"], "periodic_schedule",
                            {"start_time", "end_time", "interval_second"}));
  if (is_cron) {
    PENSTOCK_ASSIGN_OR_RETURN(record.cron, TextOf(schedule, "cron"));
    if (record.cron.empty()) return InvalidArgument("The cron expression of the trigger is empty");
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(record.interval_seconds, IntegerOf(schedule, "interval_second"));
  }
  PENSTOCK_ASSIGN_OR_RETURN(record.start_seconds, SecondsOf(schedule, "start_time"));
  PENSTOCK_ASSIGN_OR_RETURN(record.end_seconds, SecondsOf(schedule, "end_time"));
  return record;
}

Result<bool> ReadMode(const json& message) {
  const auto entry = message.find("mode");
  if (entry == message.end()) return InvalidArgument("The mode of a recurring run must be ENABLE or DISABLE");
  if (*entry == "ENABLE" || *entry == 1) return true;
  if (*entry == "DISABLE" || *entry == 2) return false;
  return InvalidArgument("The mode of a recurring run must be ENABLE or DISABLE, not {}",
                         entry->dump(-1, ' ', false, json::error_handler_t::replace));
}

/// A run as the recurring run would start it now: to find what is wrong with it at once.
Result<metadata::ServiceRunRecord> TrialRun(Service& service, const RecurringRunRecord& recurring) {
  metadata::ServiceRunRecord run{.id = NewUuid(),
                                 .display_name = recurring.display_name,
                                 .runtime_config = recurring.runtime_config,
                                 .spec = recurring.spec};
  if (run.spec.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto latest,
                              service.store.GetLatestPipelineVersion(recurring.pipeline_id));
    run.spec = latest.spec;
  }
  return run;
}

Result<json> Create(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(
      const json message,
      ReadMessage(body, "recurring run",
                  {"recurring_run_id", "display_name", "description", "pipeline_version_id", "pipeline_spec",
                   "pipeline_version_reference", "runtime_config", "service_account", "max_concurrency",
                   "trigger", "mode", "created_at", "updated_at", "status", "error", "no_catchup",
                   "namespace", "experiment_id", "plugins_input"}));
  const int64_t now = service.NowSeconds();
  RecurringRunRecord recurring{.id = NewUuid(), .created_seconds = now, .updated_seconds = now};
  PENSTOCK_ASSIGN_OR_RETURN(recurring.display_name, TextOf(message, "display_name"));
  constexpr size_t kMaxName = 1000;
  PENSTOCK_RETURN_IF_ERROR(CheckName(recurring.display_name, "Recurring run name", kMaxName));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.description, TextOf(message, "description"));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.service_account, TextOf(message, "service_account"));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.max_concurrency, IntegerOf(message, "max_concurrency"));
  if (recurring.max_concurrency < 1 || recurring.max_concurrency > 10) {
    return InvalidArgument(
        "Max concurrency of a recurring run must be at least 1 and at most 10. Received {}",
        recurring.max_concurrency);
  }
  PENSTOCK_ASSIGN_OR_RETURN(recurring.trigger, ReadTrigger(message));
  PENSTOCK_RETURN_IF_ERROR(runtime::MakeSchedule(recurring.trigger.cron, recurring.trigger.interval_seconds,
                                                 service.options.time_zone)
                               .status());
  PENSTOCK_ASSIGN_OR_RETURN(recurring.is_enabled, ReadMode(message));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.has_no_catchup, BoolOf(message, "no_catchup"));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.plugins_input, ObjectOf(message, "plugins_input"));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.runtime_config, ReadRuntimeConfig(message));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.experiment_id, ReadExperiment(service, call, message));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string asked, TextOf(message, "namespace"));
  PENSTOCK_ASSIGN_OR_RETURN(recurring.namespace_name, NamespaceOf(service, call, asked));
  PENSTOCK_ASSIGN_OR_RETURN(PipelineSource source,
                            ReadSource(service, call, message, /*is_latest_open=*/true));
  recurring.pipeline_id = std::move(source.pipeline_id);
  recurring.pipeline_version_id = std::move(source.pipeline_version_id);
  recurring.spec = std::move(source.spec);
  PENSTOCK_ASSIGN_OR_RETURN(const auto trial, TrialRun(service, recurring));
  PENSTOCK_RETURN_IF_ERROR(service.runs.Check(trial));
  PENSTOCK_RETURN_IF_ERROR(service.store.CreateRecurringRun(recurring));
  return ToJson(recurring);
}

Result<RecurringRunRecord> Find(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(RecurringRunRecord recurring,
                            service.store.GetRecurringRun(call.Path("recurring_run_id")));
  if (!call.namespace_name.empty() && recurring.namespace_name != call.namespace_name)
    return NotFound("Job {} not found", recurring.id);
  return recurring;
}

Result<json> Get(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const RecurringRunRecord recurring, Find(service, call));
  return ToJson(recurring);
}

Result<json> List(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(metadata::ListQuery query, ParseListRequest(call.request));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NamespaceOf(service, call, call.Query("namespace")));
  if (!name.empty()) query.namespace_name = name;
  query.experiment_id = call.Query("experiment_id");
  PENSTOCK_ASSIGN_OR_RETURN(const auto page, service.store.ListRecurringRuns(query));
  return ListAnswer("recurringRuns", page, query, call.request, TotalOf(call.request, page.total),
                    [](const RecurringRunRecord& one) { return ToJson(one); });
}

Result<json> SetEnabled(Service& service, const ApiCall& call, bool is_enabled) {
  PENSTOCK_ASSIGN_OR_RETURN(const RecurringRunRecord recurring, Find(service, call));
  PENSTOCK_RETURN_IF_ERROR(
      service.store.SetRecurringRunEnabled(recurring.id, is_enabled, service.clock.Now()));
  return json::object();
}

Result<json> Enable(Service& service, const ApiCall& call) { return SetEnabled(service, call, true); }
Result<json> Disable(Service& service, const ApiCall& call) { return SetEnabled(service, call, false); }

Result<json> Delete(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const RecurringRunRecord recurring, Find(service, call));
  PENSTOCK_RETURN_IF_ERROR(service.store.DeleteRecurringRun(recurring.id));
  return json::object();
}

}  // namespace

void AddRecurringRunRoutes(Router& router, Service& service) {
  const std::string all = "/apis/v2beta1/recurringruns", one = all + "/{recurring_run_id}";
  auto add = [&](const char* operation, const char* method, const std::string& pattern,
                 Result<json> (*function)(Service&, const ApiCall&), std::vector<std::string> query,
                 const char* body, const char* answer) {
    const bool is_read = std::string_view(method) == "GET";
    router.Add({std::string("RecurringRunService_") + operation, method, pattern,
                is_read ? Permission::kRead : Permission::kWrite,
                Json([&service, function](const ApiCall& call) { return function(service, call); }),
                std::move(query), body, answer});
  };
  add("ListRecurringRuns", "GET", all, List,
      {"page_token", "page_size:integer", "sort_by", "namespace", "filter", "experiment_id"}, "",
      "v2beta1ListRecurringRunsResponse");
  add("CreateRecurringRun", "POST", all, Create, {}, "v2beta1RecurringRun", "v2beta1RecurringRun");
  add("GetRecurringRun", "GET", one, Get, {}, "", "v2beta1RecurringRun");
  add("DeleteRecurringRun", "DELETE", one, Delete, {"propagation_policy"}, "", "");
  add("EnableRecurringRun", "POST", one + ":enable", Enable, {}, "", "");
  add("DisableRecurringRun", "POST", one + ":disable", Disable, {}, "", "");
}

}  // namespace penstock::server
