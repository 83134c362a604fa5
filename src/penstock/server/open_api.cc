#include "penstock/server/open_api.h"

#include <array>

#include "penstock/pipeline/pipeline_ir.h"

namespace penstock::server {
namespace {

using nlohmann::json;

/// A message and its fields: "name:type", types string, integer, int64 (text in JSON), boolean, time, object,
/// tags, another message, or an enumeration "A|B"; "[]" behind it makes a list.
struct MessageText {
  const char* name;
  const char* fields;
};

constexpr std::array kMessages = {
    MessageText{"googleRpcStatus", "code:integer message:string details:object[]"},
    MessageText{
        "v2beta1Experiment",
        "experiment_id:string display_name:string description:string created_at:time namespace:string "
        "storage_state:STORAGE_STATE_UNSPECIFIED|AVAILABLE|ARCHIVED last_run_created_at:time"},
    MessageText{"v2beta1ListExperimentsResponse",
                "experiments:v2beta1Experiment[] total_size:integer next_page_token:string"},
    MessageText{"v2beta1GetHealthzResponse", "multi_user:boolean pipeline_store:string"},
    MessageText{"v2beta1Pipeline",
                "pipeline_id:string display_name:string name:string description:string created_at:time "
                "namespace:string error:googleRpcStatus tags:tags"},
    MessageText{"v2beta1ListPipelinesResponse",
                "pipelines:v2beta1Pipeline[] total_size:integer next_page_token:string"},
    MessageText{"v2beta1Url", "pipeline_url:string"},
    MessageText{
        "v2beta1PipelineVersion",
        "pipeline_id:string pipeline_version_id:string display_name:string name:string description:string "
        "created_at:time package_url:v2beta1Url code_source_url:string pipeline_spec:object "
        "error:googleRpcStatus tags:tags"},
    MessageText{"v2beta1ListPipelineVersionsResponse",
                "pipeline_versions:v2beta1PipelineVersion[] next_page_token:string total_size:integer"},
    MessageText{"v2beta1CreatePipelineAndVersionRequest",
                "pipeline:v2beta1Pipeline pipeline_version:v2beta1PipelineVersion"},
    MessageText{"v2beta1PipelineVersionReference", "pipeline_id:string pipeline_version_id:string"},
    MessageText{"v2beta1RuntimeConfig", "parameters:object pipeline_root:string"},
    MessageText{"v2beta1RuntimeStatus", "update_time:time state:v2beta1RuntimeState error:googleRpcStatus"},
    MessageText{"v2beta1ArtifactList", "artifact_ids:int64[]"},
    MessageText{"PipelineTaskDetailChildTask", "task_id:string pod_name:string"},
    MessageText{
        "v2beta1PipelineTaskDetail",
        "run_id:string task_id:string display_name:string create_time:time start_time:time end_time:time "
        "state:v2beta1RuntimeState execution_id:int64 error:googleRpcStatus inputs:object outputs:object "
        "parent_task_id:string state_history:v2beta1RuntimeStatus[] "
        "child_tasks:PipelineTaskDetailChildTask[] penstock:object"},
    MessageText{
        "v2beta1RunDetails",
        "pipeline_context_id:int64 pipeline_run_context_id:int64 task_details:v2beta1PipelineTaskDetail[]"},
    MessageText{
        "v2beta1Run",
        "experiment_id:string run_id:string display_name:string "
        "storage_state:STORAGE_STATE_UNSPECIFIED|AVAILABLE|ARCHIVED description:string "
        "pipeline_version_id:string pipeline_spec:object "
        "pipeline_version_reference:v2beta1PipelineVersionReference runtime_config:v2beta1RuntimeConfig "
        "service_account:string created_at:time scheduled_at:time finished_at:time "
        "state:v2beta1RuntimeState error:googleRpcStatus run_details:v2beta1RunDetails "
        "recurring_run_id:string state_history:v2beta1RuntimeStatus[] plugins_input:object"},
    MessageText{"v2beta1Artifact",
                "artifact_id:string name:string description:string type:string uri:string metadata:object "
                "created_at:time namespace:string penstock:object"},
    MessageText{"v2beta1CreateArtifactRequest",
                "artifact:v2beta1Artifact run_id:string task_id:string producer_key:string "
                "iteration_index:int64 type:string"},
    MessageText{"v2beta1CreateArtifactsBulkRequest", "artifacts:v2beta1CreateArtifactRequest[]"},
    MessageText{"v2beta1IOProducer", "task_name:string iteration:int64"},
    MessageText{"v2beta1ArtifactTask",
                "id:string artifact_id:string run_id:string task_id:string type:string "
                "producer:v2beta1IOProducer key:string"},
    MessageText{"v2beta1CreateArtifactTaskRequest", "artifact_task:v2beta1ArtifactTask"},
    MessageText{"v2beta1CreateArtifactTasksBulkRequest", "artifact_tasks:v2beta1ArtifactTask[]"},
    MessageText{"v2beta1ListRunsResponse", "runs:v2beta1Run[] total_size:integer next_page_token:string"},
    MessageText{"v2beta1CronSchedule", "start_time:time end_time:time cron:string"},
    MessageText{"v2beta1PeriodicSchedule", "start_time:time end_time:time interval_second:int64"},
    MessageText{"v2beta1Trigger",
                "cron_schedule:v2beta1CronSchedule periodic_schedule:v2beta1PeriodicSchedule"},
    MessageText{"v2beta1RecurringRun",
                "recurring_run_id:string display_name:string description:string pipeline_version_id:string "
                "pipeline_spec:object pipeline_version_reference:v2beta1PipelineVersionReference "
                "runtime_config:v2beta1RuntimeConfig service_account:string max_concurrency:int64 "
                "trigger:v2beta1Trigger mode:MODE_UNSPECIFIED|ENABLE|DISABLE created_at:time updated_at:time "
                "status:STATUS_UNSPECIFIED|ENABLED|DISABLED error:googleRpcStatus no_catchup:boolean "
                "namespace:string experiment_id:string plugins_input:object"},
    MessageText{"v2beta1ListRecurringRunsResponse",
                "recurringRuns:v2beta1RecurringRun[] total_size:integer next_page_token:string"},
};

json Reference(const std::string& name) { return {{"$ref", "#/components/schemas/" + name}}; }

json SchemaOf(std::string_view type) {
  if (type.ends_with("[]")) return {{"type", "array"}, {"items", SchemaOf(type.substr(0, type.size() - 2))}};
  if (type == "int64") return {{"type", "string"}, {"format", "int64"}};
  if (type == "time") return {{"type", "string"}, {"format", "date-time"}};
  if (type == "tags") return {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
  if (type == "string" || type == "boolean" || type == "object" || type == "integer")
    return {{"type", std::string(type)}};
  if (type.find('|') == std::string_view::npos) return Reference(std::string(type));
  json values = json::array();
  while (true) {
    const size_t end = type.find('|');
    values.push_back(std::string(type.substr(0, end)));
    if (end == std::string_view::npos) break;
    type.remove_prefix(end + 1);
  }
  return {{"type", "string"}, {"enum", values}};
}

json MessageSchema(std::string_view fields) {
  json properties = json::object();
  while (!fields.empty()) {
    const std::string_view field = fields.substr(0, fields.find(' '));
    fields.remove_prefix(std::min(field.size() + 1, fields.size()));
    const size_t colon = field.find(':');
    properties[std::string(field.substr(0, colon))] = SchemaOf(field.substr(colon + 1));
  }
  return {{"type", "object"}, {"properties", properties}};
}

json ParametersOf(const Route& route) {
  json parameters = json::array();
  for (size_t at = 0; (at = route.pattern.find('{', at)) != std::string::npos; ++at) {
    const size_t end = route.pattern.find('}', at);
    parameters.push_back({{"name", route.pattern.substr(at + 1, end - at - 1)},
                          {"in", "path"},
                          {"required", true},
                          {"schema", {{"type", "string"}, {"minLength", 1}}}});
  }
  for (const std::string& text : route.query) {
    const size_t colon = text.find(':');
    const std::string type = colon == std::string::npos ? "string" : text.substr(colon + 1);
    parameters.push_back({{"name", text.substr(0, colon)},
                          {"in", "query"},
                          {"required", false},
                          {"schema", {{"type", type}}}});
  }
  return parameters;
}

json BodyOf(const Route& route) {
  if (route.body == "multipart") {
    const json file = {{"type", "object"},
                       {"properties", {{"uploadfile", {{"type", "string"}, {"format", "binary"}}}}},
                       {"required", {"uploadfile"}}};
    return {{"required", true}, {"content", {{"multipart/form-data", {{"schema", file}}}}}};
  }
  return {{"required", true}, {"content", {{"application/json", {{"schema", SchemaOf(route.body)}}}}}};
}

json OperationOf(const Route& route) {
  const json error = {{"description", "What is wrong"},
                      {"content", {{"application/json", {{"schema", Reference("googleRpcStatus")}}}}}};
  json answer = {{"description", "The answer"}};
  if (route.answer == "text") {
    answer["content"] = {{"text/plain", {{"schema", {{"type", "string"}}}}}};
  } else {
    answer["content"] = {
        {"application/json", {{"schema", SchemaOf(route.answer.empty() ? "object" : route.answer)}}}};
  }
  if (route.answer == "bytes")  // As JSON around base64, or with ?raw=true as they are.
    answer["content"] = {
        {"application/json", {{"schema", SchemaOf("object")}}},
        {"application/octet-stream", {{"schema", {{"type", "string"}, {"format", "binary"}}}}}};
  json operation = {{"operationId", route.operation},
                    {"parameters", ParametersOf(route)},
                    {"responses", {{"200", answer}, {"default", error}}}};
  if (!route.body.empty()) operation["requestBody"] = BodyOf(route);
  return operation;
}

}  // namespace

json OpenApiDocument(const Router& router) {
  json schemas = {{"v2beta1RuntimeState",
                   {{"type", "string"},
                    {"enum",
                     {"RUNTIME_STATE_UNSPECIFIED", "PENDING", "RUNNING", "SUCCEEDED", "SKIPPED", "FAILED",
                      "CANCELING", "CANCELED", "PAUSED"}}}}};
  for (const MessageText& message : kMessages) schemas[message.name] = MessageSchema(message.fields);
  json paths = json::object();
  for (const Route& route : router.routes()) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    paths[route.pattern][method] = OperationOf(route);
  }
  return {
      {"openapi", "3.0.3"},
      {"info",
       {{"title", "Penstock pipelines service"},
        {"version", std::string(pipeline::kPenstockVersion)},
        {"description", "Kubeflow Pipelines' v2beta1 API."}}},
      {"paths", paths},
      {"components",
       {{"schemas", schemas}, {"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

}  // namespace penstock::server
