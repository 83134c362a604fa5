#include "penstock/base/ids.h"
#include "penstock/server/json_message.h"
#include "penstock/server/list_request.h"
#include "penstock/server/service.h"

namespace penstock::server {
namespace {

using metadata::ExperimentRecord;
using nlohmann::json;

constexpr size_t kMaxName = 128;

json ToJson(const ExperimentRecord& experiment) {
  json message = {{"experiment_id", experiment.id},
                  {"display_name", experiment.name},
                  {"created_at", FormatSeconds(experiment.created_seconds)},
                  {"last_run_created_at", FormatSeconds(experiment.last_run_created_seconds)},
                  {"storage_state", experiment.storage_state}};
  SetText(message, "description", experiment.description);
  SetText(message, "namespace", experiment.namespace_name);
  return message;
}

Result<json> Create(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(const json message,
                            ReadMessage(body, "experiment",
                                        {"experiment_id", "display_name", "description", "created_at",
                                         "namespace", "storage_state", "last_run_created_at"}));
  ExperimentRecord experiment{.id = NewUuid(), .created_seconds = service.NowSeconds()};
  PENSTOCK_ASSIGN_OR_RETURN(experiment.name, TextOf(message, "display_name"));
  PENSTOCK_ASSIGN_OR_RETURN(experiment.description, TextOf(message, "description"));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string asked, TextOf(message, "namespace"));
  PENSTOCK_ASSIGN_OR_RETURN(experiment.namespace_name, NamespaceOf(service, call, asked));
  PENSTOCK_RETURN_IF_ERROR(CheckName(experiment.name, "The name of the experiment", kMaxName));
  PENSTOCK_RETURN_IF_ERROR(service.store.CreateExperiment(experiment));
  return ToJson(experiment);
}

Result<ExperimentRecord> Find(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(ExperimentRecord experiment,
                            service.store.GetExperiment(call.Path("experiment_id")));
  if (!call.namespace_name.empty() && experiment.namespace_name != call.namespace_name)
    return NotFound("Experiment {} not found", experiment.id);
  return experiment;
}

Result<json> Get(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ExperimentRecord experiment, Find(service, call));
  return ToJson(experiment);
}

Result<json> List(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(metadata::ListQuery query, ParseListRequest(call.request));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NamespaceOf(service, call, call.Query("namespace")));
  if (!name.empty()) query.namespace_name = name;
  PENSTOCK_ASSIGN_OR_RETURN(const auto page, service.store.ListExperiments(query));
  return ListAnswer("experiments", page, query, call.request, TotalOf(call.request, page.total), ToJson);
}

Result<json> Delete(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ExperimentRecord experiment, Find(service, call));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string default_id,
                            DefaultExperiment(service, experiment.namespace_name));
  if (experiment.id == default_id) {
    return Aborted("Failed to delete experiment {}. The default experiment cannot be deleted", experiment.id);
  }
  PENSTOCK_RETURN_IF_ERROR(service.store.DeleteExperiment(experiment.id));
  return json::object();
}

Result<json> Archive(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ExperimentRecord experiment, Find(service, call));
  PENSTOCK_RETURN_IF_ERROR(service.store.ArchiveExperiment(experiment.id));
  return json::object();
}

Result<json> Unarchive(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const ExperimentRecord experiment, Find(service, call));
  PENSTOCK_RETURN_IF_ERROR(service.store.UnarchiveExperiment(experiment.id));
  return json::object();
}

}  // namespace

void AddExperimentRoutes(Router& router, Service& service) {
  const std::string all = "/apis/v2beta1/experiments", one = all + "/{experiment_id}";
  auto bind = [&service](Result<json> (*function)(Service&, const ApiCall&)) {
    return Json([&service, function](const ApiCall& call) { return function(service, call); });
  };
  router.Add({"ExperimentService_ListExperiments",
              "GET",
              all,
              Permission::kRead,
              bind(List),
              {"page_token", "page_size:integer", "sort_by", "filter", "namespace"},
              "",
              "v2beta1ListExperimentsResponse"});
  router.Add({"ExperimentService_CreateExperiment",
              "POST",
              all,
              Permission::kWrite,
              bind(Create),
              {},
              "v2beta1Experiment",
              "v2beta1Experiment"});
  router.Add({"ExperimentService_GetExperiment",
              "GET",
              one,
              Permission::kRead,
              bind(Get),
              {},
              "",
              "v2beta1Experiment"});
  router.Add(
      {"ExperimentService_DeleteExperiment", "DELETE", one, Permission::kWrite, bind(Delete), {}, "", ""});
  router.Add({"ExperimentService_ArchiveExperiment",
              "POST",
              one + ":archive",
              Permission::kWrite,
              bind(Archive),
              {},
              "",
              ""});
  router.Add({"ExperimentService_UnarchiveExperiment",
              "POST",
              one + ":unarchive",
              Permission::kWrite,
              bind(Unarchive),
              {},
              "",
              ""});
}

}  // namespace penstock::server
