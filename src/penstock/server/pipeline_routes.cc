#include "penstock/server/pipeline_routes.h"

#include "penstock/base/ids.h"
#include "penstock/server/json_message.h"
#include "penstock/server/list_request.h"
#include "penstock/server/service.h"

namespace penstock::server {

using metadata::PipelineRecord;
using metadata::PipelineVersionRecord;
using nlohmann::json;

json ToJson(const PipelineRecord& pipeline) {
  json message = {{"pipeline_id", pipeline.id},
                  {"name", pipeline.name},
                  {"display_name", pipeline.display_name},
                  {"created_at", FormatSeconds(pipeline.created_seconds)}};
  SetText(message, "description", pipeline.description);
  SetText(message, "namespace", pipeline.namespace_name);
  if (!pipeline.tags.empty()) message["tags"] = pipeline.tags;
  return message;
}

json ToJson(const PipelineVersionRecord& version) {
  json message = {{"pipeline_id", version.pipeline_id},
                  {"pipeline_version_id", version.id},
                  {"name", version.name},
                  {"display_name", version.display_name},
                  {"created_at", FormatSeconds(version.created_seconds)},
                  {"pipeline_spec", json::parse(version.spec, nullptr, false)}};
  if (message["pipeline_spec"].is_discarded()) {
    message.erase("pipeline_spec");
    message["error"] = {{"code", static_cast<int>(StatusCode::kDataLoss)},
                        {"message", "The stored pipeline is damaged"}};
  }
  SetText(message, "description", version.description);
  SetText(message, "code_source_url", version.code_source_url);
  if (!version.package_url.empty()) message["package_url"] = {{"pipeline_url", version.package_url}};
  if (!version.tags.empty()) message["tags"] = version.tags;
  return message;
}

Status CompleteNames(std::string& name, std::string& display_name, std::string_view what,
                     size_t max_characters) {
  if (name.empty()) name = display_name;
  if (display_name.empty()) display_name = name;
  PENSTOCK_RETURN_IF_ERROR(CheckName(name, fmt::format("The name of the {}", what), max_characters));
  constexpr size_t kMaxDisplayName = 1000;
  return CheckName(display_name, fmt::format("The display name of the {}", what), kMaxDisplayName);
}

Result<PipelineRecord> ReadPipeline(Service& service, const ApiCall& call, const json& body) {
  PENSTOCK_ASSIGN_OR_RETURN(const json message,
                            ReadMessage(body, "pipeline",
                                        {"pipeline_id", "display_name", "name", "description", "created_at",
                                         "namespace", "error", "tags"}));
  PipelineRecord pipeline{.id = NewUuid(), .created_seconds = service.NowSeconds()};
  PENSTOCK_ASSIGN_OR_RETURN(pipeline.name, TextOf(message, "name"));
  PENSTOCK_ASSIGN_OR_RETURN(pipeline.display_name, TextOf(message, "display_name"));
  PENSTOCK_ASSIGN_OR_RETURN(pipeline.description, TextOf(message, "description"));
  PENSTOCK_ASSIGN_OR_RETURN(pipeline.tags, TagsOf(message, "tags"));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string asked, TextOf(message, "namespace"));
  PENSTOCK_ASSIGN_OR_RETURN(pipeline.namespace_name, NamespaceOf(service, call, asked));
  PENSTOCK_RETURN_IF_ERROR(CompleteNames(pipeline.name, pipeline.display_name, "pipeline", kMaxPipelineName));
  return pipeline;
}

namespace {

Result<json> Create(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineRecord pipeline, ReadPipeline(service, call, body));
  PENSTOCK_RETURN_IF_ERROR(service.store.CreatePipeline(pipeline, nullptr));
  return ToJson(pipeline);
}

Result<PipelineRecord> Find(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(PipelineRecord pipeline, service.store.GetPipeline(call.Path("pipeline_id")));
  if (!call.namespace_name.empty() && pipeline.namespace_name != call.namespace_name)
    return NotFound("Pipeline {} not found", pipeline.id);
  return pipeline;
}

Result<json> Get(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineRecord pipeline, Find(service, call));
  return ToJson(pipeline);
}

Result<json> GetByName(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NamespaceOf(service, call, call.Query("namespace")));
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineRecord pipeline,
                            service.store.GetPipelineByName(name, call.Path("name")));
  return ToJson(pipeline);
}

Result<json> List(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(metadata::ListQuery query, ParseListRequest(call.request));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NamespaceOf(service, call, call.Query("namespace")));
  if (!name.empty()) query.namespace_name = name;
  PENSTOCK_ASSIGN_OR_RETURN(const auto page, service.store.ListPipelines(query));
  return ListAnswer("pipelines", page, query, call.request, TotalOf(call.request, page.total),
                    [](const PipelineRecord& one) { return ToJson(one); });
}

/// Display name, description and tags: those that the body has.
template <class Record>
Status Change(Record& record, const json& message) {
  if (message.contains("display_name")) {
    PENSTOCK_ASSIGN_OR_RETURN(record.display_name, TextOf(message, "display_name"));
    PENSTOCK_RETURN_IF_ERROR(CheckName(record.display_name, "The display name", 1000));
  }
  if (message.contains("description")) {
    PENSTOCK_ASSIGN_OR_RETURN(record.description, TextOf(message, "description"));
  }
  if (message.contains("tags")) {
    PENSTOCK_ASSIGN_OR_RETURN(record.tags, TagsOf(message, "tags"));
  }
  return OkStatus();
}

Result<json> Update(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(const json message,
                            ReadMessage(body, "pipeline",
                                        {"pipeline_id", "display_name", "name", "description", "created_at",
                                         "namespace", "error", "tags"}));
  PENSTOCK_ASSIGN_OR_RETURN(PipelineRecord pipeline, Find(service, call));
  PENSTOCK_RETURN_IF_ERROR(Change(pipeline, message));
  PENSTOCK_RETURN_IF_ERROR(service.store.UpdatePipeline(pipeline));
  return ToJson(pipeline);
}

Result<json> Delete(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineRecord pipeline, Find(service, call));
  PENSTOCK_RETURN_IF_ERROR(service.store.DeletePipeline(pipeline.id, call.Query("cascade") == "true"));
  return json::object();
}

Result<PipelineVersionRecord> FindVersion(Service& service, const ApiCall& call) {
  PENSTOCK_RETURN_IF_ERROR(Find(service, call).status());
  PENSTOCK_ASSIGN_OR_RETURN(PipelineVersionRecord version,
                            service.store.GetPipelineVersion(call.Path("pipeline_version_id")));
  if (version.pipeline_id != call.Path("pipeline_id"))
    return NotFound("PipelineVersion {} not found in the pipeline {}", version.id, call.Path("pipeline_id"));
  return version;
}

Result<json> GetVersion(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineVersionRecord version, FindVersion(service, call));
  return ToJson(version);
}

Result<json> ListVersions(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineRecord pipeline, Find(service, call));
  PENSTOCK_ASSIGN_OR_RETURN(metadata::ListQuery query, ParseListRequest(call.request));
  query.pipeline_id = pipeline.id;
  PENSTOCK_ASSIGN_OR_RETURN(const auto page, service.store.ListPipelineVersions(query));
  return ListAnswer("pipeline_versions", page, query, call.request, TotalOf(call.request, page.total),
                    [](const PipelineVersionRecord& one) { return ToJson(one); });
}

Result<json> UpdateVersion(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(
      const json message,
      ReadMessage(body, "pipeline version",
                  {"pipeline_id", "pipeline_version_id", "display_name", "name", "description", "created_at",
                   "package_url", "code_source_url", "pipeline_spec", "error", "tags"}));
  PENSTOCK_ASSIGN_OR_RETURN(PipelineVersionRecord version, FindVersion(service, call));
  PENSTOCK_RETURN_IF_ERROR(Change(version, message));
  PENSTOCK_RETURN_IF_ERROR(service.store.UpdatePipelineVersion(version));
  return ToJson(version);
}

Result<json> DeleteVersion(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineVersionRecord version, FindVersion(service, call));
  PENSTOCK_RETURN_IF_ERROR(service.store.DeletePipelineVersion(version.id));
  return json::object();
}

}  // namespace

void AddPipelineRoutes(Router& router, Service& service) {
  const std::string all = "/apis/v2beta1/pipelines", one = all + "/{pipeline_id}";
  const std::string versions = one + "/versions", version = versions + "/{pipeline_version_id}";
  const std::vector<std::string> paging = {"page_token", "page_size:integer", "sort_by", "filter"};
  std::vector<std::string> listing = paging;
  listing.insert(listing.begin(), "namespace");
  auto add = [&](const char* operation, const char* method, const std::string& pattern,
                 Result<json> (*function)(Service&, const ApiCall&), std::vector<std::string> query,
                 const char* body, const char* answer) {
    const bool is_read = std::string_view(method) == "GET";
    router.Add({std::string("PipelineService_") + operation, method, pattern,
                is_read ? Permission::kRead : Permission::kWrite,
                Json([&service, function](const ApiCall& call) { return function(service, call); }),
                std::move(query), body, answer});
  };
  add("ListPipelines", "GET", all, List, listing, "", "v2beta1ListPipelinesResponse");
  add("CreatePipeline", "POST", all, Create, {}, "v2beta1Pipeline", "v2beta1Pipeline");
  add("GetPipelineByName", "GET", all + "/names/{name}", GetByName, {"namespace"}, "", "v2beta1Pipeline");
  add("GetPipeline", "GET", one, Get, {}, "", "v2beta1Pipeline");
  add("UpdatePipeline", "PATCH", one, Update, {}, "v2beta1Pipeline", "v2beta1Pipeline");
  add("DeletePipeline", "DELETE", one, Delete, {"cascade:boolean"}, "", "");
  add("ListPipelineVersions", "GET", versions, ListVersions, paging, "",
      "v2beta1ListPipelineVersionsResponse");
  add("GetPipelineVersion", "GET", version, GetVersion, {}, "", "v2beta1PipelineVersion");
  add("UpdatePipelineVersion", "PATCH", version, UpdateVersion, {}, "v2beta1PipelineVersion",
      "v2beta1PipelineVersion");
  add("DeletePipelineVersion", "DELETE", version, DeleteVersion, {}, "", "");
}

}  // namespace penstock::server
