#include <utility>

#include "penstock/base/ids.h"
#include "penstock/server/json_message.h"
#include "penstock/server/pipeline_routes.h"
#include "penstock/server/pipeline_text.h"
#include "penstock/server/service.h"
#include "penstock/server/url_fetch.h"

namespace penstock::server {
namespace {

using metadata::PipelineRecord;
using metadata::PipelineVersionRecord;
using nlohmann::json;

/// Errors of uploads have a form of their own.
HttpResponse UploadError(const Status& status) {
  const std::string message(status.message());
  const json body = {{"error_message", message},
                     {"error_details", message},
                     {"code", static_cast<int>(status.code())},
                     {"message", message}};
  return {.status = HttpCodeOf(status), .body = body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

std::function<Result<HttpResponse>(const ApiCall&)> Upload(Service& service,
                                                           Result<json> (*function)(Service&,
                                                                                    const ApiCall&)) {
  return [&service, function](const ApiCall& call) -> Result<HttpResponse> {
    const Result<json> answer = function(service, call);
    if (!answer.ok()) return UploadError(answer.status());
    HttpResponse response;
    response.body = answer->dump(-1, ' ', false, json::error_handler_t::replace);
    return response;
  };
}

struct UploadedPipeline {
  std::string file_name;
  PipelineText text;
  json tags;
};

Result<UploadedPipeline> ReadUpload(const ApiCall& call) {
  UploadedPipeline upload;
  PENSTOCK_ASSIGN_OR_RETURN(
      UploadedFile file,
      ReadUploadedFile(call.request.body, call.request.Header("content-type"), "uploadfile"));
  upload.file_name = file.name;
  PENSTOCK_ASSIGN_OR_RETURN(const std::string text, UnpackPipelineFile(std::move(file.content), file.name));
  PENSTOCK_ASSIGN_OR_RETURN(upload.text, ReadPipelineText(text, file.name));
  upload.tags = json::object();
  if (const std::string& tags = call.Query("tags"); !tags.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const json value, ParseBody(tags));
    PENSTOCK_ASSIGN_OR_RETURN(upload.tags, TagsOf(json{{"tags", value}}, "tags"));
  }
  return upload;
}

/// The name asked for, or the display name, or the file's.
std::string ChooseName(const ApiCall& call, const std::string& file_name) {
  if (!call.Query("name").empty()) return call.Query("name");
  return call.Query("display_name").empty() ? file_name : call.Query("display_name");
}

PipelineVersionRecord FirstVersion(const PipelineRecord& pipeline) {
  return {.id = NewUuid(),
          .pipeline_id = pipeline.id,
          .name = pipeline.name,
          .display_name = pipeline.display_name,
          .description = pipeline.description,
          .created_seconds = pipeline.created_seconds};
}

Result<json> UploadPipeline(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const UploadedPipeline upload, ReadUpload(call));
  PipelineRecord pipeline{.id = NewUuid(),
                          .name = ChooseName(call, upload.file_name),
                          .display_name = call.Query("display_name"),
                          .description = call.Query("description"),
                          .tags = upload.tags,
                          .created_seconds = service.NowSeconds()};
  PENSTOCK_ASSIGN_OR_RETURN(pipeline.namespace_name, NamespaceOf(service, call, call.Query("namespace")));
  PENSTOCK_RETURN_IF_ERROR(CompleteNames(pipeline.name, pipeline.display_name, "pipeline", kMaxPipelineName));
  PipelineVersionRecord version = FirstVersion(pipeline);
  version.code_source_url = call.Query("code_source_url");
  version.spec = upload.text.json;
  PENSTOCK_RETURN_IF_ERROR(service.store.CreatePipeline(pipeline, &version));
  return ToJson(pipeline);
}

/// kNotFound also where it is another namespace's: nobody learns what is there.
Status CheckPipeline(Service& service, const ApiCall& call, const std::string& id) {
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineRecord pipeline, service.store.GetPipeline(id));
  if (!call.namespace_name.empty() && pipeline.namespace_name != call.namespace_name)
    return NotFound("Pipeline {} not found", id);
  return OkStatus();
}

Result<json> UploadVersion(Service& service, const ApiCall& call) {
  if (call.Query("pipelineid").empty())
    return InvalidArgument("Failed to create a pipeline version. The query parameter pipelineid is missing");
  PENSTOCK_RETURN_IF_ERROR(CheckPipeline(service, call, call.Query("pipelineid")));
  PENSTOCK_ASSIGN_OR_RETURN(const UploadedPipeline upload, ReadUpload(call));
  PipelineVersionRecord version{.id = NewUuid(),
                                .pipeline_id = call.Query("pipelineid"),
                                .name = ChooseName(call, upload.file_name),
                                .display_name = call.Query("display_name"),
                                .description = call.Query("description"),
                                .code_source_url = call.Query("code_source_url"),
                                .tags = upload.tags,
                                .spec = upload.text.json,
                                .created_seconds = service.NowSeconds()};
  PENSTOCK_RETURN_IF_ERROR(
      CompleteNames(version.name, version.display_name, "pipeline version", kMaxVersionName));
  PENSTOCK_RETURN_IF_ERROR(service.store.CreatePipelineVersion(version));
  return ToJson(version);
}

/// A version whose pipeline lies behind a URL, or comes in the message itself.
Result<PipelineVersionRecord> ReadVersion(Service& service, const json& body) {
  PENSTOCK_ASSIGN_OR_RETURN(
      const json message,
      ReadMessage(body, "pipeline version",
                  {"pipeline_id", "pipeline_version_id", "display_name", "name", "description", "created_at",
                   "package_url", "code_source_url", "pipeline_spec", "error", "tags"}));
  PipelineVersionRecord version{.id = NewUuid(), .created_seconds = service.NowSeconds()};
  PENSTOCK_ASSIGN_OR_RETURN(version.pipeline_id, TextOf(message, "pipeline_id"));
  PENSTOCK_ASSIGN_OR_RETURN(version.name, TextOf(message, "name"));
  PENSTOCK_ASSIGN_OR_RETURN(version.display_name, TextOf(message, "display_name"));
  PENSTOCK_ASSIGN_OR_RETURN(version.description, TextOf(message, "description"));
  PENSTOCK_ASSIGN_OR_RETURN(version.code_source_url, TextOf(message, "code_source_url"));
  PENSTOCK_ASSIGN_OR_RETURN(version.tags, TagsOf(message, "tags"));
  if (message.contains("pipeline_spec")) {
    PENSTOCK_ASSIGN_OR_RETURN(const PipelineText text, ReadPipelineSpec(message["pipeline_spec"]));
    version.spec = text.json;
    return version;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const json url, ObjectOf(message, "package_url"));
  PENSTOCK_ASSIGN_OR_RETURN(const json url_message, ReadMessage(url, "package_url", {"pipeline_url"}));
  PENSTOCK_ASSIGN_OR_RETURN(version.package_url, TextOf(url_message, "pipeline_url"));
  if (version.package_url.empty())
    return InvalidArgument("Failed to create a pipeline version. Package URL is empty");
  PENSTOCK_ASSIGN_OR_RETURN(std::string bytes, FetchUrl(version.package_url));
  const std::string file = version.package_url.substr(version.package_url.find_last_of('/') + 1);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string plain, UnpackPipelineFile(std::move(bytes), file));
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineText text, ReadPipelineText(plain, version.package_url));
  version.spec = text.json;
  return version;
}

Result<json> CreateVersion(Service& service, const ApiCall& call) {
  PENSTOCK_RETURN_IF_ERROR(CheckPipeline(service, call, call.Path("pipeline_id")));
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(PipelineVersionRecord version, ReadVersion(service, body));
  version.pipeline_id = call.Path("pipeline_id");
  PENSTOCK_RETURN_IF_ERROR(
      CompleteNames(version.name, version.display_name, "pipeline version", kMaxVersionName));
  PENSTOCK_RETURN_IF_ERROR(service.store.CreatePipelineVersion(version));
  return ToJson(version);
}

Result<json> CreateBoth(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(const json message,
                            ReadMessage(body, "request", {"pipeline", "pipeline_version"}));
  PENSTOCK_ASSIGN_OR_RETURN(const json pipeline_body, ObjectOf(message, "pipeline"));
  PENSTOCK_ASSIGN_OR_RETURN(const json version_body, ObjectOf(message, "pipeline_version"));
  PENSTOCK_ASSIGN_OR_RETURN(const PipelineRecord pipeline, ReadPipeline(service, call, pipeline_body));
  PENSTOCK_ASSIGN_OR_RETURN(PipelineVersionRecord version, ReadVersion(service, version_body));
  version.pipeline_id = pipeline.id;
  if (version.name.empty() && version.display_name.empty()) {
    version.name = pipeline.name;
    version.display_name = pipeline.display_name;
  }
  PENSTOCK_RETURN_IF_ERROR(
      CompleteNames(version.name, version.display_name, "pipeline version", kMaxVersionName));
  PENSTOCK_RETURN_IF_ERROR(service.store.CreatePipeline(pipeline, &version));
  return ToJson(pipeline);
}

}  // namespace

void AddUploadRoutes(Router& router, Service& service) {
  const std::string all = "/apis/v2beta1/pipelines";
  router.Add({"UploadPipeline",
              "POST",
              all + "/upload",
              Permission::kWrite,
              Upload(service, UploadPipeline),
              {"name", "display_name", "description", "namespace", "tags", "code_source_url"},
              "multipart",
              "v2beta1Pipeline"});
  router.Add({"UploadPipelineVersion",
              "POST",
              all + "/upload_version",
              Permission::kWrite,
              Upload(service, UploadVersion),
              {"name", "display_name", "pipelineid", "description", "tags", "code_source_url"},
              "multipart",
              "v2beta1PipelineVersion"});
  router.Add({"PipelineService_CreatePipelineVersion",
              "POST",
              all + "/{pipeline_id}/versions",
              Permission::kWrite,
              Json([&service](const ApiCall& call) { return CreateVersion(service, call); }),
              {},
              "v2beta1PipelineVersion",
              "v2beta1PipelineVersion"});
  router.Add({"PipelineService_CreatePipelineAndVersion",
              "POST",
              all + "/create",
              Permission::kWrite,
              Json([&service](const ApiCall& call) { return CreateBoth(service, call); }),
              {},
              "v2beta1CreatePipelineAndVersionRequest",
              "v2beta1Pipeline"});
}

}  // namespace penstock::server
