#include <algorithm>

#include "penstock/base/ids.h"
#include "penstock/runtime/struct_properties.h"
#include "penstock/server/artifact_routes_internal.h"
#include "penstock/server/json_message.h"

namespace penstock::server {
namespace {

using nlohmann::json;
using pipeline::Artifact;
using runtime::TaskSnapshot;

/// KFP's words for how a task and an artifact belong together; whether each is an input.
constexpr std::pair<std::string_view, bool> kLinkTypes[] = {
    {"COMPONENT_DEFAULT_INPUT", true}, {"TASK_OUTPUT_INPUT", true},        {"COMPONENT_INPUT", true},
    {"RUNTIME_VALUE_INPUT", true},     {"COLLECTED_INPUTS", true},         {"ITERATOR_INPUT", true},
    {"ITERATOR_INPUT_RAW", true},      {"ITERATOR_OUTPUT", false},         {"OUTPUT", false},
    {"ONE_OF_OUTPUT", false},          {"TASK_FINAL_STATUS_OUTPUT", false}};

Result<bool> IsInputType(const std::string& type) {
  for (const auto& [known, is_input] : kLinkTypes)
    if (known == type) return is_input;
  return InvalidArgument(
      "A task and an artifact do not belong together as '{}'; OUTPUT or COMPONENT_INPUT do", type);
}

/// "Dataset" -> "system.Dataset": the type that KFP's components give an artifact of that kind.
std::string TypeOfKind(const std::string& kind) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"Artifact", "system.Artifact"},
      {"Model", "system.Model"},
      {"Dataset", "system.Dataset"},
      {"HTML", "system.HTML"},
      {"Markdown", "system.Markdown"},
      {"Metric", "system.Metrics"},
      {"ClassificationMetric", "system.ClassificationMetrics"},
      {"SlicedClassificationMetric", "system.SlicedClassificationMetrics"}};
  for (const auto& [known, type] : kTypes)
    if (known == kind) return std::string(type);
  return "";
}

Result<Artifact> ReadArtifactMessage(const json& request) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ObjectOf(request, "artifact"));
  PENSTOCK_ASSIGN_OR_RETURN(const json message, ReadMessage(body, "v2beta1Artifact",
                                                            {"artifact_id", "name", "description", "type",
                                                             "uri", "metadata", "created_at", "namespace"}));
  Artifact artifact;
  PENSTOCK_ASSIGN_OR_RETURN(artifact.uri, TextOf(message, "uri"));
  PENSTOCK_ASSIGN_OR_RETURN(artifact.properties, ObjectOf(message, "metadata"));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string name, TextOf(message, "name"));
  // Names of artifacts are unique in the store; what a client calls it is not.
  if (!name.empty()) artifact.properties["display_name"] = name;
  artifact.properties = runtime::PackProperties(artifact.properties);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string kind, TextOf(message, "type"));
  artifact.type = TypeOfKind(kind.empty() ? "Artifact" : kind);
  if (artifact.type.empty()) return InvalidArgument("There are no artifacts of the type '{}'", kind);
  if (artifact.uri.empty()) return InvalidArgument("The artifact has no uri");
  return artifact;
}

/// What a client tells of a task and an artifact.
struct ToldLink {
  std::string run_id, pipeline_name, task_id, key, type, producer_task;
  int64_t producer_iteration = -1;  ///< -1: none.
  bool is_input = false;
  Artifact artifact;  ///< With the id 0 it is made.
};

/// Sets the pipeline's name; kNotFound: there is no such run, or none that the caller may see, or no such
/// task in it.
Status CheckTask(Service& service, const ApiCall& call, ToldLink& link) {
  const auto record = service.store.GetRun(link.run_id);
  if (!record.ok() || (!call.namespace_name.empty() && record->namespace_name != call.namespace_name))
    return NotFound("There is no run '{}': artifacts belong to runs", link.run_id);
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, service.runs.Snapshot(link.run_id, /*with_values=*/false));
  if (!link.task_id.empty() &&
      std::none_of(run.tasks.begin(), run.tasks.end(),
                   [&](const TaskSnapshot& task) { return task.task_id == link.task_id; }))
    return NotFound("The run {} has no task {}", link.run_id, link.task_id);
  link.pipeline_name = run.pipeline_name;
  return OkStatus();
}

Result<int64_t> ReadIteration(const json& message, const char* field) {
  if (!message.contains(field)) return -1;
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t iteration, IntegerOf(message, field));
  if (iteration < 0) return InvalidArgument("{} counts from 0, and cannot be {}", field, iteration);
  return iteration;
}

/// Writes it down as an execution of its own, which keeps the artifact as long as the run.
Result<json> Record(Service& service, const ToldLink& link, Artifact& artifact) {
  metadata::ExecutionPlan plan{.run_id = link.run_id,
                               .pipeline_name = link.pipeline_name,
                               .node_id = kToldNodes + NewUuid(),
                               .component_type = "RecordedByClient",
                               .parameters = {{"task_id", link.task_id}, {"type", link.type}}};
  if (!link.producer_task.empty()) plan.parameters["producer_task"] = link.producer_task;
  if (link.producer_iteration >= 0) plan.parameters["producer_iteration"] = link.producer_iteration;
  if (link.is_input) plan.inputs[link.key] = {link.artifact.id};
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, service.artifacts.BeginExecution(plan));
  metadata::ExecutionOutcome outcome;
  if (!link.is_input) outcome.outputs[link.key] = {link.artifact};
  PENSTOCK_ASSIGN_OR_RETURN(const auto stored, service.artifacts.FinishExecution(id, outcome));
  artifact = link.is_input ? link.artifact : stored.at(link.key).front();
  PENSTOCK_ASSIGN_OR_RETURN(const auto execution, service.artifacts.GetExecution(id));
  return ToldLinkToJson(execution, link.key, link.is_input, artifact.id);
}

Result<ToldLink> ReadNewArtifact(Service& service, const ApiCall& call, const json& body) {
  PENSTOCK_ASSIGN_OR_RETURN(const json request, ReadMessage(body, "v2beta1CreateArtifactRequest",
                                                            {"artifact", "run_id", "task_id", "producer_key",
                                                             "iteration_index", "type"}));
  ToldLink link;
  PENSTOCK_ASSIGN_OR_RETURN(link.artifact, ReadArtifactMessage(request));
  PENSTOCK_ASSIGN_OR_RETURN(link.run_id, TextOf(request, "run_id"));
  PENSTOCK_ASSIGN_OR_RETURN(link.task_id, TextOf(request, "task_id"));
  PENSTOCK_ASSIGN_OR_RETURN(link.key, TextOf(request, "producer_key"));
  PENSTOCK_ASSIGN_OR_RETURN(link.type, TextOf(request, "type"));
  PENSTOCK_ASSIGN_OR_RETURN(link.producer_iteration, ReadIteration(request, "iteration_index"));
  if (link.key.empty()) link.key = "artifact";
  if (link.type.empty()) link.type = link.producer_iteration >= 0 ? "ITERATOR_OUTPUT" : "OUTPUT";
  PENSTOCK_ASSIGN_OR_RETURN(link.is_input, IsInputType(link.type));
  if (link.is_input)
    return InvalidArgument("An artifact that is made is no input: the type is OUTPUT, not '{}'", link.type);
  PENSTOCK_RETURN_IF_ERROR(CheckTask(service, call, link));
  return link;
}

Result<ToldLink> ReadNewLink(Service& service, const ApiCall& call, const json& body) {
  PENSTOCK_ASSIGN_OR_RETURN(
      const json message, ReadMessage(body, "v2beta1ArtifactTask",
                                      {"id", "artifact_id", "run_id", "task_id", "type", "producer", "key"}));
  ToldLink link;
  PENSTOCK_ASSIGN_OR_RETURN(const std::string artifact_id, TextOf(message, "artifact_id"));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, ReadId(artifact_id, "artifact_id"));
  PENSTOCK_ASSIGN_OR_RETURN(link.run_id, TextOf(message, "run_id"));
  PENSTOCK_ASSIGN_OR_RETURN(link.task_id, TextOf(message, "task_id"));
  PENSTOCK_ASSIGN_OR_RETURN(link.type, TextOf(message, "type"));
  PENSTOCK_ASSIGN_OR_RETURN(link.key, TextOf(message, "key"));
  if (link.task_id.empty() || link.key.empty())
    return InvalidArgument("Say which task it is (task_id) and by which name it knows the artifact (key)");
  PENSTOCK_ASSIGN_OR_RETURN(link.is_input, IsInputType(link.type));
  PENSTOCK_ASSIGN_OR_RETURN(const json producer_object, ObjectOf(message, "producer"));
  PENSTOCK_ASSIGN_OR_RETURN(const json producer,
                            ReadMessage(producer_object, "v2beta1IOProducer", {"task_name", "iteration"}));
  PENSTOCK_ASSIGN_OR_RETURN(link.producer_task, TextOf(producer, "task_name"));
  PENSTOCK_ASSIGN_OR_RETURN(link.producer_iteration, ReadIteration(producer, "iteration"));
  PENSTOCK_RETURN_IF_ERROR(CheckTask(service, call, link));
  PENSTOCK_ASSIGN_OR_RETURN(link.artifact, service.artifacts.GetArtifact(id));
  PENSTOCK_ASSIGN_OR_RETURN(const auto maker, MakerOf(service, link.artifact));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_visible, IsVisible(service, call, maker));
  if (!is_visible) return NotFound("No artifact in the metadata store has the id {}", id);
  if (link.artifact.state != pipeline::ArtifactState::kLive)
    return FailedPrecondition("The artifact {} has been removed", id);
  return link;
}

/// All of them or none. What they answer, in their order: artifacts or links.
Result<json> RecordAll(Service& service, const std::vector<ToldLink>& links, bool answers_artifacts) {
  json answers = json::array();
  PENSTOCK_RETURN_IF_ERROR(service.artifacts.InOneTransaction([&]() -> Status {
    for (const ToldLink& link : links) {
      Artifact artifact;
      PENSTOCK_ASSIGN_OR_RETURN(json answer, Record(service, link, artifact));
      if (answers_artifacts) {
        PENSTOCK_ASSIGN_OR_RETURN(const auto maker, MakerOf(service, artifact));
        answer = ToJson(artifact, maker);
      }
      answers.push_back(std::move(answer));
    }
    return OkStatus();
  }));
  return answers;
}

/// One message in the field `one` (the request itself where it is empty), or several in `many`.
struct Told {
  const char *message, *one, *many;
  Result<ToldLink> (*read)(Service&, const ApiCall&, const json&);
  bool answers_artifacts;
};
constexpr Told kToldArtifact = {"v2beta1CreateArtifactRequest", "", "artifacts", ReadNewArtifact, true};
constexpr Told kToldLink = {"v2beta1CreateArtifactTaskRequest", "artifact_task", "artifact_tasks",
                            ReadNewLink, false};

/// What a task tells of itself instead of leaving it to its launcher.
Result<json> CreateOne(Service& service, const ApiCall& call, const Told& told) {
  PENSTOCK_ASSIGN_OR_RETURN(json body, ParseBody(call.request.body));
  if (*told.one != '\0') {
    PENSTOCK_ASSIGN_OR_RETURN(const json request, ReadMessage(body, told.message, {told.one}));
    PENSTOCK_ASSIGN_OR_RETURN(body, ObjectOf(request, told.one));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const ToldLink link, told.read(service, call, body));
  PENSTOCK_ASSIGN_OR_RETURN(const json answers, RecordAll(service, {link}, told.answers_artifacts));
  return answers.front();
}

Result<json> CreateMany(Service& service, const ApiCall& call, const Told& told) {
  PENSTOCK_ASSIGN_OR_RETURN(const json body, ParseBody(call.request.body));
  PENSTOCK_ASSIGN_OR_RETURN(const json request, ReadMessage(body, "batchCreate", {told.many}));
  const json list = request.value(told.many, json::array());
  if (!list.is_array()) return InvalidArgument("{} is no list", told.many);
  std::vector<ToldLink> links;
  for (const json& entry : list) {
    if (!entry.is_object()) return InvalidArgument("{} holds something that is no object", told.many);
    PENSTOCK_ASSIGN_OR_RETURN(links.emplace_back(), told.read(service, call, entry));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const json answers, RecordAll(service, links, told.answers_artifacts));
  return json{{told.many, answers}};
}

}  // namespace

void AddToldArtifactRoutes(Router& router, Service& service) {
  const auto write = [&](const char* operation, const char* path, auto handler, const Told& told,
                         const char* request, const char* answer) {
    router.Add({operation,
                "POST",
                path,
                Permission::kWrite,
                Json([&service, handler, told](const ApiCall& call) { return handler(service, call, told); }),
                {},
                request,
                answer});
  };
  write("ArtifactService_CreateArtifact", "/apis/v2beta1/artifacts", CreateOne, kToldArtifact,
        "v2beta1CreateArtifactRequest", "v2beta1Artifact");
  write("ArtifactService_CreateArtifactsBulk", "/apis/v2beta1/artifacts:batchCreate", CreateMany,
        kToldArtifact, "v2beta1CreateArtifactsBulkRequest", "object");
  write("ArtifactService_CreateArtifactTask", "/apis/v2beta1/artifact_tasks", CreateOne, kToldLink,
        "v2beta1CreateArtifactTaskRequest", "v2beta1ArtifactTask");
  write("ArtifactService_CreateArtifactTasksBulk", "/apis/v2beta1/artifact_tasks:batchCreate", CreateMany,
        kToldLink, "v2beta1CreateArtifactTasksBulkRequest", "object");
}

}  // namespace penstock::server
