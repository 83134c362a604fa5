#include "penstock/server/run_routes.h"

#include <utility>

#include "penstock/base/ids.h"
#include "penstock/server/json_message.h"
#include "penstock/server/list_request.h"
#include "penstock/server/pipeline_text.h"
#include "penstock/server/service.h"

namespace penstock::server {

using metadata::ServiceRunRecord;
using nlohmann::json;

json ToJson(const ServiceRunRecord& run) {
  json message = {{"run_id", run.id},
                  {"experiment_id", run.experiment_id},
                  {"display_name", run.display_name},
                  {"storage_state", run.storage_state},
                  {"state", run.state},
                  {"state_history", run.state_history},
                  {"created_at", FormatSeconds(run.created_seconds)},
                  {"scheduled_at", FormatSeconds(run.scheduled_seconds)},
                  {"finished_at", FormatSeconds(run.finished_seconds)}};
  SetText(message, "description", run.description);
  SetText(message, "service_account", run.service_account);
  SetText(message, "recurring_run_id", run.recurring_run_id);
  if (!run.runtime_config.empty()) message["runtime_config"] = run.runtime_config;
  if (!run.plugins_input.empty()) message["plugins_input"] = run.plugins_input;
  if (!run.error.is_null()) message["error"] = run.error;
  if (!run.pipeline_version_id.empty()) {
    message["pipeline_version_reference"] = {{"pipeline_id", run.pipeline_id},
                                             {"pipeline_version_id", run.pipeline_version_id}};
  } else {
    json spec = json::parse(run.spec, nullptr, false);
    if (!spec.is_discarded()) message["pipeline_spec"] = std::move(spec);
  }
  return message;
}

namespace {

/// kNotFound also where it is another namespace's.
Status CheckPipeline(Service& service, const ApiCall& call, const std::string& id) {
  if (call.namespace_name.empty()) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(const auto pipeline, service.store.GetPipeline(id));
  return pipeline.namespace_name == call.namespace_name ? OkStatus() : NotFound("Pipeline {} not found", id);
}

}  // namespace

Result<PipelineSource> ReadSource(Service& service, const ApiCall& call, const json& message,
                                  bool is_latest_open) {
  PipelineSource source;
  PENSTOCK_ASSIGN_OR_RETURN(source.pipeline_version_id, TextOf(message, "pipeline_version_id"));
  if (message.contains("pipeline_version_reference")) {
    PENSTOCK_ASSIGN_OR_RETURN(const json reference,
                              ReadMessage(message["pipeline_version_reference"], "pipeline_version_reference",
                                          {"pipeline_id", "pipeline_version_id"}));
    PENSTOCK_ASSIGN_OR_RETURN(source.pipeline_id, TextOf(reference, "pipeline_id"));
    PENSTOCK_ASSIGN_OR_RETURN(source.pipeline_version_id, TextOf(reference, "pipeline_version_id"));
  }
  if (!source.pipeline_version_id.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(auto version, service.store.GetPipelineVersion(source.pipeline_version_id));
    if (!source.pipeline_id.empty() && version.pipeline_id != source.pipeline_id) {
      return InvalidArgument("Pipeline version {} belongs to pipeline {} (not {})", version.id,
                             version.pipeline_id, source.pipeline_id);
    }
    source.pipeline_id = version.pipeline_id;
    PENSTOCK_RETURN_IF_ERROR(CheckPipeline(service, call, source.pipeline_id));
    source.spec = std::move(version.spec);
    return source;
  }
  if (!source.pipeline_id.empty()) {
    PENSTOCK_RETURN_IF_ERROR(CheckPipeline(service, call, source.pipeline_id));
    PENSTOCK_ASSIGN_OR_RETURN(auto latest, service.store.GetLatestPipelineVersion(source.pipeline_id));
    if (is_latest_open) return source;
    source.pipeline_version_id = latest.id;
    source.spec = std::move(latest.spec);
    return source;
  }
  if (!message.contains("pipeline_spec")) return InvalidArgument("Pipeline spec source is missing");
  PENSTOCK_ASSIGN_OR_RETURN(PipelineText text, ReadPipelineSpec(message["pipeline_spec"]));
  source.spec = std::move(text.json);
  return source;
}

Result<json> ReadRuntimeConfig(const json& message) {
  PENSTOCK_ASSIGN_OR_RETURN(const json config, ObjectOf(message, "runtime_config"));
  PENSTOCK_ASSIGN_OR_RETURN(const json read,
                            ReadMessage(config, "runtime_config", {"parameters", "pipeline_root"}));
  PENSTOCK_ASSIGN_OR_RETURN(const json parameters, ObjectOf(read, "parameters"));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string root, TextOf(read, "pipeline_root"));
  json kept = json::object();
  if (!parameters.empty()) kept["parameters"] = parameters;
  SetText(kept, "pipeline_root", root);
  return kept;
}

Result<std::string> ReadExperiment(Service& service, const ApiCall& call, const json& message) {
  PENSTOCK_ASSIGN_OR_RETURN(std::string id, TextOf(message, "experiment_id"));
  if (id.empty()) id = call.Query("experiment_id");
  if (id.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NamespaceOf(service, call, ""));
    return DefaultExperiment(service, name);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto experiment, service.store.GetExperiment(id));
  if (!call.namespace_name.empty() && experiment.namespace_name != call.namespace_name)
    return NotFound("Experiment {} not found", id);
  return id;
}

Result<ServiceRunRecord> FindRun(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(ServiceRunRecord run, service.store.GetRun(call.Path("run_id")));
  if (!call.namespace_name.empty() && run.namespace_name != call.namespace_name)
    return NotFound("Run {} not found", run.id);
  return run;
}

namespace {

Result<json> Create(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(const json message, ReadMessage(body, "run",
                                                            {"experiment_id",
                                                             "run_id",
                                                             "display_name",
                                                             "storage_state",
                                                             "description",
                                                             "pipeline_version_id",
                                                             "pipeline_spec",
                                                             "pipeline_version_reference",
                                                             "runtime_config",
                                                             "service_account",
                                                             "created_at",
                                                             "scheduled_at",
                                                             "finished_at",
                                                             "state",
                                                             "error",
                                                             "run_details",
                                                             "recurring_run_id",
                                                             "state_history",
                                                             "plugins_input",
                                                             "plugins_output"}));
  if (message.contains("plugins_output"))
    return InvalidArgument("plugins_output must not be set by the client");
  const int64_t now = service.NowSeconds();
  ServiceRunRecord run{.id = NewUuid(), .created_seconds = now, .scheduled_seconds = now};
  PENSTOCK_ASSIGN_OR_RETURN(run.display_name, TextOf(message, "display_name"));
  constexpr size_t kMaxName = 1000;
  PENSTOCK_RETURN_IF_ERROR(CheckName(run.display_name, "Run name", kMaxName));
  PENSTOCK_ASSIGN_OR_RETURN(run.description, TextOf(message, "description"));
  PENSTOCK_ASSIGN_OR_RETURN(run.service_account, TextOf(message, "service_account"));
  PENSTOCK_ASSIGN_OR_RETURN(run.recurring_run_id, TextOf(message, "recurring_run_id"));
  PENSTOCK_ASSIGN_OR_RETURN(run.plugins_input, ObjectOf(message, "plugins_input"));
  PENSTOCK_ASSIGN_OR_RETURN(run.runtime_config, ReadRuntimeConfig(message));
  PENSTOCK_ASSIGN_OR_RETURN(run.experiment_id, ReadExperiment(service, call, message));
  PENSTOCK_ASSIGN_OR_RETURN(run.namespace_name, NamespaceOf(service, call, ""));
  PENSTOCK_ASSIGN_OR_RETURN(PipelineSource source,
                            ReadSource(service, call, message, /*is_latest_open=*/false));
  run.pipeline_id = std::move(source.pipeline_id);
  run.pipeline_version_id = std::move(source.pipeline_version_id);
  run.spec = std::move(source.spec);
  PENSTOCK_RETURN_IF_ERROR(service.runs.Check(run));
  PENSTOCK_RETURN_IF_ERROR(service.store.CreateRun(run));
  service.runs.Start(run.id);
  run.state_history = json::array({{{"update_time", FormatSeconds(now)}, {"state", run.state}}});
  return ToJson(run);
}

Result<json> Get(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ServiceRunRecord run, FindRun(service, call));
  json message = ToJson(run);
  const auto snapshot = service.runs.Snapshot(run.id, /*with_values=*/true);
  if (snapshot.ok()) {
    message["run_details"] = RunDetails(*snapshot);
  } else if (!absl::IsNotFound(snapshot.status())) {
    return snapshot.status();
  }
  return message;
}

Result<json> List(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(metadata::ListQuery query, ParseListRequest(call.request));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NamespaceOf(service, call, call.Query("namespace")));
  if (!name.empty()) query.namespace_name = name;
  query.experiment_id = call.Query("experiment_id");
  PENSTOCK_ASSIGN_OR_RETURN(const auto page, service.store.ListRuns(query));
  return ListAnswer("runs", page, query, call.request, TotalOf(call.request, page.total),
                    [](const ServiceRunRecord& one) { return ToJson(one); });
}

Result<json> Delete(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ServiceRunRecord run, FindRun(service, call));
  PENSTOCK_RETURN_IF_ERROR(service.store.DeleteRun(run.id));
  PENSTOCK_RETURN_IF_ERROR(service.runs.Forget(run.id));
  return json::object();
}

Result<json> Archive(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ServiceRunRecord run, FindRun(service, call));
  PENSTOCK_RETURN_IF_ERROR(service.store.SetRunStorage(run.id, metadata::kArchived));
  return json::object();
}

Result<json> Unarchive(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ServiceRunRecord run, FindRun(service, call));
  const auto experiment = service.store.GetExperiment(run.experiment_id);
  if (experiment.ok() && experiment->storage_state == metadata::kArchived) {
    return FailedPrecondition("Failed to unarchive run {} as experiment {} must be un-archived first", run.id,
                              run.experiment_id);
  }
  PENSTOCK_RETURN_IF_ERROR(service.store.SetRunStorage(run.id, metadata::kAvailable));
  return json::object();
}

Result<json> Terminate(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ServiceRunRecord run, FindRun(service, call));
  if (metadata::IsFinalState(run.state))
    return InvalidArgument("Failed to terminate run {}: it has ended already ({})", run.id, run.state);
  PENSTOCK_RETURN_IF_ERROR(service.store.SetRunState(run.id, "CANCELING", nullptr, service.clock.Now()));
  PENSTOCK_RETURN_IF_ERROR(service.runs.Terminate(run.id));
  return json::object();
}

Result<json> Retry(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ServiceRunRecord run, FindRun(service, call));
  if (run.state != "FAILED" && run.state != "CANCELED")
    return FailedPrecondition(
        "Failed to retry run {}: only a failed or canceled run can be retried, it is {}", run.id, run.state);
  PENSTOCK_RETURN_IF_ERROR(service.runs.Retry(run.id));
  return json::object();
}

}  // namespace

void AddRunRoutes(Router& router, Service& service) {
  const std::string all = "/apis/v2beta1/runs", one = all + "/{run_id}";
  auto add = [&](const char* operation, const char* method, const std::string& pattern,
                 Result<json> (*function)(Service&, const ApiCall&), std::vector<std::string> query,
                 const char* body, const char* answer) {
    const bool is_read = std::string_view(method) == "GET";
    router.Add({std::string("RunService_") + operation, method, pattern,
                is_read ? Permission::kRead : Permission::kWrite,
                Json([&service, function](const ApiCall& call) { return function(service, call); }),
                std::move(query), body, answer});
  };
  const std::vector<std::string> scope = {"experiment_id"};
  add("ListRuns", "GET", all, List,
      {"namespace", "experiment_id", "page_token", "page_size:integer", "sort_by", "filter"}, "",
      "v2beta1ListRunsResponse");
  add("CreateRun", "POST", all, Create, scope, "v2beta1Run", "v2beta1Run");
  add("GetRun", "GET", one, Get, scope, "", "v2beta1Run");
  add("DeleteRun", "DELETE", one, Delete, scope, "", "");
  add("ArchiveRun", "POST", one + ":archive", Archive, scope, "", "");
  add("UnarchiveRun", "POST", one + ":unarchive", Unarchive, scope, "", "");
  add("TerminateRun", "POST", one + ":terminate", Terminate, scope, "", "");
  add("RetryRun", "POST", one + ":retry", Retry, scope, "", "");
}

}  // namespace penstock::server
