#include "penstock/server/open_api.h"
#include "penstock/server/service.h"

namespace penstock::server {
namespace {

using nlohmann::json;

Result<json> Healthz(Service& service) {
  PENSTOCK_RETURN_IF_ERROR(service.store.Check());
  json answer = {{"pipeline_store", "database"}};
  if (service.options.has_namespaces) answer["multi_user"] = true;
  return answer;
}

}  // namespace

void AddSystemRoutes(Router& router, Service& service) {
  auto healthz = Json([&service](const ApiCall&) { return Healthz(service); });
  router.Add({"HealthzService_GetHealthz",
              "GET",
              "/apis/v2beta1/healthz",
              Permission::kNone,
              healthz,
              {},
              "",
              "v2beta1GetHealthzResponse"});
  router.Add({"Healthz", "GET", "/healthz", Permission::kNone, healthz, {}, "", "v2beta1GetHealthzResponse"});
  // Whoever comes here was let through: the answer is yes.
  router.Add({"AuthService_Authorize",
              "GET",
              "/apis/v2beta1/auth",
              Permission::kRead,
              Json([&service](const ApiCall& call) -> Result<json> {
                PENSTOCK_RETURN_IF_ERROR(NamespaceOf(service, call, call.Query("namespace")).status());
                return json::object();
              }),
              {"namespace", "resources", "verb"},
              "",
              ""});
  router.Add({"Metrics",
              "GET",
              "/metrics",
              Permission::kRead,
              [&service](const ApiCall&) -> Result<HttpResponse> {
                return HttpResponse{.content_type = "text/plain; version=0.0.4",
                                    .body = service.metrics.Print()};
              },
              {},
              "",
              "text"});
  router.Add({"OpenApi",
              "GET",
              "/openapi.json",
              Permission::kNone,
              Json([&router](const ApiCall&) -> Result<json> { return OpenApiDocument(router); }),
              {},
              "",
              "object"});
  for (const char* name : {"workflows", "scheduledworkflows"}) {
    router.Add({fmt::format("ReportService_{}", name),
                "POST",
                fmt::format("/apis/v2beta1/{}", name),
                Permission::kWrite,
                Json([](const ApiCall&) -> Result<json> {
                  return Unimplemented(
                      "Penstock runs pipelines itself: no controller reports workflows to it");
                }),
                {},
                "object",
                ""});
  }
  router.Add({"VisualizationService_CreateVisualization",
              "POST",
              "/apis/v2beta1/visualizations/{namespace}",
              Permission::kWrite,
              Json([](const ApiCall&) -> Result<json> {
                return Unimplemented("Penstock makes no visualizations on the server; read the artifacts");
              }),
              {},
              "object",
              "object"});
}

}  // namespace penstock::server
