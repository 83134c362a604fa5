#include <algorithm>
#include <charconv>
#include <set>

#include <absl/strings/str_split.h>

#include "penstock/server/artifact_routes_internal.h"
#include "penstock/server/json_message.h"
#include "penstock/server/list_request.h"
#include "penstock/server/run_routes.h"
#include "penstock/server/service.h"

namespace penstock::server {
namespace {

using nlohmann::json;
using pipeline::Artifact;
using runtime::TaskSnapshot;

constexpr int64_t kDefaultPageSize = 20, kMaxPageSize = 200;

/// KFP's kinds; what it has no word for is an Artifact.
std::string_view KindOf(std::string_view type) {
  static constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"Model", "Model"},
      {"system.Model", "Model"},
      {"Examples", "Dataset"},
      {"system.Dataset", "Dataset"},
      {"system.HTML", "HTML"},
      {"system.Markdown", "Markdown"},
      {"system.Metrics", "Metric"},
      {"system.ClassificationMetrics", "ClassificationMetric"},
      {"system.SlicedClassificationMetrics", "SlicedClassificationMetric"}};
  for (const auto& [ours, kind] : kKinds)
    if (ours == type) return kind;
  return "Artifact";
}

Result<json> GetArtifact(const Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, ReadId(call.Path("artifact_id"), "artifact_id"));
  PENSTOCK_ASSIGN_OR_RETURN(const Artifact artifact, service.artifacts.GetArtifact(id));
  PENSTOCK_ASSIGN_OR_RETURN(const auto maker, MakerOf(service, artifact));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_visible, IsVisible(service, call, maker));
  if (!is_visible) return NotFound("No artifact in the metadata store has the id {}", id);
  return ToJson(artifact, maker);
}

Result<int64_t> PageSizeOf(const ApiCall& call) {
  const std::string& text = call.Query("page_size");
  if (text.empty() || text == "0") return kDefaultPageSize;
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t size, ReadId(text, "page_size"));
  return std::min(size, kMaxPageSize);
}

/// Equality with a type (KFP's schema title or ours), a URI or a state.
Status ReadConditions(const ApiCall& call, metadata::ArtifactQuery& query) {
  const std::string& order = call.Query("sort_by");
  if (!order.empty() && order != "created_at desc" && order != "artifact_id desc")
    return InvalidArgument("Artifacts are listed newest first: sort_by is 'created_at desc', not '{}'",
                           order);
  if (call.Query("filter").empty()) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(const auto predicates, ParseFilter(call.Query("filter")));
  for (const auto& predicate : predicates) {
    const auto* text = std::get_if<std::string>(&predicate.value);
    if (text == nullptr || predicate.operation != metadata::Predicate::Operation::kEquals ||
        (predicate.field != "type" && predicate.field != "uri"))
      return InvalidArgument("Artifacts are filtered by EQUALS of type or uri, not by '{}'", predicate.field);
    (predicate.field == "type" ? query.type : query.uri) = *text;
  }
  return OkStatus();
}

Result<json> ListArtifacts(const Service& service, const ApiCall& call) {
  metadata::ArtifactQuery query{.state = pipeline::ArtifactState::kLive};
  PENSTOCK_RETURN_IF_ERROR(ReadConditions(call, query));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t page_size, PageSizeOf(call));
  if (!call.Query("page_token").empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(query.before_artifact_id, ReadId(call.Query("page_token"), "page_token"));
  }
  json answer = {{"artifacts", json::array()}};
  json& page = answer["artifacts"];
  while (static_cast<int64_t>(page.size()) < page_size) {
    query.limit = static_cast<int>(page_size);
    PENSTOCK_ASSIGN_OR_RETURN(const auto artifacts, service.artifacts.FindArtifacts(query));
    for (const Artifact& artifact : artifacts) {
      query.before_artifact_id = artifact.id;
      PENSTOCK_ASSIGN_OR_RETURN(const auto maker, MakerOf(service, artifact));
      PENSTOCK_ASSIGN_OR_RETURN(const bool is_visible, IsVisible(service, call, maker));
      if (is_visible) page.push_back(ToJson(artifact, maker));
      if (static_cast<int64_t>(page.size()) == page_size) break;
    }
    if (static_cast<int64_t>(artifacts.size()) < page_size) return answer;
  }
  answer["next_page_token"] = std::to_string(*query.before_artifact_id);
  return answer;
}

std::set<std::string> TextsOf(const ApiCall& call, const char* name) {
  if (call.Query(name).empty()) return {};
  return absl::StrSplit(call.Query(name), ',', absl::SkipEmpty());
}

/// The runs that a request of artifact tasks is about.
Result<std::set<std::string>> RunsOf(const Service& service, const std::set<std::string>& runs,
                                     const std::set<std::string>& tasks,
                                     const std::set<std::string>& artifacts) {
  std::set<std::string> all = runs;
  for (const std::string& task : tasks) all.insert(task.substr(0, task.rfind('-')));
  if (!all.empty()) return all;
  for (const std::string& artifact : artifacts) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t id, ReadId(artifact, "artifact id"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto lineage, service.artifacts.TraceLineage(id, 1));
    for (const auto& execution : lineage.executions) all.insert(execution.run_id);
  }
  if (all.empty() && artifacts.empty())
    return InvalidArgument("Say which: run_ids, task_ids or artifact_ids, separated by commas");
  return all;
}

/// A link of a task to an artifact, under KFP's word for it.
json Link(const std::string& run_id, const runtime::RunSnapshot& run, const TaskSnapshot& task,
          const std::string& key, const Artifact& artifact, bool is_input) {
  const bool is_iteration = task.iteration_index >= 0;
  const bool is_inner = task.kind != runtime::TaskKind::kContainer && is_input;
  json link = {{"id", fmt::format("{}-{}-{}-{}", task.task_id, is_input ? "in" : "out", key, artifact.id)},
               {"artifact_id", std::to_string(artifact.id)},
               {"run_id", run_id},
               {"task_id", task.task_id},
               {"key", key},
               {"type", is_input ? (is_inner ? "COMPONENT_INPUT" : "TASK_OUTPUT_INPUT")
                                 : (is_iteration ? "ITERATOR_OUTPUT" : "OUTPUT")}};
  if (!is_input) link["producer"]["task_name"] = task.name.empty() ? run.pipeline_name : task.name;
  if (!is_input && is_iteration) link["producer"]["iteration"] = std::to_string(task.iteration_index);
  return link;
}

/// Links that clients have told of.
Status AddRecorded(const Service& service, const std::string& run_id, const std::set<std::string>& tasks,
                   const std::set<std::string>& artifacts, json& links) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto executions, service.artifacts.FindExecutions(run_id));
  for (const auto& execution : executions) {
    const std::string task = execution.parameters.value("task_id", "");
    if (!execution.node_id.starts_with(kToldNodes) || (!tasks.empty() && !tasks.contains(task))) continue;
    for (const bool is_input : {true, false}) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto lists, is_input ? service.artifacts.InputsOf(execution.id)
                                                           : service.artifacts.OutputsOf(execution.id));
      for (const auto& [key, list] : lists)
        for (const Artifact& artifact : list)
          if (artifacts.empty() || artifacts.contains(std::to_string(artifact.id)))
            links.push_back(ToldLinkToJson(execution, key, is_input, artifact.id));
    }
  }
  return OkStatus();
}

Result<json> ListArtifactTasks(Service& service, const ApiCall& call) {
  const auto tasks = TextsOf(call, "task_ids"), artifacts = TextsOf(call, "artifact_ids");
  PENSTOCK_ASSIGN_OR_RETURN(const auto runs, RunsOf(service, TextsOf(call, "run_ids"), tasks, artifacts));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t page_size, PageSizeOf(call));
  int64_t num_skipped = 0;
  if (!call.Query("page_token").empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(num_skipped, ReadId(call.Query("page_token"), "page_token"));
  }
  json links = json::array();
  for (const std::string& id : runs) {
    const auto record = service.store.GetRun(id);
    const bool is_seen =
        record.ok() && (call.namespace_name.empty() || record->namespace_name == call.namespace_name);
    if (!is_seen) return NotFound("There is no run {}", id);
    PENSTOCK_ASSIGN_OR_RETURN(const auto run, service.runs.Snapshot(id, /*with_values=*/true));
    for (const TaskSnapshot& task : run.tasks) {
      if (!tasks.empty() && !tasks.contains(task.task_id)) continue;
      for (const bool is_input : {true, false})
        for (const auto& [key, list] : is_input ? task.input_artifacts : task.output_artifacts)
          for (const Artifact& artifact : list)
            if (artifacts.empty() || artifacts.contains(std::to_string(artifact.id)))
              links.push_back(Link(id, run, task, key, artifact, is_input));
    }
    PENSTOCK_RETURN_IF_ERROR(AddRecorded(service, id, tasks, artifacts, links));
  }
  const auto& type = call.Query("type");
  if (!type.empty())
    links.erase(
        std::remove_if(links.begin(), links.end(), [&](const json& link) { return link["type"] != type; }),
        links.end());
  json answer = {{"artifact_tasks", json::array()}, {"total_size", links.size()}};
  const auto end = std::min<int64_t>(num_skipped + page_size, static_cast<int64_t>(links.size()));
  for (int64_t i = num_skipped; i < end; ++i)
    answer["artifact_tasks"].push_back(links[static_cast<size_t>(i)]);
  if (end < static_cast<int64_t>(links.size())) answer["next_page_token"] = std::to_string(end);
  return answer;
}

Result<json> ListTasks(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto run, FindRun(service, call));
  PENSTOCK_ASSIGN_OR_RETURN(const auto snapshot, service.runs.Snapshot(run.id, /*with_values=*/true));
  const json details = RunDetails(snapshot);
  json tasks = details.value("task_details", json::array());
  return json{{"tasks", tasks}, {"total_size", tasks.size()}};
}

Result<json> GetTask(Service& service, const ApiCall& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const json tasks, ListTasks(service, call));
  for (const json& task : tasks["tasks"])
    if (task["task_id"] == call.Path("task_id")) return task;
  return NotFound("The run {} has no task {}", call.Path("run_id"), call.Path("task_id"));
}

}  // namespace

Result<int64_t> ReadId(const std::string& text, std::string_view what) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error == std::errc() && end == text.data() + text.size() && id > 0) return id;
  return InvalidArgument("The {} is no number above zero: '{}'", what, text);
}

Result<std::optional<metadata::Execution>> MakerOf(const Service& service, const Artifact& artifact) {
  auto maker = service.artifacts.ProducerOf(artifact.id);
  if (absl::IsNotFound(maker.status())) return std::optional<metadata::Execution>();
  PENSTOCK_RETURN_IF_ERROR(maker.status());
  return std::optional(*std::move(maker));
}

Result<bool> IsVisible(const Service& service, const ApiCall& call,
                       const std::optional<metadata::Execution>& maker) {
  if (call.namespace_name.empty()) return true;
  if (!maker.has_value()) return false;
  const auto run = service.store.GetRun(maker->run_id);
  if (absl::IsNotFound(run.status())) return false;
  PENSTOCK_RETURN_IF_ERROR(run.status());
  return run->namespace_name == call.namespace_name;
}

json ToJson(const Artifact& artifact, const std::optional<metadata::Execution>& maker) {
  json message = {{"artifact_id", std::to_string(artifact.id)},
                  {"type", KindOf(artifact.type)},
                  {"penstock", {{"type", artifact.type}}}};
  SetText(message, "name", artifact.name);
  SetText(message, "uri", artifact.uri);
  if (artifact.properties.is_object() && !artifact.properties.empty())
    message["metadata"] = artifact.properties;
  if (maker.has_value()) message["created_at"] = FormatSeconds(maker->updated.micros / 1'000'000);
  return message;
}

json ToldLinkToJson(const metadata::Execution& execution, const std::string& key, bool is_input,
                    int64_t artifact_id) {
  const json& told = execution.parameters;
  json link = {{"id", fmt::format("{}-{}-{}-{}", execution.id, is_input ? "in" : "out", key, artifact_id)},
               {"artifact_id", std::to_string(artifact_id)},
               {"run_id", execution.run_id},
               {"task_id", told.value("task_id", "")},
               {"key", key},
               {"type", told.value("type", "OUTPUT")}};
  if (const std::string task = told.value("producer_task", ""); !task.empty())
    link["producer"]["task_name"] = task;
  if (const int64_t iteration = told.value("producer_iteration", int64_t{-1}); iteration >= 0)
    link["producer"]["iteration"] = std::to_string(iteration);
  return link;
}

void AddArtifactRoutes(Router& router, Service& service) {
  AddToldArtifactRoutes(router, service);
  const auto read = [&](const char* operation, const char* path, auto handler, std::vector<std::string> query,
                        const char* answer) {
    router.Add({operation, "GET", path, Permission::kRead,
                Json([&service, handler](const ApiCall& call) { return handler(service, call); }),
                std::move(query), "", answer});
  };
  read("ArtifactService_ListArtifacts", "/apis/v2beta1/artifacts", ListArtifacts,
       {"namespace", "page_token", "page_size:integer", "sort_by", "filter"}, "object");
  read("ArtifactService_GetArtifact", "/apis/v2beta1/artifacts/{artifact_id}", GetArtifact, {}, "object");
  read("ArtifactService_ListArtifactTasks", "/apis/v2beta1/artifact_tasks", ListArtifactTasks,
       {"task_ids", "run_ids", "artifact_ids", "type", "page_token", "page_size:integer"}, "object");
  read("RunService_ListTasks", "/apis/v2beta1/runs/{run_id}/tasks", ListTasks, {}, "object");
  read("RunService_GetTask", "/apis/v2beta1/runs/{run_id}/tasks/{task_id}", GetTask, {}, "object");
}

}  // namespace penstock::server
